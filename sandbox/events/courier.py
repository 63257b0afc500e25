"""Carries events to their targets in the background: patient, bounded, with a queue for what cannot be delivered."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.events.targets import Arn, Cloud, Parcel, UnsupportedTargetError, deliver, queue_url, sender

LOG = logging.getLogger(__name__)

MAX_WAITING = 10_000
"""Deliveries that may wait at once; one more is given up, and said so, instead of growing without end."""

MAX_RETRY_ATTEMPTS = 185
MAX_EVENT_AGE_S = 86_400
_PASSING = frozenset({"ThrottlingException", "TooManyRequestsException", "ServiceException", "InternalFailure"})


@dataclass(order=True)
class _Errand:
    due: float
    number: int
    parcel: Parcel = field(compare=False)
    source_arn: str = field(compare=False)
    began: float = field(compare=False)
    attempts: int = field(compare=False, default=0)


@dataclass(frozen=True)
class Failure:
    """A delivery that was given up."""

    source_arn: str
    target_arn: str
    code: str
    message: str
    attempts: int


class Courier:
    """A few threads that deliver what they are given."""

    def __init__(self, cloud: Cloud, *, workers: int = 4, retry_base_s: float = 1.0) -> None:
        self._cloud = cloud
        self._retry_base_s = retry_base_s
        self._heap: list[_Errand] = []
        self._numbers = itertools.count()
        self._busy = 0
        self._open = True
        self._changed = threading.Condition()
        self.failures: deque[Failure] = deque(maxlen=1000)
        """The last deliveries that were given up."""
        self._threads = [
            threading.Thread(target=self._work, name=f"event-courier-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, parcel: Parcel, source_arn: str) -> None:
        """Takes a delivery; returns at once and never raises."""
        now = time.monotonic()
        with self._changed:
            waiting = self._open and len(self._heap) < MAX_WAITING
            if waiting:
                heapq.heappush(self._heap, _Errand(now, next(self._numbers), parcel, source_arn, now))
                self._changed.notify()
        if not waiting:
            self._give_up(
                _Errand(now, 0, parcel, source_arn, now), "TOO_MANY_WAITING", f"{MAX_WAITING} deliveries wait already"
            )

    def idle(self, timeout_s: float = 10.0) -> bool:
        """Waits until nothing is left to deliver; false when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._heap and self._busy == 0, timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Ends the threads; what still waits is dropped."""
        with self._changed:
            self._open = False
            self._heap.clear()
            self._changed.notify_all()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while True:
            with self._changed:
                while self._open and (not self._heap or self._heap[0].due > time.monotonic()):
                    self._changed.wait(self._heap[0].due - time.monotonic() if self._heap else None)
                if not self._open:
                    return
                errand = heapq.heappop(self._heap)
                self._busy += 1
            try:
                self._attempt(errand)
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _attempt(self, errand: _Errand) -> None:
        try:
            deliver(sender(self._cloud, errand.parcel, errand.source_arn), errand.parcel)
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", 0))
            if code in _PASSING or status >= 500:
                self._again(errand, code, str(error))
            elif code == "ExecutionAlreadyExists":
                LOG.debug("execution for event %s had been started before", errand.parcel.event_id)
            else:
                self._give_up(errand, code, str(error))
        except (UnsupportedTargetError, KeyError, ValueError) as error:
            self._give_up(errand, "INVALID_TARGET", str(error))
        except (BotoCoreError, OSError, RuntimeError) as error:
            self._again(errand, type(error).__name__, str(error))

    def _again(self, errand: _Errand, code: str, message: str) -> None:
        policy: Mapping[str, Any] = errand.parcel.target.get("RetryPolicy") or {}
        limit = int(policy.get("MaximumRetryAttempts", MAX_RETRY_ATTEMPTS))
        age = int(policy.get("MaximumEventAgeInSeconds", MAX_EVENT_AGE_S))
        if errand.attempts >= limit:
            self._give_up(errand, code, message, "MaximumRetryAttempts")
            return
        if time.monotonic() - errand.began >= age:
            self._give_up(errand, code, message, "MaximumEventAgeInSeconds")
            return
        errand.attempts += 1
        errand.due = time.monotonic() + min(60.0, self._retry_base_s * 2 ** min(errand.attempts - 1, 10))
        with self._changed:
            if self._open:
                heapq.heappush(self._heap, errand)
                self._changed.notify()

    def _give_up(self, errand: _Errand, code: str, message: str, exhausted: str = "") -> None:
        target = str(errand.parcel.target.get("Arn", ""))
        self.failures.append(Failure(errand.source_arn, target, code, message, errand.attempts))
        LOG.warning("event not delivered from %s to %s: %s: %s", errand.source_arn, target, code, message)
        queue = (errand.parcel.target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue:
            return
        words = {
            "RULE_ARN": errand.source_arn,
            "TARGET_ARN": target,
            "ERROR_CODE": code,
            "ERROR_MESSAGE": message[:1024],
            "RETRY_ATTEMPTS": str(errand.attempts),
        }
        if exhausted:
            words["EXHAUSTED_RETRY_CONDITION"] = exhausted
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in words.items() if value}
        try:
            arn = Arn.parse(str(queue))
            # The queue for what is lost is written by the same role or, by its policy, by the service itself.
            lost = Parcel({**errand.parcel.target, "Arn": queue}, errand.parcel.text, errand.parcel.event_id)
            client = sender(self._cloud, lost, errand.source_arn).client("sqs", arn.region)
            client.send_message(QueueUrl=queue_url(arn), MessageBody=lost.text, MessageAttributes=attributes)
        except (ClientError, BotoCoreError, UnsupportedTargetError, OSError) as error:
            LOG.warning("dead-letter queue %s did not take the event either: %s", queue, error)


Send = Callable[[Parcel, str], None]
"""How the runtime hands over a delivery."""
