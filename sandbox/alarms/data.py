"""PutMetricData, GetMetricData, GetMetricStatistics and ListMetrics on the data points of this process.

The functions take one of moto's responses as `self`, as its own methods do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partialmethod
from typing import Any

from sandbox.alarms.definitions import Query
from sandbox.alarms.evaluation import Window
from sandbox.alarms.measured.points import Points, Series
from sandbox.alarms.measured.summary import StatisticError, statistic
from sandbox.alarms.metric_math import MathError
from sandbox.events.hooks import inner

Operation = Callable[..., Any]


def refuse(text: str) -> Exception:
    """CloudWatch's ValidationError."""
    from moto.cloudwatch.exceptions import ValidationError

    error: Exception = ValidationError(text)
    return error


def on_data(points: Points) -> dict[str, Any]:
    """The operations by the names of moto's methods."""
    return {
        "put_metric_data": partialmethod(_put, points),
        "get_metric_data": partialmethod(_get, points),
        "get_metric_statistics": partialmethod(_statistics, points),
        "list_metrics": partialmethod(_list, points),
    }


def _put(response: Any, points: Points) -> Any:
    from moto.core.responses import EmptyResult

    given = _parameters(response)
    rows = given.get("MetricData") or []
    for number, row in enumerate(rows, 1):
        inner(response.cloudwatch_backend, "_validate_parameters_put_metric_data")(row, number)
    for row in rows:
        series = Series.of(response.region, given["Namespace"], row["MetricName"], _dimensions(row))
        at, unit = _seconds(row["Timestamp"]) if row.get("Timestamp") else points.now(), row.get("Unit") or "None"
        if row.get("Values"):
            counts = row.get("Counts") or [1.0] * len(row["Values"])
            for value, times in zip(row["Values"], counts, strict=True):
                points.add_counted(series, {float(value): float(times)}, unit=unit, at=at)
        elif row.get("StatisticValues"):
            count, total, least, most = (
                float(row["StatisticValues"][name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum")
            )
            points.add_set(series, (count, total, least, most), unit=unit, at=at)
        else:
            points.add(series, [float(row.get("Value", 0))], unit=unit, at=at)
    return EmptyResult()


def _get(response: Any, points: Points) -> Any:
    from moto.core.responses import ActionResult

    given = _parameters(response)
    rows = given.get("MetricDataQueries") or []
    queries = {row["Id"]: _query(row, response.region) for row in rows}
    start, end = _stretch(given)
    newest_first = (given.get("ScanBy") or "TimestampDescending") == "TimestampDescending"
    found = []
    for row, query in zip(rows, queries.values(), strict=True):
        if query.returned:
            last, count = _windows(start, end, query.period_s)
            window = Window(points, queries, last, count, period_s=query.period_s)
            value = _evaluated(window, query)
            ages = sorted(value, reverse=not newest_first)
            found.append(
                {
                    "Id": query.id,
                    "Label": row.get("Label") or row["Id"],
                    "Values": [value[age] for age in ages],
                    "Timestamps": [_moment(last - (age + 1) * query.period_s) for age in ages],
                    "StatusCode": "Complete",
                }
            )
    return ActionResult({"MetricDataResults": found, "Messages": []})


def _evaluated(window: Window, query: Query) -> Mapping[int, float]:
    try:
        value = window.value(query.id)
    except (MathError, StatisticError) as fault:
        raise refuse(str(fault)) from fault
    if not isinstance(value, Mapping):
        raise refuse(f"query {query.id!r} gives no series of data points; wrap a number in TIME_SERIES()")
    return value


def _statistics(response: Any, points: Points) -> Any:
    from moto.core.responses import ActionResult

    given = _parameters(response)
    plain, extended = given.get("Statistics") or [], given.get("ExtendedStatistics") or []
    if not plain and not extended:
        raise refuse("Must specify either Statistics or ExtendedStatistics")
    series = Series.of(response.region, given["Namespace"], given["MetricName"], _dimensions(given))
    period_s = float(given["Period"])
    last, count = _windows(*_stretch(given), period_s)
    rows = []
    for age, summary in sorted(points.windows(series, last, period_s, count).items(), reverse=True):
        try:
            row = {name: statistic(name)(summary) for name in plain}
            ranks = {name: statistic(name)(summary) for name in extended}
        except StatisticError as fault:
            raise refuse(str(fault)) from fault
        stamp = {"Timestamp": _moment(last - (age + 1) * period_s), "Unit": points.series()[series]}
        rows.append({**stamp, **row, **({"ExtendedStatistics": ranks} if ranks else {})})
    return ActionResult({"Label": given["MetricName"], "Datapoints": rows})


def _list(response: Any, points: Points) -> Any:
    from moto.core.responses import ActionResult

    given = _parameters(response)
    wanted = [(one["Name"], one.get("Value")) for one in given.get("Dimensions") or []]
    rows = [
        {
            "Namespace": series.namespace,
            "MetricName": series.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
        }
        for series in sorted(points.series())
        if series.region == response.region
        and given.get("Namespace") in {None, series.namespace}
        and given.get("MetricName") in {None, series.name}
        and all(_has(dict(series.dimensions), name, value) for name, value in wanted)
    ]
    return ActionResult({"Metrics": rows})


def _has(dimensions: Mapping[str, str], name: str, value: str | None) -> bool:
    return name in dimensions and value in {None, dimensions[name]}


def _query(row: Mapping[str, Any], region: str) -> Query:
    returned = str(row.get("ReturnData", True)).lower() != "false"
    if "MetricStat" not in row:
        if not row.get("Expression"):
            raise refuse(f"query {row.get('Id')!r} has neither MetricStat nor Expression; give one")
        return Query(row["Id"], float(row.get("Period") or 60), expression=str(row["Expression"]), returned=returned)
    stat = row["MetricStat"]
    metric = stat["Metric"]
    series = Series.of(region, metric.get("Namespace", ""), metric["MetricName"], _dimensions(metric))
    return Query(row["Id"], float(stat["Period"]), series, str(stat["Stat"]), returned=returned)


def _parameters(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = inner(response, "_get_params")()
    return found


def _dimensions(row: Mapping[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in row.get("Dimensions") or []}


def _stretch(given: Mapping[str, Any]) -> tuple[float, float]:
    start, end = _seconds(given["StartTime"]), _seconds(given["EndTime"])
    if start >= end:
        raise refuse("The parameter StartTime must be less than the parameter EndTime.")
    return start, end


def _windows(start: float, end: float, period_s: float) -> tuple[float, int]:
    """The end of the last period, and how many there are."""
    last = math.ceil(end / period_s) * period_s
    return last, math.ceil((last - start) / period_s)


def _seconds(moment: datetime | float | str) -> float:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    return float(moment)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
