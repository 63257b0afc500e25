"""The load balancers before some of the API's functions, composed from a stack's settings; off by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi import Output, ResourceOptions

from components.aws import route53
from components.network import Accelerator, AcceleratorEnd, DoorRoute, LoadBalancer, LoadBalancerArgs
from components.recovery.address import ROLES
from components.region import Region
from components.secure_api import STAGE
from components.secure_api.web_acl import HEALTH_PATH, WebAcl, WebAclArgs
from components.site import Certificate, health
from components.values import Alarm, Widget
from functions.routes import ROUTES
from functions.shared.headers import TOKEN_WINDOW_S

CAPABILITIES: Final = ("predictions", "system")
"""What can be reached this way: functions that check tokens and bodies by themselves, and write nothing that only one
region has."""
_HEALTH: Final = f"/{STAGE}{HEALTH_PATH}"


@dataclass(frozen=True, kw_only=True)
class Door:
    """What one region watches of its load balancer; empty without one."""

    alarms: Sequence[Alarm] = ()
    widgets: Sequence[Widget] = ()


@dataclass(frozen=True, kw_only=True)
class Doors:
    """The load balancers of both regions, behind one name."""

    first: Door = Door()
    second: Door = Door()
    exports: Mapping[str, Output[str]] = field(default_factory=dict)
    """`balancer_url`."""


@dataclass(frozen=True, kw_only=True)
class _Made:
    region: Region
    balancer: LoadBalancer
    firewall: WebAcl
    held: bool
    """Whether callers are kept away, because the region has to catch up first."""


def routes() -> list[DoorRoute]:
    """The rows of the API's table that the load balancer can tell apart: those without parameters in the path."""
    return [
        {"method": route.method, "path": f"/{STAGE}{route.path}", "target": route.capability}
        for route in ROUTES
        if route.capability in CAPABILITIES and "{" not in route.path
    ]


def shares(held: Sequence[bool], *, near: bool) -> list[int]:
    """Percent of the traffic that each region takes while all are well; in order the first that is not held."""
    first = held.index(False)
    return [100 if number == first or (near and not kept) else 0 for number, kept in enumerate(held)]


def balance(home: Region, away: Region | None) -> Doors:
    """Declares a load balancer with certificate and firewall in each region, and the name that leads to them.

    An internal one is for callers inside of the first region's network, who are lost with it: it stands there alone.
    """
    settings = home.stack.settings
    chosen, domain, zone_id = settings.load_balancer, settings.load_balancer.domain, settings.load_balancer.zone_id
    if chosen.scheme == "none" or domain is None or zone_id is None:
        return Doors()
    regions = [home] if away is None or chosen.scheme == "internal" else [home, away]
    made = [_stand(region, domain, zone_id, regions) for region in regions]
    checks: list[Alarm] = []
    if chosen.accelerator:
        _accelerate(made, domain, zone_id)
    elif len(made) == 1:
        _name(made[0], domain, zone_id, {})
    else:
        checks = [_share(one, role, domain, zone_id) for one, role in zip(made, ROLES, strict=True)]
    watched = [_door(one, checks) for one in made]
    return Doors(
        first=watched[0],
        second=watched[1] if len(watched) > 1 else Door(),
        exports={"balancer_url": Output.from_input(f"https://{domain}/{STAGE}/v1")},
    )


def _stand(region: Region, domain: str, zone_id: str, regions: Sequence[Region]) -> _Made:
    stack, settings, network, lake = region.stack, region.stack.settings, region.ground.network, region.ground.lake
    public = settings.load_balancer.scheme == "internet-facing"
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
        "targets": {capability: region.api.functions[capability].alias_arn for capability in CAPABILITIES},
        "routes": routes(),
        "internet_facing": public,
        "protect": settings.data.protect,
    }
    if settings.load_balancer.accelerator and len(regions) > 1:
        args["health_path"] = _HEALTH
    balancer = LoadBalancer(stack.named("balancer"), args, stack.opts)
    guard: WebAclArgs = {
        "name_prefix": stack.prefix,
        "noun": "balancer",
        "resource_arn": balancer.arn,
        "key_arn": region.ground.keys.arn("logs"),
        "requests_per_address": settings.api.requests_per_address,
        "requests_per_caller": settings.api.requests_per_user * TOKEN_WINDOW_S,
        "countries": settings.api.countries,
        "health_path": _HEALTH,
        "log_days": settings.observability.log_days,
    }
    firewall = WebAcl(stack.named("balancer-firewall"), guard, stack.opts)
    # What a region is left behind with gets no traffic back before it has caught up.
    held = region is regions[0] and any(other.stack.active for other in regions[1:])
    return _Made(region=region, balancer=balancer, firewall=firewall, held=held)


def _accelerate(made: Sequence[_Made], domain: str, zone_id: str) -> None:
    """The name leads to addresses that never change, which lead to the region as the name would."""
    stack = made[0].region.stack
    given = shares([one.held for one in made], near=stack.settings.load_balancer.routing == "latency")
    ends: list[AcceleratorEnd] = [
        {"region": one.region.stack.region, "balancer_arn": one.balancer.arn, "share_percent": share}
        for one, share in zip(made, given, strict=True)
    ]
    found = Accelerator(stack.named("accelerator"), {"name_prefix": stack.prefix, "ends": ends}, stack.opts).accelerator
    _record(made[0], domain, zone_id, (found.dns_name, found.hosted_zone_id), {})


def _name(one: _Made, domain: str, zone_id: str, routing: Mapping[str, Any]) -> None:
    _record(one, domain, zone_id, (one.balancer.balancer.dns_name, one.balancer.balancer.zone_id), routing)


def _share(one: _Made, role: str, domain: str, zone_id: str) -> Alarm:
    """One region's record of the name, with the health check that it follows; the alarm hears of the check."""
    stack, host = one.region.stack, one.balancer.balancer.dns_name
    opts = ResourceOptions(parent=one.balancer)
    check = health.check(stack.named("balancer"), host, _HEALTH, opts, interval_s=health.OFTEN_S, held=one.held)
    routing: dict[str, Any] = {"set_identifier": stack.region, "health_check_id": check.id}
    if stack.settings.load_balancer.routing == "latency":
        routing["latency_routing_policies"] = [{"region": stack.region}]
    else:
        routing["failover_routing_policies"] = [{"type": role}]
    _name(one, domain, zone_id, routing)
    words = f"the load balancer of {stack.region} does not answer health checks: callers are led to the other region"
    return health.unhealthy(check, f"balancer-unhealthy-{stack.region}", stack.region, words, "balancer-errors")


def _record(
    one: _Made, domain: str, zone_id: str, to: tuple[Output[str], Output[str]], routing: Mapping[str, Any]
) -> None:
    route53.Record(
        one.region.stack.named("balancer-name"),
        zone_id=zone_id,
        name=domain,
        type="A",
        aliases=[{"name": to[0], "zone_id": to[1], "evaluate_target_health": not routing}],
        **routing,
        opts=ResourceOptions(parent=one.balancer),
    )


def _door(one: _Made, checks: Sequence[Alarm]) -> Door:
    heard = checks if one.region.stack.region == health.METRICS_REGION else []
    return Door(
        alarms=[*one.balancer.alarms(), *one.firewall.alarms(), *heard],
        widgets=[*one.balancer.widgets(), *one.firewall.widgets()],
    )
