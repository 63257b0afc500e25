"""What one alarm watches, read from the object that moto keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from sandbox.alarms.judge import TREATMENTS, Treatment
from sandbox.alarms.measured.points import Series

OPERATORS: Final = (
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "GreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
)


class DefinitionError(ValueError):
    """An alarm that CloudWatch would not take; the text names field, value and what is allowed."""


@dataclass(frozen=True)
class Query:
    """One row of what an alarm or GetMetricData reads: a metric with its statistic, or an expression."""

    id: str
    period_s: float
    series: Series | None = None
    statistic: str = ""
    expression: str = ""
    returned: bool = True


@dataclass(frozen=True)
class Definition:
    """A metric alarm."""

    queries: Mapping[str, Query]
    result: str
    """Id of the query that is compared."""
    operator: str
    threshold: float
    band: str
    """Id of the band that it is compared with; empty for a threshold."""
    periods: int
    needed: int
    treatment: Treatment

    @property
    def period_s(self) -> float:
        """Length of a data point of the result."""
        return self.queries[self.result].period_s


def definition(alarm: Any, region: str) -> Definition:
    """What an alarm of moto's watches; DefinitionError when it cannot be."""
    queries = _queries(alarm, region)
    band = str(alarm.threshold_metric_id or "")
    results = [query.id for query in queries.values() if query.returned and query.id != band]
    if len(results) != 1:
        raise DefinitionError(
            f"Metrics of alarm {alarm.name!r} return data for {', '.join(results) or 'nothing'}; allowed: exactly one "
            "beside the band; set ReturnData of the others to false"
        )
    operator, periods = str(alarm.comparison_operator), int(alarm.evaluation_periods)
    if operator not in OPERATORS:
        raise DefinitionError(
            f"ComparisonOperator of alarm {alarm.name!r} is {operator!r}; allowed: {', '.join(OPERATORS)}"
        )
    treatment = str(alarm.treat_missing_data or "missing")
    if treatment not in TREATMENTS:
        raise DefinitionError(
            f"TreatMissingData of alarm {alarm.name!r} is {treatment!r}; allowed: {', '.join(TREATMENTS)}"
        )
    if any(query.series is not None and query.series.namespace == "AWS/DynamoDB" for query in queries.values()):
        # CloudWatch keeps the state of an alarm on DynamoDB where data is missing, whatever the alarm asks for.
        treatment = "ignore"
    return Definition(
        queries=queries,
        result=results[0],
        operator=operator,
        threshold=float(alarm.threshold or 0.0),
        band=band,
        periods=periods,
        needed=int(alarm.datapoints_to_alarm or periods),
        treatment=cast("Treatment", treatment),
    )


def _queries(alarm: Any, region: str) -> dict[str, Query]:
    if not alarm.metric_data_queries:
        series = Series.of(
            region, str(alarm.namespace), str(alarm.metric_name), {row.name: row.value for row in alarm.dimensions}
        )
        statistic = str(alarm.statistic or alarm.extended_statistic or "")
        return {"m1": Query("m1", float(alarm.period), series, statistic)}
    stats = [row.metric_stat for row in alarm.metric_data_queries if row.metric_stat is not None]
    # An expression has the period of what it reads.
    usual_s = max((float(stat.period) for stat in stats), default=60.0)
    found = {}
    for row in alarm.metric_data_queries:
        returned = str(row.return_data).lower() != "false"
        if row.metric_stat is None:
            period_s = float(row.period or usual_s)
            found[row.id] = Query(row.id, period_s, expression=str(row.expression), returned=returned)
            continue
        metric = row.metric_stat.metric
        names = {dimension.name: dimension.value for dimension in metric.dimensions}
        series = Series.of(region, str(metric.namespace), str(metric.metric_name), names)
        stat = row.metric_stat
        found[row.id] = Query(row.id, float(stat.period), series, str(stat.stat), returned=returned)
    return found
