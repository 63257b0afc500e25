"""Network: a VPC whose private subnets reach AWS by endpoints, and the internet only where NAT is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import ec2, vpc
from components.network import plan
from components.network.flow_log import record_flows
from components.network.public import nat_gateways, public_subnets


class NetworkArgs(TypedDict):
    """What the network needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of names, such as `mlplatform-dev`."""
    account_id: Input[str]
    """Account whose callers and resources the endpoints serve."""
    region: str
    """Region of the endpoints."""
    key_arn: Input[str]
    """KMS key of the flow log; its policy must let CloudWatch Logs use it."""
    zones: Sequence[str]
    """Availability zones such as `us-east-1a`; a private subnet each."""
    data_zones: NotRequired[Sequence[str]]
    """Zones of the data subnets; those of `zones` by default. A database needs two."""
    cidr: NotRequired[str]
    """IPv4 range, /16 to /22; 10.0.0.0/16 by default."""
    nat: NotRequired[str]
    """none (the default), single or perAz: how private subnets reach the internet."""
    public: NotRequired[bool]
    """Whether each zone has a public subnet even without NAT, for a load balancer that faces it; false by default."""
    interface_services: NotRequired[Sequence[str]]
    """Services with an interface endpoint, such as `sagemaker.runtime`; those that functions call by default."""
    retention_days: NotRequired[int]
    """How long the flow log is kept; 30 by default."""


class Network(pulumi.ComponentResource):
    """A VPC with a private subnet a zone; nothing in it can be reached from outside."""

    vpc: ec2.Vpc
    """The network."""
    private_subnets: list[ec2.Subnet]
    """One a zone; for functions, cache and jobs."""
    data_subnets: list[ec2.Subnet]
    """One a data zone, without a way out; for databases."""
    public_subnets: list[ec2.Subnet]
    """One a NAT gateway, or one a zone with `public`; none where nothing stands in them."""
    groups: dict[str, ec2.SecurityGroup]
    """`functions`, `jobs`, `cache` and `endpoints`."""
    endpoints: dict[str, ec2.VpcEndpoint]
    """By service: `s3`, `dynamodb` and the interface services."""

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Network", name, {}, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self._nat = args.get("nat", "none")
        zones, cidr = list(args["zones"]), args.get("cidr", "10.0.0.0/16")
        self._services = list(args.get("interface_services", plan.NEEDED_SERVICES))
        data_zones = list(args.get("data_zones", zones))
        named = {"zones": zones, "data_zones": data_zones}
        problems = plan.problems(args["region"], cidr, named, self._nat, self._services)
        if problems:
            raise ValueError(f"Network {name!r}: " + "; ".join(problems))
        self.vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=self._child,
        )
        # The group that AWS makes with each VPC: without rules nothing can be put into it by mistake.
        ec2.DefaultSecurityGroup(f"{name}-default", vpc_id=self.vpc.id, ingress=[], egress=[], opts=self._child)
        ranges = [plan.addresses(cidr, zone) for zone in zones]
        self.public_subnets, gateways = self._public(zones, cidr)
        self.private_subnets, tables = self._private(zones, ranges, gateways)
        self.data_subnets = self._data(data_zones, cidr)
        self.groups = self._groups()
        self.endpoints = self._endpoints(tables)
        self._outward()
        record_flows(
            name,
            self.vpc,
            self,
            prefix=args["name_prefix"],
            region=args["region"],
            account_id=args["account_id"],
            key_arn=args["key_arn"],
            retention_days=args.get("retention_days", 30),
        )
        self.register_outputs({"vpc_id": self.vpc.id, "private_subnet_ids": self.private_subnet_ids})

    @property
    def private_subnet_ids(self) -> list[Output[str]]:
        """Ids of the private subnets, by zone."""
        return [subnet.id for subnet in self.private_subnets]

    @property
    def public_subnet_ids(self) -> list[Output[str]]:
        """Ids of the public subnets, by zone."""
        return [subnet.id for subnet in self.public_subnets]

    @property
    def data_subnet_ids(self) -> list[Output[str]]:
        """Ids of the data subnets, by zone; in two zones or more where `data_zones` says so."""
        return [subnet.id for subnet in self.data_subnets]

    def group_ids(self, *names: str) -> list[Output[str]]:
        """Ids of security groups."""
        unknown = [name for name in names if name not in self.groups]
        if unknown:
            raise ValueError(f"security groups {unknown} do not exist; allowed: {', '.join(self.groups)}")
        return [self.groups[name].id for name in names]

    def _tags(self, noun: str) -> dict[str, str]:
        return {"Name": f"{self._args['name_prefix']}-{noun}"}

    def _public(self, zones: list[str], cidr: str) -> tuple[list[ec2.Subnet], list[ec2.NatGateway]]:
        """Public subnets where something stands in them, and the NAT gateways."""
        gateways = {"none": 0, "single": 1, "perAz": len(zones)}[self._nat]
        used = zones if self._args.get("public", False) else zones[:gateways]
        if not used:
            return [], []
        internet, subnets = public_subnets(self._name, self.vpc, self, zones=used, cidr=cidr, tags=self._tags)
        places = list(zip(used, subnets, strict=True))[:gateways]
        return subnets, nat_gateways(self._name, internet, self, places, self._tags)

    def _private(
        self, zones: list[str], ranges: list[plan.Addresses], gateways: list[ec2.NatGateway]
    ) -> tuple[list[ec2.Subnet], list[ec2.RouteTable]]:
        subnets, tables = [], []
        for index, (zone, block) in enumerate(zip(zones, ranges, strict=True)):
            base = f"{self._name}-private-{zone}"
            tags = self._tags(f"private-{zone}")
            subnet = ec2.Subnet(
                base,
                vpc_id=self.vpc.id,
                availability_zone=zone,
                cidr_block=block.private,
                map_public_ip_on_launch=False,
                tags=tags,
                opts=self._child,
            )
            table = ec2.RouteTable(f"{base}-table", vpc_id=self.vpc.id, tags=tags, opts=self._child)
            ec2.RouteTableAssociation(f"{base}-routes", subnet_id=subnet.id, route_table_id=table.id, opts=self._child)
            if gateways:
                ec2.Route(
                    f"{base}-out",
                    route_table_id=table.id,
                    destination_cidr_block="0.0.0.0/0",
                    nat_gateway_id=gateways[index if self._nat == "perAz" else 0].id,
                    opts=self._child,
                )
            subnets.append(subnet)
            tables.append(table)
        return subnets, tables

    def _data(self, zones: list[str], cidr: str) -> list[ec2.Subnet]:
        """Subnets that know the way to the rest of the network and to nowhere else."""
        name = self._name
        table = ec2.RouteTable(f"{name}-data", vpc_id=self.vpc.id, tags=self._tags("data"), opts=self._child)
        subnets = []
        for zone in zones:
            subnet = ec2.Subnet(
                f"{name}-data-{zone}",
                vpc_id=self.vpc.id,
                availability_zone=zone,
                cidr_block=plan.addresses(cidr, zone).data,
                map_public_ip_on_launch=False,
                tags={**self._tags(f"data-{zone}"), "Tier": "data"},
                opts=self._child,
            )
            ec2.RouteTableAssociation(
                f"{name}-data-{zone}-routes", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
            subnets.append(subnet)
        return subnets

    def _groups(self) -> dict[str, ec2.SecurityGroup]:
        groups = {
            noun: ec2.SecurityGroup(
                f"{self._name}-{noun}",
                vpc_id=self.vpc.id,
                description=f"{self._args['name_prefix']}: {purpose}",
                tags=self._tags(noun),
                opts=self._child,
            )
            for noun, purpose in plan.GROUPS.items()
        }
        for rule in plan.RULES:
            both: dict[str, Any] = {
                "from_port": rule.port,
                "to_port": rule.port,
                "ip_protocol": "tcp",
                "description": rule.why,
            }
            base = f"{self._name}-{rule.source}-to-{rule.target}"
            vpc.SecurityGroupEgressRule(
                f"{base}-out",
                security_group_id=groups[rule.source].id,
                referenced_security_group_id=groups[rule.target].id,
                opts=self._child,
                **both,
            )
            vpc.SecurityGroupIngressRule(
                f"{base}-in",
                security_group_id=groups[rule.target].id,
                referenced_security_group_id=groups[rule.source].id,
                opts=self._child,
                **both,
            )
        return groups

    def _endpoints(self, tables: list[ec2.RouteTable]) -> dict[str, ec2.VpcEndpoint]:
        args, endpoints = self._args, {}
        for service in plan.GATEWAY_SERVICES:
            endpoints[service] = ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc.id,
                vpc_endpoint_type="Gateway",
                service_name=f"com.amazonaws.{args['region']}.{service}",
                route_table_ids=[table.id for table in tables],
                policy=plan.endpoint_policy(service, args["account_id"]),
                tags=self._tags(service),
                opts=self._child,
            )
        for service in self._services:
            endpoints[service] = ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=self.vpc.id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{args['region']}.{service}",
                private_dns_enabled=True,
                subnet_ids=self.private_subnet_ids,
                security_group_ids=[self.groups["endpoints"].id],
                policy=plan.endpoint_policy(service, args["account_id"]),
                tags=self._tags(service),
                opts=self._child,
            )
        return endpoints

    def _outward(self) -> None:
        for noun, ways in plan.OUTWARD.items():
            for way in ways:
                target: Any = {"cidr_ipv4": "0.0.0.0/0"}
                if way != "nat":
                    target = {"prefix_list_id": self.endpoints[way].prefix_list_id}
                elif self._nat == "none":
                    continue
                vpc.SecurityGroupEgressRule(
                    f"{self._name}-{noun}-to-{way}",
                    security_group_id=self.groups[noun].id,
                    from_port=plan.HTTPS,
                    to_port=plan.HTTPS,
                    ip_protocol="tcp",
                    description=f"{noun} reach AWS by {way}",
                    opts=self._child,
                    **target,
                )
