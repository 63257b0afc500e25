"""How fast one person may ask where there is no cache: counted in the process, told to a table in lots.

Time is cut into windows. A process counts what it lets through and tells the table of a lot at a time, which answers
with what all processes have told: whoever asks now and then costs no call at all. Without the table nobody is counted
by person, and what remains is the firewall's count by token and the gateway's own throttle.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from functions.shared.door.pace import REMEMBERED
from functions.shared.errors import ApiError

LOTS: int = 80
"""In so many lots a whole window's requests are told; what a process has not told yet is less than one of them."""
PAUSE_S = 5.0
"""How long the table is left alone that did not answer, so that it keeps no call waiting."""
KEPT_S = 60
"""How long a window's count stays in the table after its end."""


class Counts(Protocol):
    """What all processes share (functions.shared.door.requests_table.RequestsTable)."""

    def add(self, name: str, count: int, ends: int) -> int:
        """Adds to a count, which goes away at a second, and gives what it is now; ApiError where that fails."""


class _Account:
    """What a process knows of one person's window."""

    __slots__ = ("told", "untold", "window")

    def __init__(self, window: int) -> None:
        self.window, self.told, self.untold = window, 0, 0


class Windows:
    """A number of requests for each person and window, as `Pace` has a rate and a burst.

    Args:
        counts: what all processes share.
        per_second: requests a second that a person may go on making.
        burst: how many at once; a window is as long as it takes to make as many again.
        clock: seconds since the epoch, the same for all processes within a fraction of a second.
    """

    def __init__(self, counts: Counts, *, per_second: int, burst: int, clock: Callable[[], float] = time.time) -> None:
        self._counts, self._clock = counts, clock
        self._window_s = max(1, math.ceil(burst / per_second))
        self._most = per_second * self._window_s
        self._lot = max(1, self._most // LOTS)
        self._accounts: dict[str, _Account] = {}
        self._aside_until = 0.0

    def take(self, user_id: str) -> None:
        """Counts one request.

        Raises:
            ApiError: `throttled`, with when to ask again.
        """
        now = self._clock()
        account = self._account(user_id, now)
        if account.told + account.untold >= self._most:
            raise self._refusal(now)
        account.untold += 1
        if account.untold >= self._lot and now >= self._aside_until:
            self._tell(user_id, account, now)
            if account.told > self._most:
                raise self._refusal(now)

    def told(self, user_id: str) -> Mapping[str, str]:
        """Headers that say what a person may do and how much of it is left, as far as this process knows."""
        now, account = self._clock(), self._accounts.get(user_id)
        if account is None or now < self._aside_until:
            return {}
        used = account.told + account.untold if account.window == self._number(now) else 0
        ends_s = self._window_s - now % self._window_s
        return {
            "RateLimit-Policy": f'"user";q={self._most};w={self._window_s}',
            "RateLimit": f'"user";r={max(0, self._most - used)};t={math.ceil(ends_s)}',
        }

    def _tell(self, user_id: str, account: _Account, now: float) -> None:
        ends = (account.window + 1) * self._window_s
        try:
            account.told = self._counts.add(f"pace:{user_id}:{ends}", account.untold, ends + KEPT_S)
        except ApiError:
            # What was counted here goes on to count here, and is told of later.
            self._aside_until = now + PAUSE_S
        else:
            account.untold = 0

    def _refusal(self, now: float) -> ApiError:
        wait_s = max(1, math.ceil(self._window_s - now % self._window_s))
        return ApiError("throttled", why="per user", retry_after_s=wait_s)

    def _account(self, user_id: str, now: float) -> _Account:
        number = self._number(now)
        known = self._accounts.get(user_id)
        if known is not None and known.window == number:
            return known
        if known is None and len(self._accounts) >= REMEMBERED:
            del self._accounts[next(iter(self._accounts))]
        self._accounts[user_id] = made = _Account(number)
        return made

    def _number(self, now: float) -> int:
        return int(now // self._window_s)
