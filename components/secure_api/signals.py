"""What the API measures: requests, errors and time, in all and by route."""

from __future__ import annotations

from typing import Final

from components.values import Alarm, Metric, MetricExpression, Widget
from functions.routes import ROUTES, Route

_SECTION: Final = "API"


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


def alarms(api: str, stage: str) -> list[Alarm]:
    """Errors of ours, refusals in number, and slowness."""
    refused = metric(api, stage, "4XXError", label="refused").over(300)
    calls = metric(api, stage, "Count", label="requests").over(300)
    return [
        Alarm(
            name="api-errors",
            metric=metric(api, stage, "5XXError", label="failed").over(300),
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
    ]


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
