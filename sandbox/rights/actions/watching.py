"""Logs, metrics and traces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on, one


def group(call: Call) -> str:
    """The ARN of a log group."""
    return call.arn("logs", f"log-group:{call.text('logGroupName')}")


def stream(call: Call) -> str:
    """The ARN of a log stream."""
    return f"{group(call)}:log-stream:{call.text('logStreamName')}"


def _on_group(operation: str) -> Row:
    return on(f"logs:{operation}", lambda call: f"{group(call)}:*")


LOGS: Final[Table] = {
    "CreateLogGroup": on("logs:CreateLogGroup", group),
    "CreateLogStream": on("logs:CreateLogStream", stream),
    "DescribeLogGroups": anything("logs:DescribeLogGroups"),
    "DescribeLogStreams": _on_group("DescribeLogStreams"),
    "FilterLogEvents": _on_group("FilterLogEvents"),
    "GetLogEvents": on("logs:GetLogEvents", stream),
    "PutLogEvents": on("logs:PutLogEvents", stream),
    "PutRetentionPolicy": on("logs:PutRetentionPolicy", group),
}


def _alarms(call: Call, _: State) -> Iterable[Need]:
    names = call.params.get("AlarmNames") or [f"{call.text('AlarmNamePrefix')}*"]
    yield Need("cloudwatch:DescribeAlarms", tuple(call.arn("cloudwatch", f"alarm:{name}") for name in names))


CLOUDWATCH: Final[Table] = {
    "DescribeAlarms": _alarms,
    "GetMetricData": anything("cloudwatch:GetMetricData"),
    "GetMetricStatistics": anything("cloudwatch:GetMetricStatistics"),
    "ListMetrics": anything("cloudwatch:ListMetrics"),
    "PutMetricData": lambda call, _: (
        Need("cloudwatch:PutMetricData", context=one("cloudwatch:namespace", call.params.get("Namespace"))),
    ),
}

XRAY: Final[Table] = {
    operation: anything(f"xray:{operation}")
    for operation in ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
}
