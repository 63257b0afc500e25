"""One evaluation of one alarm: the data points of its windows, compared, judged, and put into words."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sandbox.alarms.definitions import Definition, Query
from sandbox.alarms.judge import BEYOND, State, judge
from sandbox.alarms.measured.points import Points
from sandbox.alarms.measured.summary import StatisticError, statistic
from sandbox.alarms.metric_math import MathError, Value, evaluate
from sandbox.alarms.metric_math.values import NotEnoughDataError
from sandbox.alarms.metric_math.values import Points as Row

HISTORY: Final = 200
"""Data points before the evaluated ones that a band is drawn from, at most."""
LEAST_HISTORY: Final = 30
"""With fewer, an alarm on a band has insufficient data. CloudWatch learns from two weeks, with hours and weekdays."""


@dataclass
class Window:
    """The last data points of every query up to a moment; a context of metric math."""

    points: Points
    queries: Mapping[str, Query]
    end: float
    count: int
    scale: float = 1.0
    """How much shorter a period is here than declared."""
    period_s: float = 60.0
    _open: list[str] = field(default_factory=list)

    def value(self, name: str) -> Value:
        """The data points of a metric or an expression."""
        query = self.queries.get(name)
        if query is None:
            raise MathError(f"metric {name!r} is not declared; there are: {', '.join(self.queries)}")
        if query.series is not None:
            return self._read(query, self.end, self.count)
        if name in self._open:
            raise MathError(f"expression {name!r} asks for itself by way of {', '.join(self._open)}")
        self._open.append(name)
        try:
            return evaluate(query.expression, self)
        finally:
            self._open.pop()

    def every(self) -> Sequence[Row]:
        """All metrics that are no expressions."""
        rows = (self._read(query, self.end, self.count) for query in self.queries.values() if query.series is not None)
        return list(rows)

    def band(self, name: str, width: float) -> tuple[Row, Row]:
        """So many standard deviations around the mean of what was before, the same for every data point."""
        query = self.queries.get(name)
        if query is None or query.series is None:
            raise MathError(f"a band is drawn around {name!r}; allowed: the id of a metric")
        before = self.end - self.count * query.period_s * self.scale
        known = list(self._read(query, before, HISTORY).values())
        if len(known) < LEAST_HISTORY:
            raise NotEnoughDataError(
                f"{len(known)} data points before the evaluated ones, {LEAST_HISTORY} are needed for a band"
            )
        mean = statistics.fmean(known)
        # What never changed is still allowed to move by a hundredth.
        half = width * max(statistics.pstdev(known), abs(mean) / 100)
        ages = range(self.count)
        return dict.fromkeys(ages, mean - half), dict.fromkeys(ages, mean + half)

    def _read(self, query: Query, end: float, count: int) -> Row:
        if query.series is None:
            raise MathError(f"query {query.id!r} is no metric")
        read = statistic(query.statistic)
        found = self.points.windows(query.series, end, query.period_s * self.scale, count)
        return {age: read(summary) for age, summary in found.items() if summary.count}


@dataclass(frozen=True)
class Verdict:
    """What an evaluation came to."""

    state: State
    reason: str
    recent: list[float]
    """The data points that were looked at, oldest first."""


def verdict(alarm: Definition, points: Points, end: float, scale: float, before: State) -> Verdict:
    """Evaluates an alarm on the data points up to a moment."""
    count = alarm.periods + BEYOND
    window = Window(points, alarm.queries, end, count, scale, alarm.period_s)
    try:
        value = window.value(alarm.result)
        breaches = _breaches(alarm, window, value)
    except NotEnoughDataError as lack:
        return Verdict("INSUFFICIENT_DATA", f"Insufficient Data: {lack}", [])
    except (MathError, StatisticError) as fault:
        return Verdict("INSUFFICIENT_DATA", f"Evaluation error: {fault}", [])
    known = value if isinstance(value, Mapping) else {}
    state, words = judge(breaches, periods=alarm.periods, needed=alarm.needed, treatment=alarm.treatment, before=before)
    recent = [known[age] for age in sorted(known, reverse=True) if age < alarm.periods]
    shown = ", ".join(f"{point:g}" for point in recent) or "none"
    edge = f"the band {alarm.band}" if alarm.band else f"{alarm.threshold:g}"
    reason = f"Threshold Crossed: {words}: [{shown}] against {alarm.operator} {edge}, {alarm.needed} needed"
    return Verdict(state, reason.removeprefix("Threshold Crossed: " if state != "ALARM" else ""), recent)


_THRESHOLD: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": lambda value, edge: value > edge,
    "GreaterThanOrEqualToThreshold": lambda value, edge: value >= edge,
    "LessThanThreshold": lambda value, edge: value < edge,
    "LessThanOrEqualToThreshold": lambda value, edge: value <= edge,
}


def _breaches(alarm: Definition, window: Window, value: Value) -> dict[int, bool]:
    if not isinstance(value, Mapping):
        raise MathError(f"query {alarm.result!r} gives no series of data points; an alarm needs one")
    if not alarm.band:
        outside = _THRESHOLD.get(alarm.operator)
        if outside is None:
            raise MathError(f"{alarm.operator} compares with a band, and the alarm has none")
        return {age: outside(point, alarm.threshold) for age, point in value.items()}
    band = window.value(alarm.band)
    if not isinstance(band, tuple):
        raise MathError(f"query {alarm.band!r} is no band; allowed: ANOMALY_DETECTION_BAND(metric, width)")
    lower, upper = band
    if not isinstance(lower, Mapping) or not isinstance(upper, Mapping):
        raise MathError(f"query {alarm.band!r} is no band; allowed: ANOMALY_DETECTION_BAND(metric, width)")
    below = "Lower" in alarm.operator
    above = "Upper" in alarm.operator
    return {
        age: (above and point > upper[age]) or (below and point < lower[age])
        for age, point in value.items()
        if age in upper
    }
