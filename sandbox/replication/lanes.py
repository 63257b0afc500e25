"""Writes on their way to another region: in order, after a lag, held back while a region is lost."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.control.answers import LaneState, PendingWrite, ReplicationState

KEPT_FAILURES = 20
LONGEST_LAG_S = 86_400.0
LOG = logging.getLogger(__name__)

Now = Callable[[], float]
Seen = Callable[["Write", float, bool], None]
"""Hears of each write that left a lane: how long it took in seconds, and whether it failed."""


class CopyError(RuntimeError):
    """A write cannot be copied, now or later; the text says why and what would mend it."""


@dataclass(eq=False, frozen=True, kw_only=True)
class Write:
    """One acknowledged write that belongs into another region."""

    kind: str
    """`s3`, `dynamodb` or `secretsmanager`."""
    source: str
    target: str
    name: str
    """Bucket, table or secret."""
    key: str
    operation: str
    """`put`, `delete` or `metadata`."""
    written: float
    """When it was made, in seconds since 1970."""
    copy: Callable[[], bool]
    """Makes it in the target region; false when a later write there stands."""
    refused: Callable[[str], None] = lambda _reason: None
    """Hears why it could not be copied."""
    size: int = 0
    """Bytes, as far as they are counted."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    """Under which CloudWatch has the figures of its rule or table; empty for none."""

    def told(self) -> PendingWrite:
        """What a caller of the sandbox learns of it."""
        return {
            "kind": self.kind,
            "source": self.source,
            "target": self.target,
            "name": self.name,
            "key": self.key,
            "operation": self.operation,
            "written": self.written,
        }


@dataclass(eq=False)
class _Lane:
    waiting: deque[Write] = field(default_factory=deque)
    replicated: int = 0
    superseded: int = 0
    failed: int = 0
    latency_s: float | None = None
    last_written: float | None = None
    failures: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_FAILURES))


_Key = tuple[str, str, str]
"""Kind, source and target."""


class Lanes:
    """One queue a service and pair of regions, worked off by one thread.

    Args:
        lag_s: how long a write waits before it is copied.
        now: seconds since 1970; a test gives its own.
    """

    def __init__(self, lag_s: float = 1.0, now: Now = time.time) -> None:
        self._now = now
        self.seen: Seen = lambda _write, _took_s, _failed: None
        """Hears of each write that was copied or failed."""
        self._lag_s = _checked(lag_s)
        self._lanes: dict[_Key, _Lane] = {}
        self._lost: set[str] = set()
        self._paused = False
        self._closed = False
        self._changed = threading.Condition()
        # Held while a write is copied: whoever takes a region away waits for it, and nothing arrives afterwards.
        self._copying = threading.RLock()
        self._thread: threading.Thread | None = None

    @property
    def lag_s(self) -> float:
        """How long a write waits, in seconds."""
        return self._lag_s

    @lag_s.setter
    def lag_s(self, seconds: float) -> None:
        with self._changed:
            self._lag_s = _checked(seconds)
            self._changed.notify_all()

    def start(self) -> None:
        """Copies what is due from a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="replication", daemon=True)
        self._thread.start()

    def close(self) -> list[PendingWrite]:
        """Ends the thread; gives what was not copied."""
        with self._copying, self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(5)
        return self.pending()

    def add(self, write: Write) -> None:
        """Takes a write; writes to one key are copied in the order in which they were taken."""
        with self._changed:
            lane = self._lanes.setdefault((write.kind, write.source, write.target), _Lane())
            lane.waiting.append(write)
            self._changed.notify_all()

    def pause(self) -> None:
        """Copies nothing from here on; what is being copied is finished first."""
        with self._copying, self._changed:
            self._paused = True

    def resume(self) -> None:
        """Goes on."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def hold(self, region: str) -> None:
        """Copies nothing from or to a region; what is being copied is finished first."""
        with self._copying, self._changed:
            self._lost.add(region)

    def release(self, region: str) -> None:
        """Goes on with a region."""
        with self._changed:
            self._lost.discard(region)
            self._changed.notify_all()

    def pending(self) -> list[PendingWrite]:
        """What was taken and is not copied, oldest first within a lane."""
        return [write.told() for write in self.waiting()]

    def waiting(self) -> list[Write]:
        """The same with all that is known of each."""
        with self._copying, self._changed:
            return [write for lane in self._lanes.values() for write in lane.waiting]

    def state(self) -> ReplicationState:
        """Counters of every lane."""
        with self._changed:
            lanes = [self._told(key, lane) for key, lane in sorted(self._lanes.items())]
            return {"lag_s": self._lag_s, "paused": self._paused, "lanes": lanes}

    def settle(self, timeout_s: float) -> bool:
        """Waits until nothing waits in a lane that is not held; false when that takes longer."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not any(lane.waiting for key, lane in self._lanes.items() if not self._held(key)), timeout_s
            )

    def copy_due(self) -> int:
        """Copies what is due and gives how many writes that were."""
        done = 0
        while True:
            with self._copying:
                found = self._next()
                if found is None:
                    return done
                self._copy(*found)
            done += 1

    def _copy(self, lane: _Lane, write: Write) -> None:
        reason, stands = "", False
        try:
            stands = write.copy()
        except Exception as error:
            # One write that cannot be copied must not hold those behind it; the counters and the log tell of it.
            reason = str(error) or type(error).__name__
            where = f"{write.kind} {write.name} {write.key} from {write.source} to {write.target}"
            if isinstance(error, CopyError):
                LOG.warning("not replicated: %s: %s", where, reason)
            else:
                LOG.exception("not replicated: %s", where)
            write.refused(reason)
        with self._changed:
            lane.waiting.popleft()
            if reason:
                lane.failed += 1
                lane.failures.append(f"{write.name} {write.key}: {reason}")
            else:
                lane.replicated += stands
                lane.superseded += not stands
                lane.latency_s = self._now() - write.written
                lane.last_written = write.written
            self.seen(write, self._now() - write.written, bool(reason))
            self._changed.notify_all()

    def _next(self) -> tuple[_Lane, Write] | None:
        """The oldest write that is due."""
        with self._changed:
            now = self._now()
            ready = [lane for lane in self._free() if lane.waiting[0].written + self._lag_s <= now]
            lane = min(ready, key=lambda lane: lane.waiting[0].written, default=None)
            return None if lane is None or self._closed else (lane, lane.waiting[0])

    def _free(self) -> Iterable[_Lane]:
        return [lane for key, lane in self._lanes.items() if lane.waiting and not self._held(key)]

    def _held(self, key: _Key) -> bool:
        return self._paused or bool(self._lost.intersection(key[1:]))

    def _run(self) -> None:
        while not self._closed:
            self.copy_due()
            with self._changed:
                due = [lane.waiting[0].written + self._lag_s for lane in self._free()]
                wait_s = min(due) - self._now() if due else None
                if not self._closed and (wait_s is None or wait_s > 0):
                    self._changed.wait(wait_s)

    def _told(self, key: _Key, lane: _Lane) -> LaneState:
        return {
            "kind": key[0],
            "source": key[1],
            "target": key[2],
            "pending": len(lane.waiting),
            "replicated": lane.replicated,
            "superseded": lane.superseded,
            "failed": lane.failed,
            "held": self._held(key),
            "oldest_s": self._now() - lane.waiting[0].written if lane.waiting else None,
            "latency_s": lane.latency_s,
            "last_written": lane.last_written,
            "failures": list(lane.failures),
        }


def _checked(lag_s: float) -> float:
    if isinstance(lag_s, bool) or not isinstance(lag_s, int | float) or not 0 <= lag_s <= LONGEST_LAG_S:
        raise ValueError(f"replication lag {lag_s!r} is not allowed; give seconds from 0 to {LONGEST_LAG_S:.0f}")
    return float(lag_s)
