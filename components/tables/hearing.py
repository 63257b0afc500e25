"""A function that Lambda calls with the changes of a table: its rights, the mapping, and how far it is behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypedDict

from pulumi import Input, ResourceOptions

from components.aws import lambda_
from components.function import Function
from components.values import Metric, Statement


class Changes(TypedDict):
    """Which changes of a table a function hears of, and how long they are tried."""

    stream_arn: Input[str]
    """The table's stream."""
    pattern: Mapping[str, Any]
    """What a change has to be like."""
    at_once: int
    """Changes in one call."""
    retries: int
    """Of a call that fails."""
    keep_s: int
    """Age above which a change is not tried any more."""
    lost_events_arn: Input[str]
    """Queue for what could not be followed."""


def may_hear(stream_arn: Input[str], lost_arn: Input[str]) -> list[Statement]:
    """The right to read a stream, and to leave in a queue what could not be followed."""
    read = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    return [
        {"Sid": "HearChanges", "Effect": "Allow", "Action": read, "Resource": [stream_arn]},
        # Lambda lists streams before it reads one; a list has no resource to name.
        {"Sid": "ListStreams", "Effect": "Allow", "Action": ["dynamodb:ListStreams"], "Resource": ["*"]},
        {"Sid": "KeepLostChanges", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [lost_arn]},
    ]


def hear(name: str, function: Function, changes: Changes, opts: ResourceOptions) -> lambda_.EventSourceMapping:
    """Calls a function with the changes, from the oldest that the stream has."""
    return lambda_.EventSourceMapping(
        name,
        event_source_arn=changes["stream_arn"],
        function_name=function.alias_arn,
        starting_position="TRIM_HORIZON",
        batch_size=changes["at_once"],
        filter_criteria={"filters": [{"pattern": json.dumps(changes["pattern"], sort_keys=True)}]},
        maximum_retry_attempts=changes["retries"],
        maximum_record_age_in_seconds=changes["keep_s"],
        destination_config={"on_failure": {"destination_arn": changes["lost_events_arn"]}},
        # Lambda tries the role's rights on stream and queue when the mapping is made.
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[function.rights])),
    )


def age(function: Function, label: str) -> Metric:
    """How old the change is that is being followed, in milliseconds."""
    return Metric(
        namespace="AWS/Lambda",
        name="IteratorAge",
        dimensions={"FunctionName": function.function_name},
        statistic="Maximum",
        unit="Milliseconds",
        label=label,
    )
