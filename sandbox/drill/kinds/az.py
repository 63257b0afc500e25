"""An availability zone goes: the cache's primary and the function instances that lived in it are lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.control import Control
from sandbox.drill.channels import Cached, Items, Predictions
from sandbox.drill.client import Channel, Client
from sandbox.drill.context import Context
from sandbox.drill.losses import Lost
from sandbox.drill.report import CRITICAL_S
from sandbox.recovery import zones


class Az:
    """The zone in which the cache's primary is."""

    name = "az"
    runbook = "az-loss"
    target_s = CRITICAL_S
    warm_s = 1.0
    notes: Sequence[str] = zones.NOTES

    def fits(self, context: Context) -> bool:
        """Two zones, and a cache with a replica in another one."""
        status = Control(context.home.path).call("zones")
        return len(status["zones"]) > 1 and len({node["zone"] for node in _nodes(context, status)}) > 1

    def overrides(self, config: Mapping[str, str]) -> dict[str, str]:
        """Two zones and a cache of two nodes."""
        network = {**json.loads(config.get("mlplatform:network", "{}")), "zones": ["a", "b"]}
        cache = {**json.loads(config.get("mlplatform:cache", "{}")), "nodes": 2, "multiAz": True, "snapshotDays": 1}
        return {"mlplatform:network": json.dumps(network), "mlplatform:cache": json.dumps(cache)}

    def channels(self, context: Context) -> list[Channel]:
        """Predictions by the API, items by the SDK, and values in the cache."""

        def dynamodb() -> Any:
            return context.client("dynamodb")

        table = f"{context.prefix}-predictions"
        return [
            Predictions(lambda: context.state.api_url, context.token, context.row(), dynamodb, table),
            Items(dynamodb, table),
            Cached(context),
        ]

    def prepare(self, context: Context, client: Client) -> None:
        """Finds the zone."""
        del client
        status = Control(context.home.path).call("zones")
        context.journal.remember(zone=next(node["zone"] for node in _nodes(context, status) if node["primary"]))

    def fail(self, context: Context) -> None:
        """Takes the zone of the cache's primary away."""
        Control(context.home.path).call("lose_zone", zone=context.journal.memory["zone"])

    def given(self, context: Context) -> dict[str, str]:
        """AWS Health tells which zone it is."""
        return {"ZONE": context.journal.memory["zone"]}

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """No record is lost, and the cache has a primary elsewhere."""
        del client, failed_at
        found = [
            f"{row.write.channel} {row.write.id} is {row.how}; only cached values may be lost with a zone"
            for row in lost
            if row.write.channel != Cached.name
        ]
        nodes = _nodes(context, Control(context.home.path).call("zones"))
        if not any(node["primary"] and node["running"] for node in nodes):
            found.append("the cache has no primary that runs")
        if any(node["primary"] and node["zone"] == context.journal.memory["zone"] for node in nodes):
            found.append("the cache's primary is still in the lost zone")
        return found

    def mend(self, context: Context) -> list[str]:
        """Gives the zone back."""
        if "zone" in context.journal.memory:
            Control(context.home.path).call("recover_zone", zone=context.journal.memory["zone"])
        return []

    def open(self, context: Context) -> list[str]:
        """The zone may be lost."""
        zone = context.journal.memory.get("zone")
        return [f"zone {zone} may be lost"] if zone else []


def _nodes(context: Context, status: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The nodes of the cache in the region that is worked in."""
    found: list[dict[str, Any]] = status["caches"].get(f"{context.state.region}/{context.prefix}-cache", [])
    return found
