"""What the endpoint measures: metrics, alarms, rollback and dashboard rows of one endpoint, by its fixed name."""

from __future__ import annotations

from typing import Final

from components.ml_endpoint.hosting import VARIANT
from components.values import Alarm, Metric, MetricExpression, Widget

_SECOND_US: Final = 1_000_000
_SECTION: Final = "Models"


def metric(endpoint: str, name: str, statistic: str = "Sum", *, unit: str = "Count", label: str = "") -> Metric:
    """One of SageMaker's metrics of the endpoint's variant, by the minute."""
    return Metric(
        namespace="AWS/SageMaker",
        name=name,
        dimensions={"EndpointName": endpoint, "VariantName": VARIANT},
        statistic=statistic,
        unit=unit,
        label=label,
    )


def latency(endpoint: str, statistic: str) -> Metric:
    """Time inside the model's container, in microseconds."""
    return metric(endpoint, "ModelLatency", statistic, unit="Microseconds", label=f"model {statistic}")


def errors(endpoint: str) -> Metric:
    """Invocations that the endpoint or the model failed; a caller's own mistakes are not among them."""
    return metric(endpoint, "Invocation5XXErrors", label="failed")


def rollback_rows(endpoint: str) -> list[Alarm]:
    """What takes a new version back while its traffic is being watched; quicker than what people hear of."""
    return [
        Alarm(
            name=f"{endpoint}-rollback-errors",
            metric=errors(endpoint),
            threshold=1,
            periods=2,
            datapoints=1,
            description="a new version fails requests",
            runbook="endpoint-errors",
        ),
        Alarm(
            name=f"{endpoint}-rollback-latency",
            metric=latency(endpoint, "p95"),
            threshold=2 * _SECOND_US,
            periods=3,
            datapoints=2,
            description="a new version is slower than two seconds",
            runbook="endpoint-latency",
        ),
    ]


def rollback_names(endpoint: str) -> list[str]:
    """Physical names of the rollback alarms, which deployments refer to."""
    return [row.name for row in rollback_rows(endpoint)]


def alarms(endpoint: str) -> list[Alarm]:
    """What people hear of."""
    return [
        Alarm(
            name="endpoint-latency",
            metric=latency(endpoint, "p95").over(300),
            threshold=_SECOND_US,
            periods=2,
            description="one prediction in twenty takes the model longer than a second",
            runbook="endpoint-latency",
        ),
        Alarm(
            name="endpoint-latency-critical",
            metric=latency(endpoint, "Average").over(300),
            threshold=2 * _SECOND_US,
            periods=2,
            description="predictions take the model longer than two seconds",
            runbook="endpoint-latency",
            severity="critical",
            part_of=("model-degraded",),
        ),
        Alarm(
            name="endpoint-errors",
            metric=errors(endpoint).over(3600),
            threshold=10,
            description="the endpoint failed more than ten predictions in an hour",
            runbook="endpoint-errors",
            severity="critical",
            part_of=("model-degraded",),
        ),
    ]


def widgets(endpoint: str, *, serverless: bool) -> list[Widget]:
    """Calls and failures, time, and what the model runs on."""
    calls = metric(endpoint, "Invocations", label="invocations")
    found = [
        Widget(
            title="Endpoint: invocations",
            section=_SECTION,
            metrics=[calls, errors(endpoint), metric(endpoint, "Invocation4XXErrors", label="refused")],
            y_label="invocations a minute",
        ),
        Widget(
            title="Endpoint: latency",
            section=_SECTION,
            metrics=[_milliseconds(latency(endpoint, statistic)) for statistic in ("p50", "p95", "p99")],
            y_label="ms",
            marks={"warning": 1000, "critical": 2000},
        ),
    ]
    if serverless:
        memory = metric(endpoint, "MemoryUtilization", "Maximum", unit="Percent", label="memory")
        found.append(Widget(title="Endpoint: memory", section=_SECTION, metrics=[memory], y_label="%"))
    else:
        load = metric(endpoint, "InvocationsPerInstance", label="invocations per instance")
        found.append(Widget(title="Endpoint: load", section=_SECTION, metrics=[load], y_label="per instance a minute"))
    return found


def _milliseconds(time: Metric) -> MetricExpression:
    return MetricExpression(
        expression="time / 1000", metrics={"time": time}, label=time.label, period_s=time.period_s, unit="Milliseconds"
    )
