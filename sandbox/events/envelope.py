"""The outer shape that every event has: who sent it, when, from where, about what."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

FIELDS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail")
"""The fields of an event in the order in which EventBridge writes them."""


def event(
    *,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    account: str,
    region: str,
    time: datetime,
    resources: Iterable[str] = (),
) -> dict[str, Any]:
    """A complete event with an id of its own."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": iso_time(time),
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }


def iso_time(value: datetime | float | str) -> str:
    """A time as EventBridge writes it: UTC, whole seconds, `Z`; text is taken to be in that form already."""
    if isinstance(value, str):
        return value
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, timezone.utc)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def completed(raw: Mapping[str, Any], *, account: str, region: str) -> dict[str, Any]:
    """An event as moto holds it, in the form that targets get: all fields filled, in order, the time as text.

    A replayed event keeps its `replay-name`; moto's own working fields are left out.
    """
    whole = dict(raw)
    whole["account"] = whole.get("account") or account
    whole["region"] = whole.get("region") or region
    whole["time"] = iso_time(whole.get("time") or datetime.now(timezone.utc))
    result = {name: whole[name] for name in FIELDS if name in whole}
    if "replay-name" in whole:
        result["replay-name"] = whole["replay-name"]
    return result
