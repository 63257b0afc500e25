"""What the gateway logs of each request, and what is counted of it: its own metrics know no single status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from pulumi import Input, ResourceOptions

from components.aws import cloudwatch
from components.values import Alarm, Metric, Widget

ACCESS_LOG: Final = {
    "apiKeyId": "$context.identity.apiKeyId",
    "errorType": "$context.error.responseType",
    "integrationLatencyMs": "$context.integrationLatency",
    "integrationStatus": "$context.integrationStatus",
    "latencyMs": "$context.responseLatency",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "responseBytes": "$context.responseLength",
    "status": "$context.status",
    "traceId": "$context.xrayTraceId",
    "userId": "$context.authorizer.claims.sub",
    "wafStatus": "$context.wafResponseCode",
}
"""What is logged of each request: routes and ids; no address, token or body."""
API: Final = "apiName"
"""Member of each line that says whose it is: the dimension of what is counted."""
NAMESPACE: Final = "MLPlatform/Access"
COUNTED: Final[Mapping[str, tuple[str, str]]] = {
    "Unauthorized": ('{ $.status = "401" || $.status = "403" }', "401 and 403"),
    "Throttled": ('{ $.status = "429" }', "429"),
    "TooSlow": ('{ $.status = "504" }', "504"),
}
"""Metric → the lines that it counts, and what a dashboard calls it."""
_MANY: Final = 100


def form(api: str) -> str:
    """The form of a line."""
    return json.dumps({**ACCESS_LOG, API: api}, sort_keys=True, separators=(",", ":"))


def count(name: str, log_group: Input[str], opts: ResourceOptions) -> None:
    """Counts lines by filters of their log group."""
    for metric, (pattern, _) in COUNTED.items():
        cloudwatch.LogMetricFilter(
            f"{name}-counts-{metric.lower()}",
            name=metric,
            log_group_name=log_group,
            pattern=pattern,
            # One with a dimension takes no default: no line, no data point.
            metric_transformation={
                "name": metric,
                "namespace": NAMESPACE,
                "value": "1",
                "unit": "Count",
                "dimensions": {"ApiName": f"$.{API}"},
            },
            opts=opts,
        )


def counted(api: str, metric: str) -> Metric:
    """What a filter counts, in five minutes."""
    label = COUNTED[metric][1]
    return Metric(namespace=NAMESPACE, name=metric, dimensions={"ApiName": api}, period_s=300, label=label)


def alarms(api: str) -> list[Alarm]:
    """Tokens that are refused in number."""
    return [
        Alarm(
            name="api-unauthorized",
            metric=counted(api, "Unauthorized"),
            threshold=_MANY,
            periods=2,
            description=f"{_MANY} requests in five minutes had no right: tokens count no more, or are guessed",
            runbook="api-refusals",
        )
    ]


def widgets(api: str) -> list[Widget]:
    """Refusals by what they were for."""
    return [
        Widget(
            title="Refused by status",
            section="API",
            metrics=[counted(api, metric) for metric in COUNTED],
            y_label="in 5 minutes",
        )
    ]
