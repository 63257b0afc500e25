"""How a batch ends: results kept, record closed, the caller told; each step may be done twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic_core import to_json

from functions.batchwork import results
from functions.shared.aws.queues import Sender
from functions.shared.batches.files import Rows
from functions.shared.batches.record import CANCELLED, COMPLETED, FAILED, OPEN, PENDING, SENT
from functions.shared.logs import now
from functions.shared.models import ChangedError

EVENTS: Mapping[str, str] = {COMPLETED: "batch.completed", FAILED: "batch.failed"}
"""State → what a callback calls it; who cancels a batch knows of it."""


class Table(Protocol):
    """The record (functions.shared.batches.record.BatchesTable)."""

    def get(self, batch_id: str) -> dict[str, Any] | None:
        """One item."""

    def change(self, batch_id: str, values: Mapping[str, Any], *, where: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Sets attributes; ChangedError where the item is otherwise."""


class Files(Protocol):
    """The files (functions.shared.batches.files.BatchFiles)."""

    def rows(self, batch_id: str, digest: str) -> list[Any]:
        """What was asked."""

    def answered(self, batch_id: str) -> Mapping[int, str]:
        """Number of each piece that has an answer → its key."""

    def answer(self, key: str) -> Any:
        """One answer."""

    def put_results(self, batch_id: str, lines: Iterable[Any]) -> str:
        """Keeps results and gives their name."""


@dataclass(frozen=True)
class Finish:
    """Ends batches."""

    table: Table
    files: Files
    callbacks: Sender

    def close(
        self, item: Mapping[str, Any], pieces: Sequence[Rows], answers: Mapping[int, Any], failure: str = ""
    ) -> str:
        """Keeps results and end of a batch, and gives the state that it is in now.

        `failure` is the code of what ended it before all rows were done.
        """
        batch_id = str(item["batchId"])
        wanted = FAILED if failure else COMPLETED
        name = self.files.put_results(batch_id, results.lines(pieces, answers, failure or results.CANCELLED))
        changed = {**results.counts(pieces, answers), "status": wanted, "results": name, "updatedAt": now()}
        changed |= {"failure": failure} if failure else {}
        try:
            self.tell(self.table.change(batch_id, changed, where={"status": OPEN}))
        except ChangedError:
            return self.stopped(batch_id, pieces, answers)
        return wanted

    def stopped(self, batch_id: str, pieces: Sequence[Rows], answers: Mapping[int, Any]) -> str:
        """Gives a batch that its caller has cancelled what was done by then; one that is closed stays as it is."""
        item = self.table.get(batch_id)
        if item is None or item["status"] != CANCELLED:
            if item is not None:
                self.tell(item)
            return "" if item is None else str(item["status"])
        if answers:
            name = self.files.put_results(batch_id, results.lines(pieces, answers, results.CANCELLED))
            changed = {**results.counts(pieces, answers), "results": name, "updatedAt": now()}
            self.table.change(batch_id, changed, where={"status": (CANCELLED,)})
        return CANCELLED

    def tell(self, item: Mapping[str, Any]) -> None:
        """Hands the end of a batch to whoever delivers callbacks.

        The mark comes afterwards: a process that is killed in between tells twice, and never not at all.
        """
        if item.get("callback") != PENDING or item["status"] not in EVENTS:
            return
        batch_id = str(item["batchId"])
        self.callbacks.send({"batchId": batch_id, "url": item["callbackUrl"], "body": body(item)})
        try:
            self.table.change(batch_id, {"callback": SENT}, where={"callback": (PENDING,)})
        except ChangedError:
            # It was delivered before this line: that says more.
            return


def body(item: Mapping[str, Any]) -> str:
    """What a callback says, as text: each delivery has the same bytes."""
    counted = {name: item[name] for name in ("total", "done", "failed")}
    said = {
        "event": EVENTS[item["status"]],
        "batchId": item["batchId"],
        "status": item["status"],
        "counts": counted,
        "statusUrl": item["statusUrl"],
        "timestamp": item["updatedAt"],
    }
    return to_json(said).decode()
