"""What a function needs that Lambda calls with the changes of a table."""

from __future__ import annotations

from pulumi import Input

from components.values import Statement


def may_hear(stream_arn: Input[str], lost_arn: Input[str]) -> list[Statement]:
    """The right to read a stream, and to leave in a queue what could not be followed."""
    read = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    return [
        {"Sid": "HearChanges", "Effect": "Allow", "Action": read, "Resource": [stream_arn]},
        # Lambda lists streams before it reads one; a list has no resource to name.
        {"Sid": "ListStreams", "Effect": "Allow", "Action": ["dynamodb:ListStreams"], "Resource": ["*"]},
        {"Sid": "KeepLostChanges", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": [lost_arn]},
    ]
