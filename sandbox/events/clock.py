"""Fires rules and schedules when they are due: one thread that looks at the time, or a test that turns the hands."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sandbox.events.expressions import Schedule, ScheduleError, parse

LOG = logging.getLogger(__name__)

Now = Callable[[], datetime]


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Entry:
    """Something that is declared to happen on a schedule."""

    key: str
    """What identifies it together with its expression; a changed expression counts anew."""
    expression: str
    zone: str
    fire: Callable[[datetime], None]
    """Called with the moment at which it was due."""
    starts: datetime | None = None
    ends: datetime | None = None
    finished: Callable[[], None] | None = None
    """Called after the last time."""


@dataclass
class _Watched:
    schedule: Schedule
    due: datetime | None


class Clock:
    """Keeps the next due moment of each entry.

    Moments that passed while nobody looked (a laptop asleep) count once: the work is not repeated in a burst.
    """

    def __init__(self, entries: Callable[[], Iterable[Entry]], now: Now = utc_now) -> None:
        self._entries = entries
        self._now = now
        self._watched: dict[tuple[str, str, str], _Watched] = {}
        self._refused: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, every_s: float = 1.0) -> None:
        """Looks at the time from a thread of its own."""
        self._thread = threading.Thread(target=self._run, args=(every_s,), name="event-clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def tick(self) -> int:
        """Fires what is due by now and gives how many that were."""
        now = self._now()
        fired = 0
        with self._lock:
            seen = set()
            for entry in list(self._entries()):
                identity = (entry.key, entry.expression, entry.zone)
                seen.add(identity)
                fired += self._look(entry, identity, now)
            for identity in set(self._watched) - seen:
                del self._watched[identity]
        return fired

    def _look(self, entry: Entry, identity: tuple[str, str, str], now: datetime) -> int:
        watched = self._watched.get(identity)
        if watched is None:
            watched = self._begin(entry, identity, now)
            if watched is None:
                return 0
        if watched.due is None or watched.due > now:
            return 0
        due = watched.due
        ended = entry.ends is not None and due > entry.ends
        watched.due = None if ended else watched.schedule.next_after(now)
        if not ended:
            entry.fire(due)
        if watched.due is None and entry.finished is not None:
            entry.finished()
        return 0 if ended else 1

    def _begin(self, entry: Entry, identity: tuple[str, str, str], now: datetime) -> _Watched | None:
        if identity in self._refused:
            return None
        try:
            schedule = parse(entry.expression, entry.zone)
        except ScheduleError as error:
            self._refused.add(identity)
            LOG.warning("%s will never fire: %s", entry.key, error)
            return None
        # A start in the future counts itself: rate(1 day) from noon fires at noon.
        starts = entry.starts - timedelta(microseconds=1) if entry.starts and entry.starts > now else now
        due = entry.starts if entry.starts and entry.starts > now and entry.expression.startswith("rate") else None
        watched = _Watched(schedule, due or schedule.next_after(starts))
        self._watched[identity] = watched
        return watched

    def _run(self, every_s: float) -> None:
        while not self._stop.wait(every_s):
            # A rule that is added while they are being read is seen by the next look.
            with contextlib.suppress(RuntimeError):
                self.tick()
