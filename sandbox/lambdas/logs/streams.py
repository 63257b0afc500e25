"""Log streams of the local cloud whose lines are written when somebody reads them: most are never read.

Imported where the first line is delivered, since moto's logs take a while to import.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from moto.core.utils import unix_time_millis, utcnow
from moto.logs.models import LogEvent, LogGroup, LogStream

from sandbox.lambdas.logs.lines import Event

KEPT = 50_000
"""Events that stay in one stream; the local cloud keeps them in memory."""
Write = Callable[[], Iterable[Event]]
"""Gives the lines of one delivery."""


class Stream(LogStream):
    """A stream that takes deliveries as they are, and writes their lines for whoever looks at `events`."""

    def __init__(self, log_group: LogGroup, name: str) -> None:
        self._lock = threading.RLock()
        self._written: list[LogEvent] = []
        self._waiting: deque[tuple[int, int, Write]] = deque()
        self._count = 0
        self._bytes = 0
        self._last_ms = 0
        super().__init__(log_group, name)

    @property
    def events(self) -> list[LogEvent]:
        """The last lines, in their order."""
        self._write()
        return self._written

    @events.setter
    def events(self, events: list[LogEvent]) -> None:
        self._written = events[-KEPT:]

    @property
    def stored_bytes(self) -> int:
        """Of all lines, also of those that are not kept any more, but for what nobody read before it went."""
        self._write()
        return self._bytes

    @stored_bytes.setter
    def stored_bytes(self, count: int) -> None:
        self._bytes = count

    def add(self, count: int, write: Write) -> None:
        """Takes a delivery of so many lines; the oldest that wait fall out when more than `KEPT` do."""
        with self._lock:
            self.last_ingestion_time = utcnow()
            self.upload_sequence_token += 1
            self._waiting.append((int(unix_time_millis(self.last_ingestion_time)), count, write))
            self._count += count
            while self._count - self._waiting[0][1] >= KEPT:
                self._count -= self._waiting.popleft()[1]

    def in_order(self, events: Iterable[Event]) -> list[dict[str, Any]]:
        """Lines as PutLogEvents takes them: none is older than the one before."""
        lines = []
        for moment, line in sorted(events, key=lambda event: event[0]):
            self._last_ms = max(self._last_ms, moment)
            lines.append({"timestamp": self._last_ms, "message": line})
        return lines

    def _write(self) -> None:
        with self._lock:
            if not self._waiting:
                return
            while self._waiting:
                taken_ms, _, write = self._waiting.popleft()
                lines = self.in_order(write())
                self._bytes += sum(len(line["message"]) for line in lines)
                self._written += [LogEvent(taken_ms, line) for line in lines]
            self._count = 0
            del self._written[:-KEPT]
            forget()


def stream_of(group: LogGroup, name: str) -> Stream:
    """The stream of this name; it is made where there is none, and goes on with the lines of one that others made."""
    found = group.streams.get(name)
    if isinstance(found, Stream):
        return found
    stream = Stream(group, name)
    if found is not None:
        stream.events, stream.stored_bytes = found.events, found.stored_bytes
    group.streams[name] = stream
    return stream


def forget() -> None:
    """Moto remembers every event that it ever made, for a page that nobody opens."""
    LogEvent.instances_tracked.clear()
