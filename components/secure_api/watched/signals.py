"""What the API measures: requests, errors and time, in all and by route."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from components.values import Alarm, CompositeName, Metric, MetricExpression, Widget
from functions.routes import ROUTES, Route

_SECTION: Final = "API"
OBJECTIVE: Final = 99.5
"""Requests that are not to fail, in per cent."""
_FEWEST: Final = 10
_PLANNED: Final = [route for route in ROUTES if route.planned]
_FAILED: Final = "failed" + "".join(f" - FILL(planned{number}, 0)" for number in range(len(_PLANNED)))
_BURNS: Final[Sequence[tuple[CompositeName, float, Mapping[str, int]]]] = (
    ("api-burn-fast", 14.4, {"5m": 300, "1h": 3600}),
    ("api-burn-slow", 6, {"30m": 1800, "6h": 21_600}),
)
"""How many times as fast as allowed: two days and five for what is allowed in 30."""


def metric(
    api: str, stage: str, name: str, statistic: str = "Sum", *, label: str, route: Route | None = None
) -> Metric:
    """One of API Gateway's metrics, of the stage or of one route."""
    dimensions = {"ApiName": api, "Stage": stage}
    if route is not None:
        dimensions |= {"Method": route.method, "Resource": route.path}
    return Metric(
        namespace="AWS/ApiGateway",
        name=name,
        dimensions=dimensions,
        statistic=statistic,
        unit="Milliseconds" if name.endswith("Latency") else "Count",
        label=label,
    )


def alarms(api: str, stage: str, objective: float = OBJECTIVE) -> list[Alarm]:
    """Errors of ours, refusals in number, slowness, what is unusual, and what uses up the objective too fast."""
    refused = metric(api, stage, "4XXError", label="refused").over(300)
    calls = metric(api, stage, "Count", label="requests").over(300)
    return [
        Alarm(
            name="api-errors",
            metric=MetricExpression(
                expression=_FAILED,
                metrics=_failed(api, stage, 300),
                label="failed",
                period_s=300,
                unit="Count",
            ),
            threshold=10,
            description="the API failed more than ten requests in five minutes",
            runbook="api-errors",
            severity="critical",
        ),
        Alarm(
            name="api-refusals",
            metric=MetricExpression(
                # A handful of wrong calls on a quiet day is no news.
                expression="IF(calls > 100, 100 * refused / calls, 0)",
                metrics={"calls": calls, "refused": refused},
                label="refused requests",
                period_s=300,
                unit="Percent",
            ),
            threshold=50,
            periods=3,
            description="the API refuses more than half of the requests: a client is broken, or somebody tries doors",
            runbook="api-refusals",
        ),
        Alarm(
            name="api-latency",
            metric=metric(api, stage, "Latency", "p95", label="p95").over(300),
            threshold=2000,
            periods=3,
            description="one request in twenty takes longer than two seconds",
            runbook="api-latency",
        ),
        *_unusual(api, stage),
        *_burning(api, stage, objective),
    ]


def _failed(api: str, stage: str, period_s: int) -> dict[str, Metric]:
    """Answers of 5xx, and those of routes that are announced and answered by 501: whoever asks those fails nothing."""
    planned = {
        f"planned{number}": metric(api, stage, "5XXError", label=f"{route.key} is not there yet", route=route)
        for number, route in enumerate(_PLANNED)
    }
    found = {"failed": metric(api, stage, "5XXError", label="failed"), **planned}
    return {name: each.over(period_s) for name, each in found.items()}


def failing(api: str, stage: str, period_s: int) -> MetricExpression:
    """Failed requests of all, in per cent; 0 while so few come that one failure would be a catastrophe."""
    return MetricExpression(
        expression=f"IF(calls >= {_FEWEST}, 100 * ({_FAILED}) / calls, 0)",
        metrics={
            "calls": metric(api, stage, "Count", label="requests").over(period_s),
            **_failed(api, stage, period_s),
        },
        label="failed requests",
        period_s=period_s,
        unit="Percent",
    )


def _unusual(api: str, stage: str) -> list[Alarm]:
    return [
        Alarm(
            name="api-unusual-traffic",
            metric=metric(api, stage, "Count", label="requests").over(300),
            comparison="LessThanLowerOrGreaterThanUpperThreshold",
            threshold=4,
            periods=3,
            description="far more or far fewer requests come than is usual at this hour",
            runbook="api-unusual",
        ),
        Alarm(
            name="api-unusual-latency",
            metric=metric(api, stage, "Latency", "p90", label="p90").over(300),
            comparison="GreaterThanUpperThreshold",
            threshold=4,
            periods=3,
            description="one request in ten takes far longer than is usual at this hour",
            runbook="api-unusual",
        ),
    ]


def _burning(api: str, stage: str, objective: float) -> list[Alarm]:
    """Failures by the speed at which they use up what the objective allows in 30 days.

    A long window says that it matters, a short one that it still goes on (Site Reliability Workbook, "Alerting on
    SLOs", multiwindow, multi-burn-rate alerts).
    """
    allowed = 100 - objective
    rows = [
        Alarm(
            name=f"api-burn-{window}",
            metric=failing(api, stage, period_s),
            threshold=round(factor * allowed, 6),
            description=f"in {window} the API failed {factor:g} times as many requests as its objective allows",
            runbook="api-burn",
            part_of=(whole,),
            quiet=True,
        )
        for whole, factor, windows in _BURNS
        for window, period_s in windows.items()
    ]
    most = Alarm(
        name="api-failing",
        metric=failing(api, stage, 60),
        threshold=50,
        periods=3,
        datapoints=2,
        description="the API fails more than half of the requests",
        runbook="api-down",
        part_of=("api-down",),
        quiet=True,
    )
    return [most, *rows]


def widgets(api: str, stage: str) -> list[Widget]:
    """The stage as a whole, then each route's requests and time."""
    whole = [
        metric(api, stage, "Count", label="requests"),
        metric(api, stage, "4XXError", label="refused"),
        metric(api, stage, "5XXError", label="failed"),
    ]
    times = [metric(api, stage, "Latency", statistic, label=statistic) for statistic in ("p50", "p95", "p99")]
    by_route = [metric(api, stage, "Count", label=route.key, route=route) for route in ROUTES]
    slowness = [metric(api, stage, "Latency", "p95", label=route.key, route=route) for route in ROUTES]
    return [
        Widget(title="Requests", section=_SECTION, metrics=whole, y_label="requests a minute"),
        Widget(title="Time", section=_SECTION, metrics=times, y_label="ms", marks={"alarm": 2000}),
        Widget(
            title="Requests by route",
            section=_SECTION,
            metrics=by_route,
            kind="stacked",
            y_label="requests a minute",
            width=12,
        ),
        Widget(title="Time by route, p95", section=_SECTION, metrics=slowness, y_label="ms", width=12),
    ]
