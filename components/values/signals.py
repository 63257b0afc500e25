"""Metrics, alarms and dashboard rows that components declare and Observability composes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pulumi import Input

Comparison = Literal[
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "GreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
]
"""The last three compare with the band of what is usual, which CloudWatch learns."""
MissingData = Literal["notBreaching", "breaching", "ignore", "missing"]
Severity = Literal["critical", "warning"]
Kind = Literal["lines", "stacked", "number"]
Board = Literal["application", "business", "cost"]
CompositeName = Literal["api-burn-fast", "api-burn-slow", "api-down", "model-degraded"]
"""Alarms that are made of others (components/observability/composites.py)."""

_HIGH_RESOLUTION_PERIODS_S: Final = (1, 5, 10, 20, 30)
_METRIC_ID: Final = re.compile(r"^[a-z][A-Za-z0-9_]*$")
_MOST_METRICS: Final = 10
"""Metrics that the expression of one alarm may read."""
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One CloudWatch metric with the statistic to read."""

    namespace: str
    """Such as `AWS/Lambda`."""
    name: str
    """Such as `Errors`."""
    dimensions: Mapping[str, Input[str]] = field(default_factory=dict)
    """Which of the metric's series."""
    statistic: str = "Sum"
    """Sum, Average, Minimum, Maximum, SampleCount or a percentile such as p95."""
    period_s: int = 60
    """Length of one data point."""
    unit: str = "Count"
    """CloudWatch's unit, such as Count, Milliseconds or Microseconds; for people, never a filter."""
    label: str = ""
    """Name on a dashboard; the metric's name when empty."""
    region: str = ""
    """Where it is, when not in the region of whoever shows it; alarms watch only their own region."""

    def __post_init__(self) -> None:
        """Refuses what CloudWatch would refuse."""
        check_period(self.name, self.period_s)

    def over(self, period_s: int) -> Metric:
        """The same metric with longer or shorter data points."""
        return replace(self, period_s=period_s)

    def read_as(self, statistic: str) -> Metric:
        """The same metric with another statistic."""
        return replace(self, statistic=statistic)


@dataclass(frozen=True, kw_only=True)
class MetricExpression:
    """Metric math over named metrics, such as `100 * errors / MAX([errors, calls])`."""

    expression: str
    """In CloudWatch's metric math; names the keys of `metrics`."""
    metrics: Mapping[str, Metric]
    """Id in the expression → metric."""
    label: str
    """Name on a dashboard."""
    period_s: int = 60
    """Length of one data point of the result."""
    unit: str = "None"
    """For people."""

    def __post_init__(self) -> None:
        """Refuses ids that metric math cannot name and an expression that uses none of them."""
        check_period(self.label, self.period_s)
        for key in self.metrics:
            if not _METRIC_ID.match(key):
                raise ValueError(
                    f"metric id {key!r} of {self.label!r} must begin with a lower-case letter and hold only "
                    "letters, digits and underscores; rename it",
                )
            if not re.search(rf"\b{key}\b", self.expression):
                raise ValueError(
                    f"metric id {key!r} of {self.label!r} is not used in {self.expression!r}; use it or remove it"
                )


def check_period(name: str, period_s: int) -> None:
    """Raises ValueError for a period that CloudWatch does not have."""
    if period_s not in _HIGH_RESOLUTION_PERIODS_S and (period_s < 60 or period_s % 60):
        allowed = ", ".join(map(str, _HIGH_RESOLUTION_PERIODS_S))
        raise ValueError(f"period_s of {name!r} is {period_s}; allowed: {allowed} or a multiple of 60")


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One row of the alarm table: when to wake whom, and where to read what to do."""

    name: str
    """Unique in the stack, lower case with dashes; becomes part of the alarm's physical name."""
    metric: Metric | MetricExpression
    """What is watched."""
    threshold: float
    """In the metric's unit; where a band is compared with, how many standard deviations it is wide to each side."""
    description: str
    """What it means for a user, in one sentence."""
    runbook: str
    """File name without ending in docs/runbooks/."""
    comparison: Comparison = "GreaterThanThreshold"
    """How the metric is compared with the threshold."""
    periods: int = 1
    """How many data points are looked at."""
    datapoints: int | None = None
    """How many of them must breach; all when None."""
    missing_data: MissingData = "notBreaching"
    """What a missing data point counts as. With `missing` it is told that nothing is measured any more; what was never
    measured is told by nobody, so that a new stack is quiet."""
    severity: Severity = "warning"
    """critical wakes somebody up; warning waits for the morning."""
    part_of: tuple[CompositeName, ...] = ()
    """Alarms that are made of this one and others."""
    quiet: bool = False
    """Whether it notifies nobody by itself, because what it is part of does."""
    event: bool = False
    """Whether it tells of something that happened, and not of a state: that no more of it happens is no news."""

    def __post_init__(self) -> None:
        """Refuses a row that CloudWatch would refuse."""
        if self.on_band and not isinstance(self.metric, Metric):
            raise ValueError(
                f"alarm {self.name!r} compares an expression with a band; allowed: a metric; take one, or a threshold"
            )
        if isinstance(self.metric, MetricExpression) and len(self.metric.metrics) > _MOST_METRICS:
            raise ValueError(
                f"alarm {self.name!r} reads {len(self.metric.metrics)} metrics; allowed: {_MOST_METRICS} at most; "
                "watch them by two alarms"
            )
        if self.quiet and not self.part_of:
            raise ValueError(
                f"alarm {self.name!r} is quiet and part of nothing; allowed: quiet members; name its whole"
            )
        period_s = self.metric.period_s
        longest_s = 7 * _DAY_S if period_s >= _HOUR_S else _DAY_S
        if self.periods < 1 or self.periods * period_s > longest_s:
            raise ValueError(
                f"alarm {self.name!r} looks at {self.periods} periods of {period_s} s; "
                "allowed: at least one, and one day in all, or seven days where a period is an hour or longer",
            )
        if not 1 <= self.needed <= self.periods:
            raise ValueError(
                f"alarm {self.name!r} needs {self.datapoints} data points; allowed: 1 to periods ({self.periods})"
            )

    @property
    def on_band(self) -> bool:
        """Whether it compares with the band of what is usual, and not with a threshold."""
        return "Upper" in self.comparison or "Lower" in self.comparison

    @property
    def needed(self) -> int:
        """How many data points must breach."""
        return self.periods if self.datapoints is None else self.datapoints


@dataclass(frozen=True, kw_only=True)
class Widget:
    """One picture on a dashboard."""

    title: str
    """Above the picture."""
    section: str
    """Heading that the picture stands under; widgets of one section stand together."""
    metrics: Sequence[Metric | MetricExpression]
    """What is drawn."""
    kind: Kind = "lines"
    """How it is drawn."""
    y_label: str = ""
    """Name of the left axis, with its unit."""
    width: int = 8
    """Columns of 24."""
    height: int = 6
    """Rows."""
    marks: Mapping[str, float] = field(default_factory=dict)
    """Horizontal lines: label → value; the thresholds of alarms on the same metric are drawn by themselves."""
    board: Board = "application"
    """Dashboard that it stands on."""

    def __post_init__(self) -> None:
        """Refuses a widget that the dashboard's grid cannot hold."""
        if not 1 <= self.width <= 24 or not 1 <= self.height <= 1000:
            raise ValueError(
                f"widget {self.title!r} is {self.width} by {self.height}; allowed: width 1 to 24, height 1 to 1000"
            )
        if not self.metrics:
            raise ValueError(f"widget {self.title!r} draws no metric; give at least one")
