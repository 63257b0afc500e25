"""The streams runtime: takes moto's mappings out of the request that writes, and reads the streams beside it."""

from __future__ import annotations

import json
import logging
import time
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.callers import Caller
from sandbox.events.targets import Parcel, UnsupportedTargetError, deliver
from sandbox.sources.mappings import Mappings, Runner, SourcesCloud
from sandbox.sources.reader import Outcome, Reader, Record, given_up

LOG = logging.getLogger(__name__)


LIST = "dynamodb:ListStreams"
READING = ("dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords", LIST)
"""What Lambda does to read a stream for a function, in the function's role."""


class Streams(Mappings):
    """Lambda's event source mappings of DynamoDB streams.

    moto calls the functions while the table is being written, without filters, and fails the writer with them.
    """

    service = "dynamodb"
    tick_s = 0.1
    notes = ("streams of DynamoDB are one shard each and are read every 0.1 s, without a batching window",)

    def __init__(self, cloud: SourcesCloud, functions: Runner, directory: Path, *, threaded: bool = True) -> None:
        super().__init__(cloud, functions, directory, threaded=threaded)
        self._readers: dict[str, Reader] = {}

    def install(self) -> None:
        """Keeps moto from calling functions itself."""
        from moto.awslambda.models import LambdaBackend

        self._hooks.replace(LambdaBackend, "send_dynamodb_items", lambda *_: None)

    def readers(self) -> list[Reader]:
        """Where each enabled mapping stands."""
        return [self._reader(mapping) for _, mapping in self._enabled()]

    def read(self) -> int:
        """Processes a batch of each mapping that has one, in the caller's thread; gives how many that were."""
        return sum(self._step(reader) for reader in self.readers())

    def _look(self) -> None:
        for reader in self.readers():
            if self._records(reader):
                # A stream is read in order, by one worker; it may take minutes, and the other streams go on.
                self._employ(reader.mapping, partial(self._step, reader), 1)

    def _step(self, reader: Reader) -> bool:
        """Whether a batch was dealt with."""
        records = self._records(reader)
        if not records or not self._may_read(reader.mapping):
            return False
        outcome = reader.take(records, matches)
        if outcome.condition:
            self._give_up(reader.mapping, records[: outcome.done], outcome)
        return outcome.done > 0

    def _may_read(self, mapping: Any) -> bool:
        """Whether the function's role allows what Lambda does for it; a mapping without the rights rests."""
        stream, role = str(mapping.event_source_arn), self._role(mapping)
        caller, region = Caller(role, str(mapping.function_arn).split(":")[6]), stream.split(":")[3]
        for action, resource in ((action, "*" if action == LIST else stream) for action in READING):
            refused = self._cloud.judge(caller, action, resource, region)
            if refused:
                LOG.warning("stream %s is not read: %s", stream, refused)
                return False
        return True

    def _reader(self, mapping: Any) -> Reader:
        name = str(mapping.uuid)
        if name not in self._readers:
            latest = len(self._items(mapping)) if mapping.starting_position == "LATEST" else 0
            self._readers[name] = Reader(mapping, latest, self._functions.invoke_sync)
        return self._readers[name]

    def _records(self, reader: Reader) -> list[Record]:
        if reader.waits(time.monotonic()):
            return []
        # Between the writes of a transaction nothing can be seen, since it may be taken back.
        with self._cloud.lock:
            found = self._items(reader.mapping)[reader.position :]
            return [item.to_json() for item in found[: reader.mapping.batch_size]]

    def _items(self, mapping: Any) -> list[Any]:
        from moto.dynamodb.models import dynamodb_backends

        arn = str(mapping.event_source_arn)
        table = dynamodb_backends[self._cloud.account][arn.split(":")[3]].tables.get(arn.split("/")[1])
        return list(table.stream_shard.items) if table is not None and table.stream_shard is not None else []

    def _give_up(self, mapping: Any, batch: list[Record], outcome: Outcome) -> None:
        target = ((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
        LOG.warning("stream %s: %d records given up: %s", mapping.event_source_arn, len(batch), outcome.condition)
        if target:
            text = json.dumps(given_up(mapping, batch, outcome))
            try:
                deliver(self._as_function(mapping), Parcel({"Arn": target}, text, str(mapping.uuid)))
            except (ClientError, BotoCoreError, UnsupportedTargetError) as error:
                LOG.warning("destination %s did not take them either: %s", target, error)


@lru_cache(256)
def _pattern(text: str) -> Any:
    from moto.events.models import EventPattern

    return EventPattern.load(text)


def matches(pattern: str, record: Record) -> bool:
    """Whether a mapping's filter lets a record through."""
    return bool(_pattern(pattern).matches_event(record))
