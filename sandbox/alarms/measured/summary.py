"""What is known of a metric in one stretch of time: count, sum, extremes, and enough of the values for percentiles."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

_PERCENTILE: Final = re.compile(r"p(?P<rank>\d{1,2}(\.\d{1,10})?|100)$")
_DIGITS: Final = 3


class StatisticError(ValueError):
    """A statistic that cannot be read here; the text says which can."""


@dataclass
class Summary:
    """Values added up. Values are kept to three digits for percentiles; sum and extremes are exact."""

    count: float = 0.0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    values: dict[float, float] = field(default_factory=dict)
    """Rounded value → how often."""

    def add(self, value: float, times: float = 1.0) -> None:
        """Takes one value that was seen so many times."""
        self.count += times
        self.total += value * times
        self.least, self.most = min(self.least, value), max(self.most, value)
        rounded = value if value == int(value) and abs(value) < 1000 else float(f"{value:.{_DIGITS}g}")
        self.values[rounded] = self.values.get(rounded, 0.0) + times

    def add_set(self, count: float, total: float, least: float, most: float) -> None:
        """Takes a set of which only the statistics are known; percentiles see it as its average."""
        if count > 0:
            before = self.total
            self.add(total / count, count)
            self.total = before + total
            self.least, self.most = min(self.least, least), max(self.most, most)

    def merge(self, other: Summary) -> None:
        """Takes all that another one knows."""
        self.count += other.count
        self.total += other.total
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        for value, times in other.values.items():
            self.values[value] = self.values.get(value, 0.0) + times

    def percentile(self, rank: float) -> float:
        """The value below or at which so many per cent of the values are."""
        wanted, seen = rank / 100 * self.count, 0.0
        for value in sorted(self.values):
            seen += self.values[value]
            if seen >= wanted:
                return value
        return self.most


_PLAIN: Final[Mapping[str, Callable[[Summary], float]]] = {
    "Sum": lambda found: found.total,
    "SampleCount": lambda found: found.count,
    "Average": lambda found: found.total / found.count,
    "Minimum": lambda found: found.least,
    "Maximum": lambda found: found.most,
}


def statistic(name: str) -> Callable[[Summary], float]:
    """How a statistic such as `Sum` or `p95` is read; StatisticError for one that is not known here."""
    if name in _PLAIN:
        return _PLAIN[name]
    found = _PERCENTILE.match(name)
    if found is None:
        raise StatisticError(f"statistic {name!r} is not known here; allowed: {', '.join(_PLAIN)} and p0 to p100")
    rank = float(found["rank"])
    return lambda summary: summary.percentile(rank)


def merged(parts: Iterable[Summary]) -> Summary:
    """All parts as one."""
    whole = Summary()
    for part in parts:
        whole.merge(part)
    return whole
