"""What becomes of one callback: delivered, tried again later, or given up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions.callbacks.delivery import FailedError
from functions.measures import MEASURES
from functions.shared.aws.queues import LaterError, Message
from functions.shared.batches.outward import RefusedError
from functions.shared.batches.record import DELIVERED, PENDING, REFUSED, SENT, UNDELIVERED
from functions.shared.models import ChangedError
from functions.shared.signing import KeyRing

METRICS = MEASURES["callbacks"]
"""What the function counts."""

STAMP, SIGNATURE = "X-Signature-Timestamp", "X-Signature"
"""Headers: seconds since 1970, and `v1=<hex>` of each key in force, with commas between."""


class Poster(Protocol):
    """What sends (functions.callbacks.delivery.Poster)."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """The status of the answer."""


class Record(Protocol):
    """The record of batches."""

    def change(self, batch_id: str, values: Mapping[str, Any], *, where: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Sets attributes; ChangedError where the item is otherwise."""


@dataclass(frozen=True, kw_only=True)
class Callbacks:
    """Deals with messages `{batchId, url, body}`."""

    poster: Poster
    record: Record
    ring: Callable[[], KeyRing]
    """The keys in force now."""
    tries: int
    first_wait_s: int
    clock: Callable[[], float] = time.time

    def take(self, message: Message) -> Mapping[str, Any]:
        """Delivers one.

        Raises:
            LaterError: it did not work this time. The last time the queue keeps the message among the dead ones.
        """
        batch_id, body = str(message.body["batchId"]), str(message.body["body"]).encode()
        try:
            status = self.poster.post(str(message.body["url"]), signed(self.ring(), self.clock(), body), body)
        except RefusedError as refusal:
            self._mark(batch_id, REFUSED)
            return {"batchId": batch_id, "refused": str(refusal), "metrics": {"CallbacksRefused": 1}}
        except FailedError as failure:
            raise self._later(batch_id, message.tries, str(failure)) from failure
        if not 200 <= status < 300:
            raise self._later(batch_id, message.tries, f"answered {status}")
        self._mark(batch_id, DELIVERED)
        return {"batchId": batch_id, "answered": status, "metrics": {"CallbacksDelivered": 1}}

    def _later(self, batch_id: str, tries: int, why: str) -> LaterError:
        if tries >= self.tries:
            self._mark(batch_id, UNDELIVERED)
            return LaterError(why, 0)
        return LaterError(why, self.first_wait_s * 2 ** (tries - 1))

    def _mark(self, batch_id: str, state: str) -> None:
        try:
            self.record.change(batch_id, {"callback": state}, where={"callback": (PENDING, SENT, UNDELIVERED)})
        except ChangedError:
            # The record has ended, or knows better already.
            return


def signed(ring: KeyRing, now: float, body: bytes) -> dict[str, str]:
    """The headers that prove who sends a body, and when."""
    stamp = int(now)
    return {
        STAMP: str(stamp),
        SIGNATURE: ",".join(f"v1={signature}" for signature in ring.signatures(stamp, body, now)),
    }
