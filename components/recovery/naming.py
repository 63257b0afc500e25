"""The API's name, composed from a stack's settings: one address a region that has the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pulumi import Output

from components.recovery.address import ROLES, Address, AddressArgs
from components.region import Region
from components.site.health import METRICS_REGION
from components.values import Alarm


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What the name brings along; empty without one."""

    exports: Mapping[str, Output[str]] = field(default_factory=dict)
    """`api_name_url`."""
    alarms: Sequence[Alarm] = ()
    """Of the regions' health."""

    def heard_in(self, region: Region) -> list[Alarm]:
        """The alarms, in the one region that has the figures of health checks."""
        return list(self.alarms) if region.stack.region == METRICS_REGION else []


def address(first: Region, second: Region | None) -> Naming:
    """Declares the name of the API, which two regions share where there are two."""
    settings = first.stack.settings
    if settings.api.domain is None or settings.api.zone_id is None:
        return Naming()
    regions = [first] if second is None else [first, second]
    made = []
    for region, role in zip(regions, ROLES, strict=False):
        stack = region.stack
        args: AddressArgs = {
            "domain": settings.api.domain,
            "zone_id": settings.api.zone_id,
            "rest_api_id": region.api.api.id,
            "stage_name": region.api.stage.stage_name,
            "host": region.api.host,
            "region": stack.region,
        }
        if second is not None:
            args["role"] = role
            # The region that is left behind gets no traffic back before it has caught up.
            args["held"] = role == "PRIMARY" and second.stack.active
        made.append(Address(stack.named("address"), args, stack.opts))
    alarms = [alarm for found in made for alarm in found.alarms()]
    return Naming(exports={"api_name_url": made[0].url}, alarms=alarms)
