"""Accelerator: two addresses that never change, announced near every caller, before a load balancer."""

from __future__ import annotations

from typing import TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import globalaccelerator


class AcceleratorArgs(TypedDict):
    """What the accelerator leads to."""

    name_prefix: str
    """Beginning of the name, such as `mlplatform-prod`."""
    region: str
    """Region of the load balancer."""
    balancer_arn: Input[str]
    """Load balancer that faces the internet."""


class Accelerator(pulumi.ComponentResource):
    """Hands connections on port 443 to the load balancer, which sees the caller's own address."""

    accelerator: globalaccelerator.Accelerator
    """The accelerator; `dns_name` and `hosted_zone_id` are for an alias record."""

    def __init__(self, name: str, args: AcceleratorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Accelerator", name, {}, opts)
        child = ResourceOptions(parent=self)
        self.accelerator = globalaccelerator.Accelerator(
            f"{name}-accelerator",
            name=f"{args['name_prefix']}-accelerator",
            ip_address_type="IPV4",
            enabled=True,
            opts=child,
        )
        listener = globalaccelerator.Listener(
            f"{name}-https",
            accelerator_arn=self.accelerator.arn,
            protocol="TCP",
            port_ranges=[{"from_port": 443, "to_port": 443}],
            opts=child,
        )
        globalaccelerator.EndpointGroup(
            f"{name}-region",
            listener_arn=listener.arn,
            endpoint_group_region=args["region"],
            # What is told here is only read for other endpoints: a load balancer's health is its own judgement.
            endpoint_configurations=[
                {"endpoint_id": args["balancer_arn"], "weight": 128, "client_ip_preservation_enabled": True}
            ],
            opts=child,
        )
        self.register_outputs({"dns_name": self.accelerator.dns_name})
