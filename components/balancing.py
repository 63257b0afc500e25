"""The load balancer before some of the API's functions, composed from a stack's settings; off by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pulumi import Output, ResourceOptions

from components.aws import route53
from components.network import Accelerator, DoorRoute, LoadBalancer, LoadBalancerArgs
from components.region import Region
from components.secure_api import STAGE
from components.secure_api.web_acl import CALLER_WINDOW_S, HEALTH_PATH, WebAcl, WebAclArgs
from components.site import Certificate
from components.values import Alarm, Widget
from functions.routes import ROUTES

CAPABILITIES: Final = ("predictions", "system")
"""What can be reached this way: functions that check tokens and bodies by themselves."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """What is watched and exported of the load balancer; empty without one."""

    alarms: Sequence[Alarm] = ()
    widgets: Sequence[Widget] = ()
    exports: Mapping[str, Output[str]] = field(default_factory=dict)


def routes() -> list[DoorRoute]:
    """The rows of the API's table that the load balancer can tell apart: those without parameters in the path."""
    return [
        {"method": route.method, "path": f"/{STAGE}{route.path}", "target": route.capability}
        for route in ROUTES
        if route.capability in CAPABILITIES and "{" not in route.path
    ]


def balance(home: Region) -> Door:
    """Declares the load balancer of a region's API with its certificate, firewall and name."""
    stack, settings, network = home.stack, home.stack.settings, home.ground.network
    chosen, domain, zone_id = settings.load_balancer, settings.load_balancer.domain, settings.load_balancer.zone_id
    if chosen.scheme == "none" or domain is None or zone_id is None:
        return Door()
    public, lake = chosen.scheme == "internet-facing", home.ground.lake
    certificate = Certificate(stack.named("balancer-certificate"), {"domain": domain, "zone_id": zone_id}, stack.opts)
    args: LoadBalancerArgs = {
        "name_prefix": stack.prefix,
        "vpc_id": network.vpc.id,
        "vpc_cidr": settings.network.cidr,
        "subnet_ids": network.public_subnet_ids if public else network.private_subnet_ids,
        "certificate_arn": certificate.arn,
        # Known once the policy stands: AWS tries to write when it is told where.
        "logs_bucket": Output.all(lake.bucket_name("logs"), lake.policies["logs"].id).apply(
            lambda known: str(known[0])
        ),
        "targets": {capability: home.api.functions[capability].alias_arn for capability in CAPABILITIES},
        "routes": routes(),
        "internet_facing": public,
        "protect": settings.data.protect,
    }
    balancer = LoadBalancer(stack.named("balancer"), args, stack.opts)
    guard: WebAclArgs = {
        "name_prefix": stack.prefix,
        "noun": "balancer",
        "resource_arn": balancer.arn,
        "key_arn": home.ground.keys.arn("logs"),
        "requests_per_address": settings.api.requests_per_address,
        "requests_per_caller": settings.api.requests_per_user * CALLER_WINDOW_S,
        "countries": settings.api.countries,
        "health_path": f"/{STAGE}{HEALTH_PATH}",
        "log_days": settings.observability.log_days,
    }
    firewall = WebAcl(stack.named("balancer-firewall"), guard, stack.opts)
    name, zone = balancer.balancer.dns_name, balancer.balancer.zone_id
    if chosen.accelerator:
        accelerator = Accelerator(
            stack.named("accelerator"),
            {"name_prefix": stack.prefix, "region": stack.region, "balancer_arn": balancer.arn},
            stack.opts,
        ).accelerator
        name, zone = accelerator.dns_name, accelerator.hosted_zone_id
    route53.Record(
        stack.named("balancer-name"),
        zone_id=zone_id,
        name=domain,
        type="A",
        aliases=[{"name": name, "zone_id": zone, "evaluate_target_health": True}],
        opts=ResourceOptions(parent=balancer),
    )
    return Door(
        alarms=[*balancer.alarms(), *firewall.alarms()],
        widgets=[*balancer.widgets(), *firewall.widgets()],
        exports={"balancer_url": Output.from_input(f"https://{domain}/{STAGE}/v1")},
    )
