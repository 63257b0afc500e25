"""Rates and quotas: a bucket of tokens for each method, and for each API key by its usage plan."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.declared import Limit, Limits, Plan

Clock = Callable[[], float]


class Bucket:
    """Fills by the rate up to the burst; each request takes one token."""

    __slots__ = ("_at", "_clock", "_limit", "_tokens")

    def __init__(self, limit: Limit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._tokens = float(limit.burst)
        self._at = clock()

    def take(self) -> bool:
        """False when the bucket is empty."""
        now = self._clock()
        limit = self._limit
        self._tokens = min(float(limit.burst), self._tokens + (now - self._at) * limit.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttle:
    """The step; keeps the buckets of one stage."""

    def __init__(
        self, limits: Limits, clock: Clock = time.monotonic, today: Callable[[], dt.date] | None = None
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._today = today or (lambda: dt.datetime.now(dt.timezone.utc).date())
        self._methods: dict[tuple[str, str], Bucket] = {}
        self._default = Bucket(limits.default, clock)
        self._keys: dict[tuple[str, str, str], Bucket] = {}
        self._used: dict[tuple[str, str], tuple[object, int]] = {}

    def __call__(self, exchange: Exchange) -> None:
        """Refuses what is above a rate or a quota. A key's own limits come first, as on AWS."""
        method = exchange.matched
        name = (method.verb, method.resource)
        if exchange.key:
            plan = self._limits.keys[exchange.key][1]
            if plan is not None:
                self._check_plan(plan, exchange.key, name)
        limit = self._limits.methods.get(name)
        if limit is None:
            bucket = self._default
        else:
            bucket = self._methods.get(name) or self._methods.setdefault(name, Bucket(limit, self._clock))
        if not bucket.take():
            raise GatewayError("THROTTLED")

    def _check_plan(self, plan: Plan, key: str, name: tuple[str, str]) -> None:
        own = plan.methods.get(name)
        limit = own or plan.limit
        if limit is not None:
            slot = (key, *(name if own else ("", "")))
            bucket = self._keys.get(slot) or self._keys.setdefault(slot, Bucket(limit, self._clock))
            if not bucket.take():
                raise GatewayError("THROTTLED")
        if plan.quota is not None:
            period = _period(plan.period, self._today())
            before, used = self._used.get((plan.id, key), (period, 0))
            used = used if before == period else 0
            if used >= plan.quota:
                raise GatewayError("QUOTA_EXCEEDED")
            self._used[plan.id, key] = (period, used + 1)


def _period(period: str, day: dt.date) -> object:
    """What stays the same during one period of a quota."""
    return {"DAY": day, "WEEK": day.isocalendar()[:2], "MONTH": (day.year, day.month)}.get(period, day)
