"""The data points of every metric, kept in this process: fine for the last minutes, by the minute for a day."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sandbox.alarms.measured.summary import Summary

FINE_S = 0.1
"""Length of a fine bucket."""
FINE_KEPT_S = 900.0
COARSE_S = 60.0
COARSE_KEPT_S = 86_400.0

Now = Callable[[], float]
"""Seconds since 1970."""


@dataclass(frozen=True, order=True)
class Series:
    """Which metric: its region, namespace, name and dimensions."""

    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """In the order of their names."""

    @classmethod
    def of(cls, region: str, namespace: str, name: str, dimensions: Mapping[str, str]) -> Series:
        """From a mapping of dimensions."""
        return cls(region, namespace, name, tuple(sorted(dimensions.items())))


@dataclass
class _Kept:
    """One series."""

    unit: str = "None"
    fine: dict[int, Summary] = field(default_factory=dict)
    coarse: dict[int, Summary] = field(default_factory=dict)


class Points:
    """Takes values from any thread and gives them by period."""

    def __init__(self, now: Now = time.time) -> None:
        self.now = now
        self._kept: dict[Series, _Kept] = {}
        self._lock = threading.Lock()
        self._tidied = now()

    def add(self, series: Series, values: Iterable[float], *, unit: str = "None", at: float | None = None) -> None:
        """Takes values that were seen now, or at a moment of the last day."""
        with self._lock:
            bucket = self._bucket(series, unit, at)
            for value in values:
                bucket.add(value)

    def add_counted(
        self, series: Series, values: Mapping[float, float], *, unit: str = "None", at: float | None = None
    ) -> None:
        """Takes values with how often each was seen."""
        with self._lock:
            bucket = self._bucket(series, unit, at)
            for value, times in values.items():
                bucket.add(value, times)

    def add_set(
        self,
        series: Series,
        statistics: tuple[float, float, float, float],
        *,
        unit: str = "None",
        at: float | None = None,
    ) -> None:
        """Takes a statistic set: count, sum, minimum, maximum."""
        with self._lock:
            self._bucket(series, unit, at).add_set(*statistics)

    def windows(self, series: Series, end: float, length_s: float, count: int) -> dict[int, Summary]:
        """The last `count` stretches of a length that end at a moment: 0 is the newest; empty ones are left out."""
        start, found = end - count * length_s, dict[int, Summary]()
        with self._lock:
            kept = self._kept.get(series)
            if kept is None:
                return {}
            for size, buckets in ((FINE_S, kept.fine), (COARSE_S, kept.coarse)):
                # A bucket belongs where its middle is, so that rounding moves none across an edge.
                for number, summary in buckets.items():
                    middle = (number + 0.5) * size
                    if start <= middle < end:
                        found.setdefault(int((end - middle) // length_s), Summary()).merge(summary)
        return found

    def series(self) -> dict[Series, str]:
        """Every metric that has a data point, with its unit."""
        with self._lock:
            return {series: kept.unit for series, kept in self._kept.items()}

    def tidy(self) -> None:
        """Folds what is not recent into minutes, and forgets what is older than a day; does little if called often."""
        now = self.now()
        if now - self._tidied < COARSE_S:
            return
        with self._lock:
            self._tidied = now
            # Whole minutes only: no minute is half fine and half coarse.
            recent = (now - FINE_KEPT_S) // COARSE_S * COARSE_S
            for kept in self._kept.values():
                for number in [number for number in kept.fine if (number + 0.5) * FINE_S < recent]:
                    minute = int((number + 0.5) * FINE_S // COARSE_S)
                    kept.coarse.setdefault(minute, Summary()).merge(kept.fine.pop(number))
                old = (now - COARSE_KEPT_S) // COARSE_S
                for minute in [minute for minute in kept.coarse if minute < old]:
                    del kept.coarse[minute]

    def _bucket(self, series: Series, unit: str, at: float | None) -> Summary:
        kept = self._kept.setdefault(series, _Kept(unit))
        return kept.fine.setdefault(int((self.now() if at is None else at) / FINE_S), Summary())
