"""What must hold between the settings of the site and the load balancer, and with the rest."""

from __future__ import annotations

from components.settings.regions import WALLED
from components.settings.sections import Settings


def site(settings: Settings) -> list[str]:
    """A name has a zone; the edges exist for the region."""
    found = _named("site", settings.site.domain, settings.site.zone_id)
    if settings.site.enabled and settings.region.startswith(WALLED):
        found.append(
            f"site.enabled is True in {settings.region}, whose partition has no such edges; allowed: False there; "
            "set it to false"
        )
    if not settings.site.enabled and settings.site.domain is not None:
        found.append("site.domain is given while site.enabled is false; allowed: one of the two; remove the domain")
    return found


def api(settings: Settings) -> list[str]:
    """A name has a zone, and is nobody else's."""
    found, name = _named("api", settings.api.domain, settings.api.zone_id), settings.api.domain
    if "*" in settings.api.cors_origins and len(settings.api.cors_origins) > 1:
        found.append(f"api.corsOrigins is {list(settings.api.cors_origins)}; allowed: * alone, or origins; remove one")
    others = {"site.domain": settings.site.domain, "loadBalancer.domain": settings.load_balancer.domain}
    found += [
        f"api.domain is {name!r}, which is {other} too; allowed: a name of its own; change one"
        for other, taken in others.items()
        if name is not None and name == taken
    ]
    return found


def load_balancer(settings: Settings) -> list[str]:
    """A door has a name with a certificate, stands in two zones, and lets nobody past the API keys."""
    door, zones = settings.load_balancer, settings.network.zones
    found = _named("loadBalancer", door.domain, door.zone_id)
    if door.scheme == "none":
        if door.domain is not None or door.accelerator or door.routing != "failover":
            found.append(
                "loadBalancer.scheme is 'none' while domain, accelerator or routing are given; allowed: internal, "
                "internet-facing; set it, or remove them"
            )
        return found
    if door.domain is None:
        found.append(
            f"loadBalancer.domain is missing while loadBalancer.scheme is {door.scheme!r}; allowed: a name such as "
            "predict.example.org, since TLS needs a certificate; add it with loadBalancer.zoneId"
        )
    if len(zones) < 2:
        found.append(
            f"network.zones has {len(zones)} while loadBalancer.scheme is {door.scheme!r}; allowed: 2 or more; add a "
            "zone, or set the scheme to none"
        )
    if door.accelerator and door.scheme != "internet-facing":
        found.append(
            f"loadBalancer.accelerator is true while scheme is {door.scheme!r}; allowed: internet-facing; change one"
        )
    if settings.api.partners:
        found.append(
            f"loadBalancer.scheme is {door.scheme!r} while api.partners has {len(settings.api.partners)}; allowed: "
            "none, since API keys are only asked at the gateway; change one"
        )
    if door.routing == "latency" and (settings.recovery is None or door.scheme != "internet-facing"):
        found.append(
            "loadBalancer.routing is 'latency' without a second load balancer; allowed: failover, or latency with "
            "scheme internet-facing and recovery; change one"
        )
    if settings.recovery is not None and door.scheme == "internet-facing" and len(settings.recovery.zones) < 2:
        found.append(
            f"recovery.zones has {len(settings.recovery.zones)} while loadBalancer.scheme is 'internet-facing'; "
            "allowed: 2 or more, since the second region has one too; add a zone"
        )
    if door.domain is not None and door.domain == settings.site.domain:
        found.append(f"loadBalancer.domain is {door.domain!r}, the site's own; allowed: another name; change one")
    return found


def _named(section: str, domain: str | None, zone_id: str | None) -> list[str]:
    if domain is not None and zone_id is None:
        missing = f"{section}.zoneId is missing while {section}.domain is {domain!r}"
        return [f"{missing}; allowed: the id of the zone that answers for it, such as Z0123456789ABCDEFGHIJ; add it"]
    if domain is None and zone_id is not None:
        return [
            f"{section}.domain is missing while {section}.zoneId is {zone_id!r}; allowed: a name of that zone; add it"
        ]
    return []
