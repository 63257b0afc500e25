"""What every function's role holds, beside what its capability needs."""

from __future__ import annotations

from typing import Final

from pulumi import Input

from components.values import Statement, formatted

_NETWORK_ACTIONS: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def function_arn(log_group_arn: str, function_name: str) -> str:
    """The ARN of a function from that of its log group, which stands before the function does."""
    _, partition, _, region, account, *_ = log_group_arn.split(":")
    return f"arn:{partition}:lambda:{region}:{account}:function:{function_name}"


def own_statements(log_group_arn: Input[str], key_arn: Input[str]) -> list[Statement]:
    """What every function may do: write its own log, send traces, have its environment decrypted."""
    return [
        {
            "Sid": "WriteOwnLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [formatted("{0}:*", log_group_arn)],
        },
        {
            "Sid": "SendTraces",
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            # X-Ray has no resource for these.
            "Resource": ["*"],
        },
        {"Sid": "DecryptEnvironment", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key_arn]},
    ]


def network_statements(arn: Input[str]) -> list[Statement]:
    """Network interfaces for the Lambda service, which works in the function's role, but not for the function's code.

    Source: Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
    """
    actions = list(_NETWORK_ACTIONS)
    return [
        {"Sid": "PlaceInNetwork", "Effect": "Allow", "Action": actions, "Resource": ["*"]},
        {
            "Sid": "KeepCodeFromNetwork",
            "Effect": "Deny",
            "Action": actions,
            "Resource": ["*"],
            "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": [arn]}},
        },
    ]
