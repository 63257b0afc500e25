"""Settings of what stands before the API: the site and the load balancer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from components.settings.reading import matching

DOMAIN: Final = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
ZONE: Final = r"Z[A-Z0-9]{1,31}"


@dataclass(frozen=True, kw_only=True)
class Site:
    """The web app's address, which leads to the API too. Who may call is said by `api.countries`."""

    enabled: bool = True
    """Whether there is one."""
    domain: str | None = matching(None, DOMAIN, "a name such as ml.example.org")
    """Its name; CloudFront's own name when left out."""
    zone_id: str | None = matching(None, ZONE, "a hosted zone's id such as Z0123456789ABCDEFGHIJ")
    """Hosted zone of Route 53 that answers for the domain."""
    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_100"
    """Which edges serve it: 100 is North America and Europe."""
    connect_origins: tuple[str, ...] = matching(
        (), r"(https|wss)://[a-z0-9.*-]+(:\d+)?", "origins such as https://uploads.example.org, each once"
    )
    """Other origins that its pages may call."""


@dataclass(frozen=True, kw_only=True)
class LoadBalancer:
    """A second door to predictions, for callers that need fixed addresses or come from inside the network."""

    scheme: Literal["none", "internal", "internet-facing"] = "none"
    """Whether there is one, and who reaches it."""
    domain: str | None = matching(None, DOMAIN, "a name such as predict.example.org")
    """Its name, for which it holds a certificate."""
    zone_id: str | None = matching(None, ZONE, "a hosted zone's id such as Z0123456789ABCDEFGHIJ")
    """Hosted zone of Route 53 that answers for the domain."""
    accelerator: bool = False
    """Whether Global Accelerator gives it two addresses that never change, near every caller."""
    routing: Literal["failover", "latency"] = "failover"
    """Which region's the name leads to in a stack with `recovery`: the first one's while it is well (failover), or the
    nearer one's that is (latency). Only predictions are reached this way, which both regions answer alike."""
