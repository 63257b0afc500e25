"""Counts callers by a header and marks what is above a rate, as WAF does before a request reaches the gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sandbox.gateway.context import Exchange
from sandbox.gateway.declared import CallerRate

REMEMBERED = 10_000
"""Values that WAF counts at the same time."""


class Count:
    """Requests of one value: of the window that runs and of the one before, weighed by how much of it still counts."""

    __slots__ = ("before", "began", "now")

    def __init__(self, began: float) -> None:
        self.began, self.now, self.before = began, 0, 0

    def add(self, moment: float, window_s: int) -> float:
        """Requests within the window that ends now, this one included."""
        passed = moment - self.began
        if passed >= window_s:
            self.before = self.now if passed < 2 * window_s else 0
            self.began += passed // window_s * window_s
            self.now, passed = 0, moment - self.began
        self.now += 1
        return self.now + self.before * (1 - passed / window_s)


class Firewall:
    """The step; keeps the counts of one stage.

    Args:
        rates: what is counted.
        clock: seconds; only differences count.
    """

    def __init__(self, rates: Sequence[CallerRate], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: list[tuple[CallerRate, dict[str, Count]]] = [(rate, {}) for rate in rates]

    def __call__(self, exchange: Exchange) -> None:
        """Marks a request whose caller is above a rate; one without the header is not counted."""
        for rate, counts in self._counts:
            value = exchange.header(rate.header)
            if value is None:
                continue
            now = self._clock()
            count = counts.get(value)
            if count is None:
                if len(counts) >= REMEMBERED:
                    del counts[next(iter(counts))]
                count = counts.setdefault(value, Count(now))
            if count.add(now, rate.window_s) > rate.limit:
                for name, mark in rate.marks:
                    exchange.drop(name)
                    exchange.headers.append((name, mark))
