"""Policies of governance: who may publish to its topics, and what its services may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pulumi import Input, Output

from components.observability import deny_without_tls
from components.values import Statement, formatted, policy_json, trust_json

BUDGETS: Final = "budgets.amazonaws.com"
ANOMALIES: Final = "costalerts.amazonaws.com"
STOPPED: Final = (
    "sagemaker:CreateApp",
    "sagemaker:CreateAutoMLJob",
    "sagemaker:CreateAutoMLJobV2",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "sagemaker:StartNotebookInstance",
)
"""What nobody starts while the budget is spent: trainings with what prepares and judges them, and notebooks. Serving
is not in it: endpoints are made, changed and called as before."""


def topic_policy(topic_arn: Input[str], account_id: Input[str]) -> Output[str]:
    """Budgets and anomalies of the own account may publish; nobody may without TLS."""
    return policy_json(
        [
            _publish("BudgetsMayPublish", BUDGETS, topic_arn, of_budgets(account_id)),
            _publish("AnomaliesMayPublish", ANOMALIES, topic_arn, of_account(account_id)),
            deny_without_tls(topic_arn),
        ]
    )


def _publish(
    sid: str, service: str, topic_arn: Input[str], condition: Mapping[str, Mapping[str, Input[Any]]]
) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["sns:Publish"],
        "Resource": [topic_arn],
        "Condition": condition,
    }


def of_account(account_id: Input[str]) -> dict[str, dict[str, Input[Any]]]:
    """Condition: in the name of this account."""
    return {"StringEquals": {"aws:SourceAccount": [account_id]}}


def of_budgets(account_id: Input[str]) -> dict[str, dict[str, Input[Any]]]:
    """Condition: for a budget of this account."""
    # AWS Budgets is in the commercial partition alone.
    return of_account(account_id) | {"ArnLike": {"aws:SourceArn": [formatted("arn:aws:budgets::{0}:*", account_id)]}}


def stop() -> Statement:
    """Nothing new that is paid by the hour; what runs goes on to its end, which every job has."""
    return {"Sid": "BudgetIsSpent", "Effect": "Deny", "Action": list(STOPPED), "Resource": ["*"]}


def execution_trust(account_id: Input[str]) -> Output[str]:
    """Budgets of this account assume the role."""
    return trust_json(BUDGETS, conditions=of_budgets(account_id))


def execution_rights(role_arns: Sequence[Input[str]], policy_arn: Input[str]) -> Statement:
    """Attaching that one policy to those roles, and taking it off when the month is over."""
    return {
        "Sid": "StopAndLetGo",
        "Effect": "Allow",
        "Action": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        "Resource": list(role_arns),
        "Condition": {"ArnEquals": {"iam:PolicyARN": [policy_arn]}},
    }


TRAILS: Final = "cloudtrail.amazonaws.com"
CONFIG: Final = "config.amazonaws.com"


def of_trail(account_id: Input[str], trail_arn: Input[str]) -> dict[str, dict[str, Input[Any]]]:
    """Condition: for that trail of this account."""
    return {"StringEquals": {"aws:SourceAccount": [account_id], "aws:SourceArn": [trail_arn]}}


def deliver_trail(bucket_arn: Input[str], account_id: Input[str], trail_arn: Input[str]) -> list[Statement]:
    """CloudTrail looks whether the bucket is the account's, and writes below the account's folder."""
    mine = {"StringEquals": {"aws:SourceArn": [trail_arn]}}
    handed_over = {"StringEquals": {**mine["StringEquals"], "s3:x-amz-acl": ["bucket-owner-full-control"]}}
    service = {"Service": TRAILS}
    return [
        {
            "Sid": "CloudTrailLooks",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:GetBucketAcl"],
            "Resource": [bucket_arn],
            "Condition": mine,
        },
        {
            "Sid": "CloudTrailWrites",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:PutObject"],
            "Resource": [formatted("{0}/AWSLogs/{1}/*", bucket_arn, account_id)],
            "Condition": handed_over,
        },
    ]


def write_logs(streams: Input[str]) -> Statement:
    """Streams of the trail's own log group."""
    return {
        "Sid": "WriteRecords",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [streams],
    }


def deliver_records(bucket: Input[str], key_arn: Input[str], account_id: Input[str], part: str) -> list[Statement]:
    """AWS Config's role looks at the bucket, writes below its own folder, and uses the key for that alone."""
    objects = formatted("arn:{0}:s3:::{1}/AWSLogs/{2}/Config/*", part, bucket, account_id)
    return [
        {
            "Sid": "LookAtArchive",
            "Effect": "Allow",
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": [formatted("arn:{0}:s3:::{1}", part, bucket)],
        },
        {
            "Sid": "WriteRecords",
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": [objects],
            "Condition": {"StringEquals": {"s3:x-amz-acl": ["bucket-owner-full-control"]}},
        },
        {
            "Sid": "EncryptRecords",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [key_arn],
        },
    ]
