"""A cache that costs a bounded delay and never an error, whatever state Redis is in.

The first trouble puts it aside. A thread then tries, a few times a second while calls come in, whether Redis answers
quickly again; no call waits for that, and the first good answer puts the cache back in use.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.shared.aws.tracing import part
from functions.shared.cache.resp import Answer, Aside, ClosedError, Connection, ConnectionLostError, RefusedError


class Dial(Protocol):
    """What opens connections (functions.shared.cache.resp.Dialer)."""

    def prepare(self) -> None:
        """Gets ready whatever is got only once, such as the password."""

    def __call__(self, timeout_s: float) -> Connection:
        """A connection, ready for commands, in this time."""


@dataclass(frozen=True)
class Limits:
    """How long the cache may keep a call waiting."""

    call_s: float = 0.05
    """One call of ours altogether, a new connection included."""
    answer_s: float = 0.04
    """One answer on an open connection."""
    slow_s: float = 0.005
    """An answer that takes longer is late; after one, the next waits no longer than this, and two in a row are an
    outage."""
    probe_s: float = 0.25
    """One try to get back."""
    pause_s: float = 0.1
    """Between the trouble and the first try; doubled for each further one."""
    longest_pause_s: float = 0.4
    """Together with `probe_s` below the second within which the cache is back."""
    full_s: float = 1.0
    """How long nothing is written after Redis said that it is full."""


DEFAULT = Limits()
REMOTE = {"namespace": "remote"}
MOST_WAITING = 8
"""Commands that wait for the next one; what is above is dropped, the oldest first."""


class Cache:
    """Get and put; `available` says whether Redis is in use."""

    def __init__(self, dial: Dial, limits: Limits = DEFAULT, clock: Callable[[], float] = time.monotonic) -> None:
        self._dial, self._limits, self._clock = dial, limits, clock
        self._connection: Connection | None = None
        self._down = False
        self._trouble = ""
        self._pause_s = self._limits.pause_s
        self._next_probe = 0.0
        self._probe: threading.Thread | None = None
        self._full_until = 0.0
        self._wary = False
        self._waiting: list[Aside] = []

    @property
    def available(self) -> bool:
        """Whether the next call would reach Redis."""
        return not self._down

    @property
    def trouble(self) -> str:
        """What put the cache aside, in a word for logs."""
        return self._trouble

    def get(self, key: str) -> bytes | None:
        """The value of a key, or None: not there, or the cache is aside."""
        found = self._call(b"GET", key.encode())
        return found if isinstance(found, bytes) else None

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        """Keeps a value for a time; whether that worked."""
        if self._clock() < self._full_until:
            return False
        more = (b"NX",) if if_missing else ()
        return self._call(b"SET", key.encode(), value, b"EX", b"%d" % ttl_s, *more) == b"OK"

    def later(self, tell: Callable[[int], None], *words: bytes) -> None:
        """Sends a command with the next one, in one round trip, and tells its answer; dropped where that fails."""
        self._waiting = [*self._waiting[1 - MOST_WAITING :], Aside(words, tell)]

    def flush(self) -> None:
        """Sends what waits now, in a round trip of its own."""
        if self._waiting:
            self._call(b"PING")

    def close(self) -> None:
        """Ends the connection and waits for a try that is under way."""
        if self._probe:
            self._probe.join()
        if self._connection:
            self._connection.close()
            self._connection = None

    def _call(self, *words: bytes) -> Answer:
        before, self._waiting = self._waiting, []
        if self._down:
            self._try_again()
            return None
        try:
            if self._connection is None:
                self._dial.prepare()
            began = self._clock()
            with part("cache", REMOTE):
                return self._ask(words, before, began)
        except RefusedError as error:
            if error.code == "OOM":
                # Full, but what is there can still be read.
                self._full_until = self._clock() + self._limits.full_s
            else:
                self._aside(error.code)
            return None
        except ConnectionLostError as error:
            self._aside(str(error))
            return None

    def _ask(self, words: tuple[bytes, ...], before: list[Aside], began: float) -> Answer:
        """One answer; a kept connection that was closed while nothing was asked is replaced once."""
        left_s = self._limits.call_s
        if self._connection is not None:
            try:
                return self._heard(self._connection, words, before, left_s)
            except ClosedError:
                self._connection.close()
        self._connection = self._dial(left_s)
        left_s -= self._clock() - began
        if left_s <= 0:
            raise ConnectionLostError("connecting took too long")
        return self._heard(self._connection, words, before, left_s)

    def _heard(self, connection: Connection, words: tuple[bytes, ...], before: list[Aside], left_s: float) -> Answer:
        """One answer, waited for in full unless the last one was late: then no longer than a quick one takes."""
        limits = self._limits
        longest_s = min(limits.slow_s if self._wary else limits.answer_s, left_s)
        try:
            answer = connection.call(*words, timeout_s=longest_s, soon_s=limits.slow_s, before=before)
        except ConnectionLostError as error:
            if self._wary and connection.late:
                raise ConnectionLostError("slow") from error
            raise
        self._wary = connection.late
        return answer

    def _aside(self, trouble: str) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None
        # The first call after it is back does not wait in full again for a Redis that is quick only with a PING.
        self._down, self._trouble, self._wary = True, trouble, True
        self._next_probe = self._clock() + self._pause_s

    def _try_again(self) -> None:
        if self._clock() < self._next_probe or (self._probe and self._probe.is_alive()):
            return
        self._probe = threading.Thread(target=self._come_back, name="cache-probe", daemon=True)
        self._probe.start()

    def _come_back(self) -> None:
        """Runs in the thread, while calls see the cache aside and touch nothing that is used here."""
        limits = self._limits
        enough_s = limits.slow_s if self._trouble == "slow" else limits.answer_s
        try:
            connection = self._dial(limits.probe_s)
            try:
                connection.call(b"PING", timeout_s=enough_s)
            except (ConnectionLostError, RefusedError):
                connection.close()
                raise
        except (ConnectionLostError, RefusedError):
            self._pause_s = min(self._pause_s * 2, limits.longest_pause_s)
            self._next_probe = self._clock() + self._pause_s
            return
        self._connection = connection
        self._pause_s = limits.pause_s
        self._down = False
