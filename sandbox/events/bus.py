"""How other runtimes tell that something happened: an AWS service's event on the default bus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from sandbox.events.envelope import event


def publish(
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    *,
    account: str,
    region: str,
    resources: Iterable[str] = (),
    time: datetime | None = None,
) -> None:
    """Offers an event to every rule of a region's default bus; delivery is the events runtime's work."""
    from moto.events.models import events_backends

    moment = time or datetime.now(timezone.utc)
    happening = event(
        source=source,
        detail_type=detail_type,
        detail=detail,
        account=account,
        region=region,
        time=moment,
        resources=resources,
    )
    bus = events_backends[account][region].event_buses["default"]
    for rule in list(bus.rules.values()):
        rule.send_to_targets({**happening, "ingestion-time": moment.timestamp()})
