"""What the network is charged for."""

from __future__ import annotations

from typing import Any

from policies.cost.meters.row import Charge, Meter, length, meter
from policies.resources import Node


def _interface(node: Node) -> list[Any]:
    """Gateway endpoints cost nothing."""
    return [node.props] if node.read("vpcEndpointType", "Gateway") == "Interface" else []


def _features(node: Node, _: Any) -> float:
    """Options of a health check, each charged: TLS, a text, every ten seconds, latency."""
    kind = str(node.read("type", "TCP"))
    wanted = (
        kind.startswith("HTTPS"),
        kind.endswith("STR_MATCH"),
        int(node.read("requestInterval", 30)) == 10,
        bool(node.read("measureLatency", default=False)),
    )
    return float(sum(wanted))


ROWS: dict[str, Meter] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": meter(
        "Amazon VPC",
        Charge(what="endpoint in zones", price="vpc.endpoint", count=length("subnetIds"), each=_interface),
        Charge(what="data", price="vpc.endpoint_data", uses="data_gb", each=_interface),
    ),
    "aws:ec2/natGateway:NatGateway": meter(
        "Amazon VPC",
        Charge(what="gateway", price="vpc.nat"),
        Charge(what="data", price="vpc.nat_data", uses="data_gb"),
    ),
    "aws:ec2/eip:Eip": meter("Amazon VPC", Charge(what="address", price="vpc.address")),
    "aws:lb/loadBalancer:LoadBalancer": meter(
        "Elastic Load Balancing",
        Charge(what="load balancer", price="elb.hour"),
        Charge(what="capacity", price="elb.capacity", uses="capacity_hours"),
    ),
    "aws:globalaccelerator/accelerator:Accelerator": meter(
        "AWS Global Accelerator",
        Charge(what="accelerator", price="globalaccelerator.hour"),
        Charge(what="data", price="globalaccelerator.data", uses="data_gb"),
    ),
    "aws:route53/healthCheck:HealthCheck": meter(
        "Amazon Route 53",
        Charge(what="health check", price="route53.check"),
        Charge(what="options", price="route53.check_option", count=_features),
    ),
    "aws:route53/record:Record": meter(
        "Amazon Route 53",
        # Aliases of AWS's own addresses are answered for nothing.
        Charge(
            what="queries",
            price="route53.queries",
            count=lambda node, _: float(not node.rows("aliases")),
            uses="queries",
        ),
    ),
}
"""By type."""
