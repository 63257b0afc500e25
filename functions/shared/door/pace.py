"""How fast one caller may ask: counted here, settled in Redis with the next command that goes there anyway.

Redis keeps for each caller the moment at which its bucket would be full again. A process adds what it has let through
and learns what all the others let through meanwhile; no call waits for that alone. Without Redis nothing is counted,
and the gateway's own throttle is what remains.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from functions.shared.errors import ApiError
from functions.shared.headers import TOKEN_WINDOW_S

SETTLE_S = 0.01
"""A process tells Redis of a caller so often at most."""
LATEST_S = 0.1
"""After this time it tells Redis in any case, before it as soon as there is a lot to tell."""
LOTS = 200
"""A lot is so small a part of a burst: what a process may have let through and not told is all that can be too much."""
REMEMBERED = 4096
"""Callers that a process remembers."""

SCRIPT = (
    b"local t=redis.call('TIME') local now=t[1]*1000000+t[2] "
    b"local full=tonumber(redis.call('GET',KEYS[1]) or 0) if full<now then full=now end full=full+ARGV[1] "
    b"redis.call('SET',KEYS[1],string.format('%.0f',full),'PX',math.ceil((full-now)/1000)) return full-now"
)
"""Adds microseconds to the time that a bucket needs to be full again, and tells how much that is now."""


class Ledger(Protocol):
    """What all processes share (functions.shared.cache.breaker.Cache)."""

    @property
    def available(self) -> bool:
        """Whether it is in use."""

    def later(self, tell: Callable[[int], None], *words: bytes) -> None:
        """Sends a command with the next one, and tells its answer."""

    def flush(self) -> None:
        """Sends what waits."""


class Paced(Protocol):
    """What counts callers: this module's `Pace`, or `Windows` where there is no cache."""

    def take(self, user_id: str) -> None:
        """Counts one request; ApiError `throttled` above the pace."""

    def told(self, user_id: str) -> Mapping[str, str]:
        """Headers that say what a caller may do and how much of it is left; none where nothing is counted."""


class _Account:
    """What a process knows of one caller."""

    __slots__ = ("at", "debt_s", "sent", "unsent", "waits")

    def __init__(self, now: float) -> None:
        self.debt_s, self.at = 0.0, now
        self.sent, self.unsent, self.waits = float("-inf"), 0, False


class Pace:
    """A rate and a burst for each caller.

    Args:
        ledger: what all processes share.
        per_second: requests a second that a caller may go on making.
        burst: how many it may make at once.
        clock: seconds; only differences count.
    """

    def __init__(
        self, ledger: Ledger, *, per_second: int, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger, self._clock = ledger, clock
        self._each_s, self._most_s, self._lot = 1 / per_second, burst / per_second, burst // LOTS
        self._policy = f'"user";q={burst};w={math.ceil(self._most_s)}'
        self._accounts: dict[str, _Account] = {}

    def take(self, user_id: str) -> None:
        """Counts one request.

        Raises:
            ApiError: `throttled`, with when to ask again.
        """
        if not self._ledger.available:
            return
        now = self._clock()
        account = self._accounts.get(user_id) or self._new(user_id, now)
        debt_s = max(0.0, account.debt_s - (now - account.at)) + self._each_s
        if debt_s > self._most_s + 1e-9:
            wait_s = max(1, math.ceil(debt_s - self._most_s))
            raise ApiError("throttled", why="per user", retry_after_s=wait_s)
        account.debt_s, account.at = debt_s, now
        account.unsent += 1
        passed_s = now - account.sent
        if passed_s >= LATEST_S or (passed_s >= SETTLE_S and account.unsent >= self._lot):
            self._settle(user_id, account, now)

    def told(self, user_id: str) -> Mapping[str, str]:
        """Headers that say what a caller may do and how much of it is left; none where nothing is counted."""
        account = self._accounts.get(user_id)
        if account is None or not self._ledger.available:
            return {}
        debt_s = max(0.0, account.debt_s - (self._clock() - account.at))
        left = max(0, int((self._most_s - debt_s) / self._each_s + 1e-6))
        return {"RateLimit-Policy": self._policy, "RateLimit": f'"user";r={left};t={math.ceil(debt_s)}'}

    def _settle(self, user_id: str, account: _Account, now: float) -> None:
        if account.waits:
            # Nothing has gone to Redis since the last time.
            self._ledger.flush()
        count, account.unsent, account.sent, account.waits = account.unsent, 0, now, True

        def learn(debt_us: int) -> None:
            account.debt_s, account.at = debt_us / 1e6 + account.unsent * self._each_s, self._clock()
            account.waits = False

        cost = b"%d" % math.ceil(count * self._each_s * 1e6)
        self._ledger.later(learn, b"EVAL", SCRIPT, b"1", b"pace:" + user_id.encode(), cost)

    def _new(self, user_id: str, now: float) -> _Account:
        if len(self._accounts) >= REMEMBERED:
            del self._accounts[next(iter(self._accounts))]
        return self._accounts.setdefault(user_id, _Account(now))


def of_token(per_second: int) -> str:
    """What the firewall lets one token ask, as `RateLimit-Policy` says it; nothing where nobody is counted."""
    return f'"token";q={per_second * TOKEN_WINDOW_S};w={TOKEN_WINDOW_S}' if per_second else ""


def rates(pace: Paced | None, policy: str, user_id: str) -> Mapping[str, str]:
    """Headers that tell how much a caller may ask, and where it is counted here how much of it is left."""
    told = {} if pace is None else pace.told(user_id)
    if not policy:
        return told
    own = told.get("RateLimit-Policy")
    return {**told, "RateLimit-Policy": f"{own}, {policy}" if own else policy}
