"""The streams runtime: takes moto's mappings out of the request that writes, and reads the streams beside it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.events.hooks import Hooks, inner
from sandbox.events.targets import Parcel, UnsupportedTargetError, deliver
from sandbox.lambdas import Invocation
from sandbox.streams.reader import Outcome, Reader, Record, given_up

LOG = logging.getLogger(__name__)
TICK_S = 0.1


class StreamsCloud(Protocol):
    """What this runtime needs of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def region(self) -> str:
        """The region of the stack."""

    @property
    def lock(self) -> Any:
        """Held by every write to a table."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""


class Runner(Protocol):
    """Runs functions; `Functions` implements it."""

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Invocation:
        """Calls a function and waits."""


class Streams:
    """Lambda's event source mappings of DynamoDB streams, in every region.

    moto calls the functions while the table is being written, without filters, and fails the writer with them. Build
    this with the cloud, the functions and a directory (unused: nothing is written), call `install()` before the program
    runs, `attach()` after it, `close()` at the end.
    """

    def __init__(self, cloud: StreamsCloud, functions: Runner, directory: Path, *, threaded: bool = True) -> None:
        self.directory = directory
        self.notes = NOTES
        self._cloud = cloud
        self._functions = functions
        self._threaded = threaded
        self._hooks = Hooks()
        self._readers: dict[str, Reader] = {}
        self._lost: set[str] = set()
        self._stop = threading.Event()
        self._threads: dict[str, threading.Thread] = {}
        self._watch = threading.Thread(target=self._run, name="streams", daemon=True)

    def install(self) -> None:
        """Keeps moto from calling functions itself."""
        from moto.awslambda.models import LambdaBackend

        self._hooks.replace(LambdaBackend, "send_dynamodb_items", lambda *_: None)

    def attach(self, ledger: object) -> None:
        """Begins to read; the mappings are those that exist at each look."""
        del ledger
        if self._threaded:
            self._watch.start()

    def close(self) -> None:
        """Ends the threads, except one whose function still runs, and undoes the hook."""
        self._stop.set()
        for thread in (self._watch, *self._threads.values()):
            if thread.is_alive():
                thread.join(2)
        self._hooks.undo()

    def lose(self, region: str) -> None:
        """Reads no stream of a region."""
        self._lost.add(region)

    def recover(self, region: str) -> None:
        """Goes on where it stood."""
        self._lost.discard(region)

    def readers(self) -> list[Reader]:
        """Where each enabled mapping stands."""
        return list(self._enabled())

    def read(self) -> int:
        """Processes a batch of each mapping that has one, in the caller's thread; gives how many that were."""
        return sum(self._step(reader) for reader in self.readers())

    def _run(self) -> None:
        while not self._stop.wait(TICK_S):
            for reader in self._enabled():
                name = str(reader.mapping.uuid)
                # A function may take minutes; the others go on.
                if not (name in self._threads and self._threads[name].is_alive()) and self._records(reader):
                    self._threads[name] = threading.Thread(target=self._try, args=(reader,), name=f"stream {name}")
                    self._threads[name].daemon = True
                    self._threads[name].start()

    def _try(self, reader: Reader) -> None:
        try:
            while not self._stop.is_set() and self._step(reader):
                pass
        except Exception:
            # The next look tries the same records again; the other mappings are not touched by it.
            LOG.exception("stream %s could not be read", reader.mapping.event_source_arn)

    def _step(self, reader: Reader) -> bool:
        """Whether a batch was dealt with."""
        records = self._records(reader)
        if not records:
            return False
        outcome = reader.take(records, _matches)
        if outcome.condition:
            self._give_up(reader.mapping, records[: outcome.done], outcome)
        return outcome.done > 0

    def _enabled(self) -> Iterator[Reader]:
        from moto.awslambda.models import lambda_backends

        for region, backend in list(lambda_backends[self._cloud.account].items()):
            if region in self._lost:
                continue
            for mapping in list(inner(backend, "_event_source_mappings").values()):
                if mapping.enabled and ":dynamodb:" in str(mapping.event_source_arn):
                    yield self._reader(mapping)

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
                deliver(self._cloud, Parcel({"Arn": target}, text, str(mapping.uuid)))
            except (ClientError, BotoCoreError, UnsupportedTargetError) as error:
                LOG.warning("destination %s did not take them either: %s", target, error)


@lru_cache(256)
def _pattern(text: str) -> Any:
    from moto.events.models import EventPattern

    return EventPattern.load(text)


def _matches(pattern: str, record: Record) -> bool:
    return bool(_pattern(pattern).matches_event(record))


NOTES = ("streams of DynamoDB are one shard each and are read every 0.1 s, without a batching window",)
"""Where this differs from AWS, for the report."""
