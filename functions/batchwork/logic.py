"""What each message of the work queue asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from functions.batchwork.large import Large
from functions.batchwork.small import Small
from functions.measures import MEASURES
from functions.shared.aws.queues import LaterError, Message
from functions.shared.batches.record import OPEN, RUNNING, TRANSFORM
from functions.shared.models import ChangedError
from functions.shared.tasks import WorkError

METRICS = MEASURES["batchwork"]
"""What the function counts."""


class Table(Protocol):
    """The record."""

    def get(self, batch_id: str) -> dict[str, Any] | None:
        """One item."""

    def change(self, batch_id: str, values: Mapping[str, Any], *, where: Mapping[str, Any]) -> dict[str, Any]:
        """Sets attributes; ChangedError where the item is otherwise."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """Deals with messages: `{batchId}`, `{stop: batch id}`, `{job: name}` of a transform that is over, `{sweep}`."""

    table: Table
    small: Small
    large: Large
    prefix: str
    """Beginning of the names of transforms."""

    def take(self, message: Message) -> Mapping[str, Any]:
        """Deals with one, and says what came of it.

        Raises:
            WorkError: the message is none of these.
        """
        body = message.body
        if "sweep" in body:
            held = self.large.sweep()
            return {"held": held, "metrics": {"TransformsRunning": held}}
        if "job" in body:
            return self._ended(str(body["job"]))
        if "stop" in body:
            return self._stop(str(body["stop"]))
        if "batchId" in body:
            return self._work(str(body["batchId"]), message)
        raise WorkError(f"members {sorted(body)}; allowed: batchId, stop, job or sweep")

    def _work(self, batch_id: str, message: Message) -> Mapping[str, Any]:
        item = self.table.get(batch_id)
        if item is None:
            return {"batchId": batch_id, "status": ""}
        if item["status"] not in OPEN:
            # A message is delivered once more than it is dealt with when a process dies in between.
            self.small.finish.tell(item)
            return {"batchId": batch_id, "status": item["status"]}
        large = item["mode"] == TRANSFORM
        # Pieces are cut once: another size after a deployment would give answers to other rows.
        size = item.get("pieceRows") or (self.large if large else self.small).piece_rows
        begun = {"pieceRows": size, "ttl": item["keepUntil"], "status": item["status"] if large else RUNNING}
        try:
            item = self.table.change(batch_id, begun, where={"status": (item["status"],)})
        except ChangedError as error:
            # Its caller was quicker, or another delivery: the next look tells.
            raise LaterError("the record changed", 0) from error
        return told(batch_id, self.large.begin(item) if large else self.small.run(item, message))

    def _stop(self, batch_id: str) -> Mapping[str, Any]:
        item = self.table.get(batch_id)
        if item is None or item["mode"] != TRANSFORM:
            return {"batchId": batch_id, "status": "" if item is None else item["status"]}
        return {"batchId": batch_id, "status": self.large.stop(item)}

    def _ended(self, job: str) -> Mapping[str, Any]:
        """The end of a job whose name says whose it is."""
        found = re.fullmatch(re.escape(self.prefix) + "([0-9a-f]{32})", job)
        if found is None:
            raise WorkError(f"job {job!r}; allowed: names that this function gave, {self.prefix}<32 digits>")
        batch_id = str(UUID(found[1]))
        return told(batch_id, self.large.settle(batch_id))


def told(batch_id: str, status: str) -> dict[str, Any]:
    """What the log says of a batch, with the end counted."""
    ended = {"COMPLETED": {"BatchesCompleted": 1.0}, "FAILED": {"BatchesFailed": 1.0}}
    return {"batchId": batch_id, "status": status, "metrics": ended.get(status)}
