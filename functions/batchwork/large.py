"""Large batches: each a transform of its own, so many at once as there are slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.batchwork.finish import Finish
from functions.batchwork.results import STOPPED
from functions.shared.aws.queues import Sender
from functions.shared.batches.files import ANSWERS, PIECES, Rows, pieces
from functions.shared.batches.record import CANCELLED, OPEN, QUEUED, RUNNING
from functions.shared.logs import now
from functions.shared.models import ChangedError

GONE = ""
"""What `Transforms.state` says of a job that does not exist."""
FAILURES: Mapping[str, str] = {"Completed": "", "Failed": "model_failed", "Stopped": STOPPED}
"""State of a transform that is over → the code of what ended its batch; empty for a good end."""


class BusyError(Exception):
    """SageMaker runs as many transforms for this account as it may."""


class Transforms(Protocol):
    """SageMaker's batch transform (functions.batchwork.store.SageMakerTransforms)."""

    def name(self, batch_id: str) -> str:
        """Name of a batch's job."""

    def begin(self, name: str, source: str, target: str) -> None:
        """Starts a job over everything below a prefix, once for a name.

        Raises:
            BusyError: not now.
        """

    def state(self, name: str) -> str:
        """InProgress, Stopping, Completed, Failed, Stopped, or nothing for a job that does not exist."""

    def stop(self, name: str) -> None:
        """Ends a job that still runs; any other stays as it is."""


class Slots(Protocol):
    """How many transforms run (functions.shared.batches.record.BatchesTable)."""

    def take_slot(self, batch_id: str, most: int) -> None:
        """Takes one, or ChangedError."""

    def free_slot(self, batch_id: str) -> None:
        """Gives it back."""

    def running(self) -> list[str]:
        """Who has one."""


class Questions(Protocol):
    """The files of pieces (functions.shared.batches.files.BatchFiles)."""

    def put_piece(self, batch_id: str, number: int, rows: Rows) -> None:
        """Keeps one."""

    def place(self, batch_id: str, name: str) -> str:
        """The address of a folder of a batch."""


@dataclass(frozen=True, kw_only=True)
class Large:
    """Answers large batches."""

    finish: Finish
    questions: Questions
    transforms: Transforms
    slots: Slots
    queue: Sender
    piece_rows: int
    most: int
    wait_s: int

    def begin(self, item: Mapping[str, Any]) -> str:
        """Starts a batch's transform, or puts the batch back into the queue while none may start.

        It goes back as a new message: waiting uses up none of the deliveries after which a message is given up.
        """
        batch_id = str(item["batchId"])
        try:
            self.slots.take_slot(batch_id, self.most)
        except ChangedError:
            self.queue.send({"batchId": batch_id}, delay_s=self.wait_s)
            return QUEUED
        rows = self.finish.files.rows(batch_id, str(item["digest"]))
        for number, part in enumerate(pieces(rows, int(item["pieceRows"]))):
            self.questions.put_piece(batch_id, number, part)
        name = self.transforms.name(batch_id)
        source, target = (self.questions.place(batch_id, folder) for folder in (PIECES, ANSWERS))
        try:
            self.transforms.begin(name, source, target)
        except BusyError:
            self.slots.free_slot(batch_id)
            self.queue.send({"batchId": batch_id}, delay_s=self.wait_s)
            return QUEUED
        try:
            changed = {"status": RUNNING, "updatedAt": now()}
            self.finish.table.change(batch_id, changed, where={"status": OPEN})
        except ChangedError:
            # Cancelled between the look at the record and the start. The end of the job frees the slot.
            self.transforms.stop(name)
            return CANCELLED
        return RUNNING

    def settle(self, batch_id: str) -> str:
        """Closes a batch whose transform is over and frees its slot; of one that still runs nothing changes."""
        state = self.transforms.state(self.transforms.name(batch_id))
        item = self.finish.table.get(batch_id)
        if state in FAILURES:
            ended = self._close(item, FAILURES[state]) if item is not None else GONE
            self.slots.free_slot(batch_id)
            return ended
        if state == GONE and item is not None and item["status"] in OPEN:
            # Its slot was taken and its job never began: whoever was about to has been killed.
            self.queue.send({"batchId": batch_id})
        elif state == GONE:
            self.slots.free_slot(batch_id)
        return GONE if item is None else str(item["status"])

    def sweep(self) -> int:
        """Looks after every transform that holds a slot: of one whose end nobody heard, this is how it ends."""
        held = self.slots.running()
        for batch_id in held:
            self.settle(batch_id)
        return len(held)

    def stop(self, item: Mapping[str, Any]) -> str:
        """Ends the transform of a batch that was cancelled."""
        self.transforms.stop(self.transforms.name(str(item["batchId"])))
        return str(item["status"])

    def _close(self, item: Mapping[str, Any], failure: str) -> str:
        batch_id, files = str(item["batchId"]), self.finish.files
        if item["status"] not in (*OPEN, CANCELLED):
            self.finish.tell(item)
            return str(item["status"])
        parts = pieces(files.rows(batch_id, str(item["digest"])), int(item["pieceRows"]))
        answers = {number: files.answer(key) for number, key in files.answered(batch_id).items() if number < len(parts)}
        if item["status"] == CANCELLED:
            return self.finish.stopped(batch_id, parts, answers)
        return self.finish.close(item, parts, answers, failure)
