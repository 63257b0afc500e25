"""Small batches: pieces of rows, one after the other, through the live endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.batchwork import results
from functions.batchwork.finish import Finish
from functions.shared.aws.queues import LaterError, Message, Sender
from functions.shared.batches.files import Rows, instances, pieces
from functions.shared.batches.record import OPEN, RUNNING
from functions.shared.errors import ApiError
from functions.shared.logs import now
from functions.shared.models import ChangedError

PASSING = frozenset({"throttled", "model_unavailable", "timeout", "internal"})
"""Errors of the endpoint after which the same rows may be asked again."""
PAUSES_S = (1.0, 4.0)
"""Between tries within one run."""
RESERVE_S = 75.0
"""A run begins no piece with less time left: three tries of 20 s, their pauses, and the results to be written."""
FIRST_WAIT_S = 30


class Model(Protocol):
    """The endpoint (functions.shared.aws.endpoint.Endpoint)."""

    def ask(self, body: bytes) -> Any:
        """Its document; ApiError where it has none."""


class Answers(Protocol):
    """The files of answers (functions.shared.batches.files.BatchFiles)."""

    def put_answer(self, batch_id: str, number: int, document: Any) -> None:
        """Keeps one."""


@dataclass(frozen=True, kw_only=True)
class Small:
    """Answers small batches."""

    finish: Finish
    answers: Answers
    model: Model
    queue: Sender
    piece_rows: int
    tries: int
    sleep: Callable[[float], None] = time.sleep

    def run(self, item: Mapping[str, Any], message: Message) -> str:
        """Works on a batch as long as the run may take, and gives the state that it is in then.

        Each answer is kept before the next piece is asked: another delivery goes on where this one stopped.
        """
        batch_id, files, table = str(item["batchId"]), self.finish.files, self.finish.table
        parts = pieces(files.rows(batch_id, str(item["digest"])), int(item["pieceRows"]))
        done = {number: files.answer(key) for number, key in files.answered(batch_id).items() if number < len(parts)}
        try:
            for number, rows in enumerate(parts):
                if number in done:
                    continue
                if message.remaining_s() < RESERVE_S:
                    self.queue.send({"batchId": batch_id})
                    return RUNNING
                done[number] = self._ask(rows)
                self.answers.put_answer(batch_id, number, done[number])
                table.change(batch_id, {**results.counts(parts, done), "updatedAt": now()}, where={"status": OPEN})
        except ApiError as error:
            if message.tries < self.tries:
                raise LaterError(error.code, FIRST_WAIT_S * 2 ** (message.tries - 1)) from error
            return self.finish.close(item, parts, done, error.code)
        except ChangedError:
            return self.finish.stopped(batch_id, parts, done)
        return self.finish.close(item, parts, done)

    def _ask(self, rows: Rows) -> Any:
        """The answer to one piece; rows that the model cannot take, or fails on, are answered by that."""
        body = instances(rows)
        for pause_s in PAUSES_S:
            document, problem = self._tried(body)
            if problem is None:
                return document
            self.sleep(pause_s)
        document, problem = self._tried(body)
        if problem is not None:
            raise problem
        return document

    def _tried(self, body: bytes) -> tuple[Any, ApiError | None]:
        """A document, or an error after which the same may be asked again."""
        try:
            return self.model.ask(body), None
        except ApiError as error:
            return (None, error) if error.code in PASSING else (results.failure(error.code), None)
