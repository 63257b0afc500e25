"""Public subnets, made only for what has to stand there: NAT gateways and an internet-facing load balancer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pulumi import Resource, ResourceOptions

from components.aws import ec2
from components.network.plan import addresses


def public_subnets(
    name: str,
    vpc: ec2.Vpc,
    parent: Resource,
    *,
    zones: Sequence[str],
    cidr: str,
    tags: Callable[[str], dict[str, str]],
) -> tuple[ec2.InternetGateway, list[ec2.Subnet]]:
    """A public subnet in each of the zones; what stands in one has no public address unless it is given one."""
    child = ResourceOptions(parent=parent)
    internet = ec2.InternetGateway(f"{name}-internet", vpc_id=vpc.id, tags=tags("internet"), opts=child)
    table = ec2.RouteTable(f"{name}-public", vpc_id=vpc.id, tags=tags("public"), opts=child)
    ec2.Route(
        f"{name}-public-out",
        route_table_id=table.id,
        destination_cidr_block="0.0.0.0/0",
        gateway_id=internet.id,
        opts=child,
    )
    subnets = []
    for zone in zones:
        subnet = ec2.Subnet(
            f"{name}-public-{zone}",
            vpc_id=vpc.id,
            availability_zone=zone,
            cidr_block=addresses(cidr, zone).public,
            map_public_ip_on_launch=False,
            tags={**tags(f"public-{zone}"), "Tier": "public"},
            opts=child,
        )
        ec2.RouteTableAssociation(
            f"{name}-public-{zone}-routes", subnet_id=subnet.id, route_table_id=table.id, opts=child
        )
        subnets.append(subnet)
    return internet, subnets


def nat_gateways(
    name: str,
    internet: ec2.InternetGateway,
    parent: Resource,
    places: Sequence[tuple[str, ec2.Subnet]],
    tags: Callable[[str], dict[str, str]],
) -> list[ec2.NatGateway]:
    """A NAT gateway with a fixed address in each of the public subnets, given with their zones."""
    gateways = []
    for zone, subnet in places:
        address = ec2.Eip(
            f"{name}-nat-{zone}-address", domain="vpc", tags=tags("nat"), opts=ResourceOptions(parent=parent)
        )
        gateways.append(
            ec2.NatGateway(
                f"{name}-nat-{zone}",
                allocation_id=address.id,
                subnet_id=subnet.id,
                tags=tags(f"nat-{zone}"),
                # A NAT gateway works once the VPC has its way to the internet.
                opts=ResourceOptions(parent=parent, depends_on=[internet]),
            )
        )
    return gateways
