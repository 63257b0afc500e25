"""Queues of SQS: what is sent to them, and a handler for what they bring."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

from functions.shared.aws.sdk import client
from functions.shared.logs import Log, fault

LONGEST_DELAY_S = 900
"""SQS holds no message back for longer."""
LONGEST_WAIT_S = 43_200
"""SQS hides no message for longer."""


@dataclass(frozen=True)
class Message:
    """One delivery of one message."""

    body: Mapping[str, Any]
    tries: int
    """How often it was delivered, this time included."""
    remaining_s: Callable[[], float]
    """How long the function may still run."""


class LaterError(Exception):
    """A message cannot be dealt with now; it comes again after the time, in seconds."""

    def __init__(self, why: str, wait_s: float) -> None:
        super().__init__(why)
        self.wait_s = min(max(int(wait_s), 0), LONGEST_WAIT_S)


class Sender(Protocol):
    """A queue that takes messages."""

    def send(self, body: Mapping[str, Any], *, delay_s: int = 0) -> None:
        """Sends one, which nobody gets before the delay is over."""


class Queue:
    """One queue."""

    def __init__(self, url: str) -> None:
        self._url = url

    def send(self, body: Mapping[str, Any], *, delay_s: int = 0) -> None:
        """See `Sender`."""
        client("sqs").send_message(
            QueueUrl=self._url, MessageBody=json.dumps(body, sort_keys=True), DelaySeconds=min(delay_s, LONGEST_DELAY_S)
        )

    def hide(self, receipt: str, wait_s: int) -> None:
        """Gives a message that was delivered out again after this time, and not after the queue's own."""
        client("sqs").change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=wait_s)


class Hider(Protocol):
    """A queue that gives a message out again when it is told."""

    def hide(self, receipt: str, wait_s: int) -> None:
        """After this time."""


Take = Callable[[Message], Mapping[str, Any]]
"""Deals with a message and says for the log what came of it."""


def consumer(build: Callable[[], tuple[Take, Hider, Log]]) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A Lambda handler of a queue, which reports the messages that failed one by one; the others are gone."""
    made: list[tuple[Take, Hider, Log]] = []

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        if not made:
            made.append(build())
        failed = [row["messageId"] for row in event["Records"] if not _dealt_with(made[0], row, context)]
        return {"batchItemFailures": [{"itemIdentifier": found} for found in failed]}

    return handler


def _dealt_with(parts: tuple[Take, Hider, Log], row: Mapping[str, Any], context: Any) -> bool:
    take, queue, log = parts
    request_id = str(getattr(context, "aws_request_id", ""))
    tries = int(row["attributes"]["ApproximateReceiveCount"])
    attempt = Attempt(log, request_id, tries)
    with attempt:
        try:
            body = json.loads(row["body"])
            result = take(Message(body, tries, lambda: context.get_remaining_time_in_millis() / 1000))
        except LaterError as error:
            log.line("WARNING", "later", request_id=request_id, metadata={"why": str(error), "tries": tries})
            queue.hide(row["receiptHandle"], error.wait_s)
            return False
        metrics = result.get("metrics")
        shown = {name: value for name, value in result.items() if name != "metrics"}
        log.line("INFO", "done", request_id=request_id, metadata=shown, metrics=metrics)
    return not attempt.failed


class Attempt:
    """One message's share of a run: an error of it is logged and ends here, and SQS brings the message again."""

    def __init__(self, log: Log, request_id: str, tries: int) -> None:
        self._log, self._request_id, self._tries = log, request_id, tries
        self.failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self.failed = isinstance(error, Exception)
        if error is not None and self.failed:
            told = {**fault(error), "tries": self._tries}
            self._log.line("ERROR", "failed", request_id=self._request_id, metadata=told)
        return self.failed
