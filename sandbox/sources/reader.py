"""One event source mapping: where it stands in its stream, and how a batch comes to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from sandbox.lambdas import FunctionError, Invocation

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
"""Between two tries of a batch, doubled each time."""
DAY_S = 86_400.0
"""How long a stream keeps its records."""

Invoke = Callable[[str, bytes], Invocation]
Record = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a batch ended."""

    done: int
    """Records that are dealt with, from the first on."""
    condition: str = ""
    """Why the rest of them was given up; empty when all were processed."""
    tries: int = 1


class Reader:
    """Reads one stream for one mapping. `mapping` is moto's record, which calls of the API change."""

    def __init__(self, mapping: Any, position: int, invoke: Invoke) -> None:
        self.mapping = mapping
        self.position = position
        """How many records of the stream are behind it."""
        self._invoke = invoke
        self._tries = 0
        self._due = 0.0

    def waits(self, now: float) -> bool:
        """Whether a batch that failed is not to be tried yet."""
        return now < self._due

    def hurry(self) -> None:
        """Lets a batch that failed be tried at once."""
        self._due = 0.0

    def take(self, records: Sequence[Record], matches: Callable[[Any, Record], bool]) -> Outcome:
        """Processes a batch, which begins at the position; moves on over what is dealt with."""
        batch = list(records[: self.mapping.batch_size])
        old = self._too_old(batch)
        if old:
            return self._move(Outcome(old, "RecordAgeExceeded", self._tries))
        wanted = [(at, record) for at, record in enumerate(batch) if self._wanted(record, matches)]
        if not wanted:
            return self._move(Outcome(len(batch)))
        self._tries += 1
        failed = self._call([record for _, record in wanted])
        if failed is None:
            return self._move(Outcome(len(batch), tries=self._tries))
        before = wanted[failed][0]
        limit = self.mapping.max_retry_attempts
        if limit is not None and 0 <= int(limit) < self._tries:
            return self._move(Outcome(len(batch), "RetryAttemptsExhausted", self._tries))
        if before:
            # What was processed ahead of the failure is not tried again.
            return self._move(Outcome(before))
        self._due = time.monotonic() + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (self._tries - 1))
        return Outcome(0, tries=self._tries)

    def _call(self, records: list[Record]) -> int | None:
        """The first record that failed; None when all went well."""
        payload = json.dumps({"Records": [event_record(self.mapping, record) for record in records]}, default=str)
        try:
            result = self._invoke(str(self.mapping.function_name), payload.encode())
        except (FunctionError, ValueError):
            return 0
        if result.error is not None:
            return 0
        if "ReportBatchItemFailures" not in (self.mapping.function_response_types or []):
            return None
        answer = json.loads(result.payload or b"null") or {}
        failures = {str(row.get("itemIdentifier")) for row in answer.get("batchItemFailures") or []}
        numbers = [str(record["dynamodb"]["SequenceNumber"]) for record in records]
        return next((at for at, number in enumerate(numbers) if number in failures), None)

    def _move(self, outcome: Outcome) -> Outcome:
        self.position += outcome.done
        self._tries, self._due = 0, 0.0
        return outcome

    def _wanted(self, record: Record, matches: Callable[[Any, Record], bool]) -> bool:
        filters = (self.mapping.filter_criteria or {}).get("Filters") or []
        return not filters or any(matches(row["Pattern"], event_record(self.mapping, record)) for row in filters)

    def _too_old(self, batch: list[Record]) -> int:
        """How many of the first records are older than the mapping takes."""
        given = self.mapping.max_record_age
        limit = DAY_S if given is None or int(given) < 0 else float(given)
        oldest = time.time() - limit
        return sum(_seconds(record) < oldest for record in batch)


def event_record(mapping: Any, record: Record) -> Record:
    """A record of a stream as functions get it."""
    image = {**record["dynamodb"], "ApproximateCreationDateTime": _seconds(record)}
    region = str(mapping.event_source_arn).split(":")[3]
    return {**record, "dynamodb": image, "awsRegion": region, "eventSourceARN": mapping.event_source_arn}


def given_up(mapping: Any, batch: Sequence[Record], outcome: Outcome) -> dict[str, Any]:
    """What Lambda sends to the destination of a batch that it gives up: where it is, and not what it holds."""
    first, last = batch[0], batch[-1]
    return {
        "requestContext": {
            "requestId": "",
            "functionArn": mapping.function_name,
            "condition": outcome.condition,
            "approximateInvokeCount": outcome.tries,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": _iso(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": "shardId-00000001541626099285-f35f62ef",
            "startSequenceNumber": str(first["dynamodb"]["SequenceNumber"]),
            "endSequenceNumber": str(last["dynamodb"]["SequenceNumber"]),
            "approximateArrivalOfFirstRecord": _iso(_seconds(first)),
            "approximateArrivalOfLastRecord": _iso(_seconds(last)),
            "batchSize": len(batch),
            "streamArn": mapping.event_source_arn,
        },
    }


def _seconds(record: Record) -> float:
    moment: datetime = record["dynamodb"]["ApproximateCreationDateTime"]
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _iso(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")
