"""What Prometheus is told: each metric with the CloudWatch metric that it is taken from.

A function sees one request of many, so its own counters would tell nothing of the platform; CloudWatch adds up what all
of them tell. Its figures are of a period, not since a beginning: they are gauges here, without `_total`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from functions.measures import DIMENSION, NAMESPACE
from functions.metrics.settings import Settings

Source = Literal["api", "function", "predictions", "endpoint", "training"]
PREFIX: Final = "mlplatform"
QUANTILES: Final[Mapping[str, str]] = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}
"""CloudWatch's percentile → Prometheus's quantile."""


@dataclass(frozen=True)
class Row:
    """One metric of ours."""

    name: str
    """Without the prefix, in base units."""
    about: str
    """What it says, in a sentence."""
    source: Source
    metric: str
    """CloudWatch's name."""
    statistics: tuple[str, ...] = ("Sum",)
    scale: float = 1
    """What a value is multiplied by to be in base units."""

    @property
    def absent(self) -> float | None:
        """What no data point means: none of what is counted, and nothing for what is measured."""
        return 0.0 if self.statistics == ("Sum",) else None


TIMES: Final = tuple(QUANTILES)
ROWS: Final = (
    Row("api_requests", "Requests of the period.", "api", "Count"),
    Row("api_refused_requests", "Requests that were answered with 4xx.", "api", "4XXError"),
    Row("api_failed_requests", "Requests that were answered with 5xx.", "api", "5XXError"),
    Row("api_latency_seconds", "Time to answer a request, by quantile.", "api", "Latency", TIMES, 1e-3),
    Row("function_invocations", "Runs of a function.", "function", "Invocations"),
    Row("function_errors", "Runs that ended with an exception or a timeout.", "function", "Errors"),
    Row("function_throttles", "Calls that found no instance free.", "function", "Throttles"),
    Row("function_duration_seconds", "Time of a run, by quantile.", "function", "Duration", ("p95",), 1e-3),
    Row("predictions", "Predictions that were answered.", "predictions", "Predictions"),
    Row("prediction_cache_hits", "Predictions that the cache had.", "predictions", "CacheHits"),
    Row("prediction_cache_misses", "Predictions that the model was asked for.", "predictions", "CacheMisses"),
    Row("prediction_confidence_ratio", "Mean confidence.", "predictions", "Confidence", ("Average",), 0.01),
    Row("endpoint_invocations", "Calls of the model's endpoint.", "endpoint", "Invocations"),
    Row("endpoint_failed_invocations", "Calls that it answered with 5xx.", "endpoint", "Invocation5XXErrors"),
    Row("endpoint_latency_seconds", "Time of the model, by quantile.", "endpoint", "ModelLatency", TIMES, 1e-6),
    Row("trainings_succeeded", "Trainings that ended well.", "training", "ExecutionsSucceeded"),
    Row("trainings_failed", "Trainings that failed.", "training", "ExecutionsFailed"),
)
NAMESPACES: Final[Mapping[Source, str]] = {
    "api": "AWS/ApiGateway",
    "function": "AWS/Lambda",
    "predictions": NAMESPACE,
    "endpoint": "AWS/SageMaker",
    "training": "AWS/States",
}


@dataclass(frozen=True)
class Series:
    """One figure that CloudWatch is asked for, and the sample that it becomes."""

    row: Row
    dimensions: Mapping[str, str]
    statistic: str
    labels: Mapping[str, str]


def series(settings: Settings) -> Iterator[Series]:
    """Every figure of the stack, in the order of the rows."""
    for row in ROWS:
        for dimensions, labels in places(row.source, settings):
            for statistic in row.statistics:
                quantile = {"quantile": QUANTILES[statistic]} if statistic in QUANTILES else {}
                yield Series(row, dimensions, statistic, {**labels, **quantile})


def places(source: Source, settings: Settings) -> list[tuple[Mapping[str, str], Mapping[str, str]]]:
    """Dimensions of what is measured, with the labels that tell it from its like."""
    prefix = settings.name_prefix
    if source == "function":
        return [({"FunctionName": f"{prefix}-{name}"}, {"function": name}) for name in settings.functions.split(",")]
    one: Mapping[Source, Mapping[str, str]] = {
        "api": {"ApiName": f"{prefix}-api", "Stage": settings.stage},
        "predictions": {DIMENSION: f"{prefix}-predictions"},
        "endpoint": {"EndpointName": settings.endpoint_name, "VariantName": settings.variant},
        "training": {"StateMachineArn": settings.state_machine_arn},
    }
    return [(one[source], {})]
