"""What CloudFront measures of the site. Its figures are in us-east-1, wherever the stack is."""

from __future__ import annotations

from typing import Final

from pulumi import Input

from components.values import Alarm, Metric, Widget

_SECTION: Final = "Site"


def metric(distribution: Input[str], name: str, statistic: str, *, label: str, unit: str = "Percent") -> Metric:
    """One of the distribution's metrics, over all edges."""
    return Metric(
        namespace="AWS/CloudFront",
        name=name,
        dimensions={"DistributionId": distribution, "Region": "Global"},
        statistic=statistic,
        period_s=300,
        unit=unit,
        label=label,
    )


def alarms(distribution: Input[str]) -> list[Alarm]:
    """Failing answers, and an origin that is slow."""
    return [
        Alarm(
            name="site-errors",
            metric=metric(distribution, "5xxErrorRate", "Average", label="failed"),
            threshold=5,
            periods=3,
            datapoints=2,
            description="more than one in twenty requests to the site fails",
            runbook="site-errors",
            severity="critical",
        ),
        Alarm(
            name="site-latency",
            metric=metric(distribution, "OriginLatency", "p95", label="origin p95", unit="Milliseconds"),
            threshold=3000,
            periods=3,
            description="one request in twenty that the edges pass on waits longer than three seconds",
            runbook="site-latency",
        ),
    ]


def widgets(distribution: Input[str]) -> list[Widget]:
    """Requests, failures, what the cache spares, and how long origins take."""
    rates = [
        metric(distribution, "4xxErrorRate", "Average", label="refused"),
        metric(distribution, "5xxErrorRate", "Average", label="failed"),
        metric(distribution, "CacheHitRate", "Average", label="from the cache"),
    ]
    requests = metric(distribution, "Requests", "Sum", label="requests", unit="None")
    times = [
        metric(distribution, "OriginLatency", statistic, label=statistic, unit="Milliseconds")
        for statistic in ("p50", "p95", "p99")
    ]
    return [
        Widget(title="Site: requests", section=_SECTION, metrics=[requests], y_label="requests in 5 minutes"),
        Widget(title="Site: shares", section=_SECTION, metrics=rates, y_label="%", marks={"alarm: failed": 5}),
        Widget(title="Site: time of origins", section=_SECTION, metrics=times, y_label="ms", marks={"alarm": 3000}),
    ]
