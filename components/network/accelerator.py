"""Accelerator: two addresses that never change, announced near every caller, before a load balancer a region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import globalaccelerator


class AcceleratorEnd(TypedDict):
    """What it leads to in one region."""

    region: str
    """Region of the load balancer."""
    balancer_arn: Input[str]
    """Load balancer that faces the internet."""
    share_percent: NotRequired[int]
    """How much of the traffic that would come to the region by nearness it gets, 0 to 100; all by default. Even with 0
    it gets everything once no other region is well."""


class AcceleratorArgs(TypedDict):
    """What the accelerator leads to."""

    name_prefix: str
    """Beginning of the name, such as `mlplatform-prod`."""
    ends: Sequence[AcceleratorEnd]
    """One a region, the stack's own first."""


class Accelerator(pulumi.ComponentResource):
    """Hands connections on port 443 to the nearest load balancer that is well, which sees the caller's own address."""

    accelerator: globalaccelerator.Accelerator
    """The accelerator; `dns_name` and `hosted_zone_id` are for an alias record."""

    def __init__(self, name: str, args: AcceleratorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Accelerator", name, {}, opts)
        _validate(name, args)
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
        for number, end in enumerate(args["ends"]):
            globalaccelerator.EndpointGroup(
                f"{name}-{end['region']}" if number else f"{name}-region",
                listener_arn=listener.arn,
                endpoint_group_region=end["region"],
                traffic_dial_percentage=end.get("share_percent", 100),
                # What is told here is only read for other endpoints: a load balancer's health is its own judgement.
                endpoint_configurations=[
                    {"endpoint_id": end["balancer_arn"], "weight": 128, "client_ip_preservation_enabled": True}
                ],
                opts=child,
            )
        self.register_outputs({"dns_name": self.accelerator.dns_name})


def _validate(name: str, args: AcceleratorArgs) -> None:
    problems, regions = [], [end["region"] for end in args["ends"]]
    if not regions or len(set(regions)) < len(regions):
        problems.append(f"ends are in {regions}; allowed: one or more, each in a region of its own; change them")
    shares = [end.get("share_percent", 100) for end in args["ends"]]
    if any(not 0 <= share <= 100 for share in shares) or (shares and not any(shares)):
        problems.append(f"share_percent of ends is {shares}; allowed: 0 to 100, and not 0 everywhere; change them")
    if problems:
        raise ValueError(f"Accelerator {name!r}: " + "; ".join(problems))
