"""Watching: an alarm for each thing that works, waits or keeps data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policies.resources import Node, UndecidedError, Unknown, read
from policies.rule import Rule

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DIMENSIONS: Mapping[str, str] = {
    "aws:dynamodb/table:Table": "TableName",
    "aws:lambda/function:Function": "FunctionName",
    "aws:sagemaker/endpoint:Endpoint": "EndpointName",
    "aws:sfn/stateMachine:StateMachine": "StateMachineArn",
    "aws:sqs/queue:Queue": "QueueName",
}
"""Types that need an alarm → the dimension of their metrics that names one."""


def alarm_exists(node: Node) -> Iterable[str]:
    """An alarm watches a metric of this very resource."""
    dimension = DIMENSIONS[node.type]
    name, unknown = str(node.read("name", node.name)), False
    for alarm in node.stack.of_type(ALARM):
        if node.region and alarm.region and node.region != alarm.region:
            continue
        for value in _values(alarm, dimension):
            if isinstance(value, Unknown):
                unknown = True
            # A state machine is named by its ARN, everything else by its name.
            elif str(value).rpartition(":")[2] == name:
                return
    if unknown:
        raise UndecidedError(f"{dimension} of an alarm is not known before the update")
    yield f"no alarm watches a metric whose {dimension} is {name!r}"


def _values(alarm: Node, dimension: str) -> Iterable[object]:
    # Not by `read`, which refuses: one unknown name must not hide that another alarm watches.
    places: list[object] = [alarm.props.get("dimensions")]
    queries = alarm.props.get("metricQueries")
    if isinstance(queries, list):
        places += [read(query, "metric.dimensions") for query in queries if isinstance(query, Mapping)]
    return [place[dimension] for place in places if isinstance(place, Mapping) and dimension in place]


RULES = (
    Rule(
        id="alarm-exists",
        severity="medium",
        types=tuple(DIMENSIONS),
        scope="stack",
        what="Every function, queue, table, state machine and endpoint has an alarm.",
        why="What breaks without a sound is found by users.",
        mend="declare a row in the component's alarms(), which Observability turns into an alarm",
        check=alarm_exists,
    ),
)
