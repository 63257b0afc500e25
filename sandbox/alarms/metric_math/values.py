"""What an expression is made of: numbers, series of data points, and lists of series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

Points = Mapping[int, float]
"""Age in periods → value, 0 being the newest; a missing data point has no entry."""
Value = float | Points | Sequence[Points] | tuple[Points, Points]
"""A number, a series, a list of series, or a band: its lower and its upper edge."""


class MathError(ValueError):
    """An expression that cannot be evaluated; the text says why and what to do."""


class NotEnoughDataError(RuntimeError):
    """A band needs more history than there is."""


class Context(Protocol):
    """What an expression may ask for."""

    period_s: float
    """Length of a data point, as declared."""
    count: int
    """How many data points are looked at."""

    def value(self, name: str) -> Value:
        """What an id stands for; MathError names those that there are."""

    def every(self) -> Sequence[Points]:
        """All metrics of the query, as METRICS() gives them."""

    def band(self, name: str, width: float) -> tuple[Points, Points]:
        """The band around a metric's usual values; NotEnoughDataError without history."""


def series(value: Value) -> Points | None:
    """The value as a series, when it is one."""
    return value if isinstance(value, Mapping) else None


def combine(left: Value, right: Value, act: Callable[[float, float], float | None]) -> Value:
    """Two values by an operation: number by number where both have a data point."""
    if isinstance(left, float) and isinstance(right, float):
        found = act(left, right)
        if found is None:
            raise MathError("an expression divides a number by zero; guard it by IF")
        return found
    first, second = series(left), series(right)
    if first is not None and second is not None:
        return _kept({age: act(first[age], second[age]) for age in first if age in second})
    if first is not None and isinstance(right, float):
        return _kept({age: act(value, right) for age, value in first.items()})
    if second is not None and isinstance(left, float):
        return _kept({age: act(left, value) for age, value in second.items()})
    raise MathError("an operator stands between lists; allowed: numbers and single metrics")


def _kept(found: Mapping[int, float | None]) -> Points:
    """CloudWatch has no data point where a value is not defined, such as after a division by zero."""
    return {age: value for age, value in found.items() if value is not None}
