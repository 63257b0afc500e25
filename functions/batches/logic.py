"""Batches for their callers: begin one, see how far it is, end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from pydantic_core import to_json

from functions.batches.schemas import Accepted, BatchPage, BatchStatus, BatchSummary, Callback, Counts
from functions.shared.aws.queues import Sender
from functions.shared.batches.outward import RefusedError, target
from functions.shared.batches.record import CANCELLED, ENDPOINT, OPEN, PENDING, QUEUED, RUNNING, TRANSFORM, UNACCEPTED_S
from functions.shared.errors import ApiError, Detail
from functions.shared.logs import now, stamp
from functions.shared.models import ChangedError
from functions.shared.resources.lists import ListQuery, Place

ROWS_A_SECOND: Mapping[str, float] = {ENDPOINT: 400.0, TRANSFORM: 2000.0}
FIRST_S: Mapping[str, float] = {ENDPOINT: 3.0, TRANSFORM: 360.0}
"""What an estimate is made of: until the first answer (a transform gets an instance first), and rows after that."""


class Table(Protocol):
    """The record (functions.shared.batches.record.BatchesTable)."""

    def add(self, item: Mapping[str, Any]) -> None:
        """A new item; ChangedError where there is one."""

    def get(self, batch_id: str) -> dict[str, Any] | None:
        """One item."""

    def of_user(self, user_id: str) -> list[dict[str, Any]]:
        """A user's items, the newest first."""

    def change(self, batch_id: str, values: Mapping[str, Any], *, where: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Sets attributes; ChangedError where the item is otherwise."""


class Files(Protocol):
    """The files (functions.shared.batches.files.BatchFiles)."""

    def put_rows(self, batch_id: str, digest: str, rows: Iterable[Any]) -> None:
        """Keeps what was asked."""

    def answered(self, batch_id: str) -> Mapping[int, str]:
        """The pieces that have an answer."""

    def results_url(self, batch_id: str, name: str, lifetime_s: int) -> str:
        """An address of results."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a caller asks for."""

    rows: Sequence[Mapping[str, Any]]
    callback_url: str | None
    user_id: str
    batch_id: str
    """The same for each try of one request."""
    address: str
    """Path of the routes of one batch, such as `/api/v1/ml/batch`."""


@dataclass(frozen=True, kw_only=True)
class Batches:
    """The routes' logic; one instance a process."""

    table: Table
    files: Files
    queue: Sender
    endpoint_rows: int = 1000
    keep_s: int = 30 * 86_400
    url_s: int = 900
    clock: Callable[[], float] = time.time

    def begin(self, asked: Asked) -> Accepted:
        """Takes a batch: rows first, then the record, then the message, so that what is acknowledged is worked on.

        The same id is the same batch: asking again finishes what was begun before.
        """
        _check(asked)
        digest = sha256(to_json([asked.rows, asked.callback_url])).hexdigest()[:32]
        batch_id = asked.batch_id
        self.files.put_rows(batch_id, digest, asked.rows)
        item = self._item(batch_id, digest, asked)
        try:
            self.table.add(item)
        except ChangedError:
            item = self._same(batch_id, digest, asked.user_id)
        if item["status"] == QUEUED:
            self.queue.send({"batchId": batch_id})
        return Accepted(
            batch_id=batch_id,
            status=item["status"],
            estimated_completion_time=item["estimatedCompletionTime"],
            status_url=item["statusUrl"],
        )

    def status(self, batch_id: str, user_id: str) -> BatchStatus:
        """How far a batch of the user is."""
        item = self._own(batch_id, user_id)
        if item["status"] == RUNNING and item["mode"] == TRANSFORM:
            # A transform tells of its progress by the answers that lie there.
            item["done"] = min(int(item["total"]), len(self.files.answered(batch_id)) * int(item["pieceRows"]))
        found = BatchStatus(**summary(item).model_dump(), failure=item.get("failure"))
        extra: dict[str, Any] = {}
        if item["status"] in OPEN:
            extra["estimated_completion_time"] = item["estimatedCompletionTime"]
        if item.get("results"):
            extra["result_url"] = self.files.results_url(batch_id, str(item["results"]), self.url_s)
            extra["result_url_expires_at"] = stamp(self.clock() + self.url_s)
        if item.get("callbackUrl"):
            extra["callback"] = Callback(status=item["callback"])
        return found.model_copy(update=extra)

    def cancel(self, batch_id: str, user_id: str) -> None:
        """Ends a batch of the user; what is done by then stays, and a second time changes nothing."""
        item = self._own(batch_id, user_id)
        if item["status"] != CANCELLED:
            try:
                changed = {"status": CANCELLED, "updatedAt": now()}
                self.table.change(batch_id, changed, where={"status": OPEN})
            except ChangedError as error:
                if self._own(batch_id, user_id)["status"] != CANCELLED:
                    raise ApiError("batch_over") from error
        self.queue.send({"stop": batch_id})

    def page(self, user_id: str, query: ListQuery) -> BatchPage:
        """One page of a user's batches."""
        page = Place.of(query).cut(self.table.of_user(user_id), at)
        return BatchPage(data=[summary(item) for item in page.rows], pagination=page.pagination)

    def _item(self, batch_id: str, digest: str, asked: Asked) -> dict[str, Any]:
        rows, began = len(asked.rows), self.clock()
        mode = ENDPOINT if rows <= self.endpoint_rows else TRANSFORM
        item = {
            "batchId": batch_id,
            "userId": asked.user_id,
            "status": QUEUED,
            "mode": mode,
            "digest": digest,
            "total": rows,
            "done": 0,
            "failed": 0,
            "createdAt": stamp(began),
            "updatedAt": stamp(began),
            "estimatedCompletionTime": stamp(began + FIRST_S[mode] + rows / ROWS_A_SECOND[mode]),
            "statusUrl": f"{asked.address}/{batch_id}/status",
            "keepUntil": int(began) + self.keep_s,
            # The worker puts this right: a batch whose caller was never told does not stay in anybody's list.
            "ttl": int(began) + UNACCEPTED_S,
        }
        return item | ({"callbackUrl": asked.callback_url, "callback": PENDING} if asked.callback_url else {})

    def _same(self, batch_id: str, digest: str, user_id: str) -> dict[str, Any]:
        """The batch that an earlier try has begun."""
        item = self.table.get(batch_id)
        if item is None:
            raise ApiError("unavailable", why="the record ended meanwhile")
        if item["digest"] != digest or item["userId"] != user_id:
            raise ApiError("batch_differs")
        return item

    def _own(self, batch_id: str, user_id: str) -> dict[str, Any]:
        item = None if batch_id.startswith("#") else self.table.get(batch_id)
        # Whether another user has such a batch is nobody's business.
        if item is None or item["userId"] != user_id:
            raise ApiError("unknown_batch")
        return item


def at(item: Mapping[str, Any]) -> tuple[str, str]:
    """Where a batch stands in the list."""
    return str(item["createdAt"]), str(item["batchId"])


def summary(item: Mapping[str, Any]) -> BatchSummary:
    """What a list shows of a batch."""
    return BatchSummary(
        batch_id=item["batchId"],
        status=item["status"],
        created_at=item["createdAt"],
        updated_at=item["updatedAt"],
        counts=Counts(total=item["total"], done=item["done"], failed=item["failed"]),
        progress=round(item["done"] / item["total"], 4),
    )


def _check(asked: Asked) -> None:
    if asked.callback_url is None:
        return
    try:
        target(asked.callback_url)
    except RefusedError as refusal:
        raise ApiError("invalid_request", [Detail("callbackUrl", str(refusal))]) from refusal
