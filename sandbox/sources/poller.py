"""One event source mapping: messages out of its queue, into its function, and away once the function has said so."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sandbox.lambdas import FunctionError, Invocation

LOG = logging.getLogger(__name__)
MOST_RECEIVED = 10
"""Messages that SQS gives at once; a larger batch takes several calls."""

Invoke = Callable[[str, bytes], Invocation]


class Sqs(Protocol):
    """SQS's client, as far as it is used here."""

    def receive_message(self, **parameters: Any) -> Mapping[str, Any]:
        """Messages, hidden from others for the queue's visibility timeout."""

    def delete_message_batch(self, **parameters: Any) -> Mapping[str, Any]:
        """Removes messages."""


class Poller:
    """Takes messages for one mapping. `mapping` is moto's record, which calls of the API change."""

    def __init__(self, mapping: Any, sqs: Sqs, url: str, invoke: Invoke) -> None:
        self.mapping = mapping
        self._sqs, self._url, self._invoke = sqs, url, invoke

    def poll(self) -> int:
        """Gives the function a batch, where there is one, and how many messages that were.

        What the function fails on is left: SQS shows it again when its visibility timeout is over, and moves it to the
        dead-letter queue after the declared number of times.
        """
        messages = self._received(int(self.mapping.batch_size or MOST_RECEIVED))
        if not messages:
            return 0
        payload = json.dumps({"Records": [event_record(self.mapping, message) for message in messages]})
        failed = self._failed(payload, messages)
        done = [message for message in messages if message["MessageId"] not in failed]
        for start in range(0, len(done), MOST_RECEIVED):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(done[start : start + MOST_RECEIVED])
            ]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return len(messages)

    def _received(self, wanted: int) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        while len(found) < wanted:
            asked = min(MOST_RECEIVED, wanted - len(found))
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=asked,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            received = answer.get("Messages") or []
            found += received
            if len(received) < asked:
                break
        return found

    def _failed(self, payload: str, messages: Sequence[Mapping[str, Any]]) -> set[str]:
        """Ids of the messages that the function has not dealt with."""
        every = {str(message["MessageId"]) for message in messages}
        try:
            result = self._invoke(str(self.mapping.function_name), payload.encode())
        except (FunctionError, ValueError) as error:
            LOG.warning("%d messages of %s: %s", len(every), self.mapping.event_source_arn, error)
            return every
        if result.error is not None:
            return every
        if "ReportBatchItemFailures" not in (self.mapping.function_response_types or []):
            return set()
        return failures(result.payload, every)


def failures(payload: bytes, every: set[str]) -> set[str]:
    """What an answer reports; all of them where it cannot be read, as Lambda takes it."""
    try:
        answer = json.loads(payload or b"null") or {}
        found = {str(row["itemIdentifier"]) for row in answer.get("batchItemFailures") or []}
    except (ValueError, AttributeError, KeyError, TypeError):
        return every
    # An id that was never given is an answer to something else.
    return every if found - every else found


def event_record(mapping: Any, message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as functions get it."""
    arn = str(mapping.event_source_arn)
    given: Mapping[str, Any] = message.get("MessageAttributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes") or {}),
        "messageAttributes": {name: _attribute(value) for name, value in given.items()},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "stringValue": value.get("StringValue"),
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
