"""Keys: one KMS key a class of data, each usable by the services that handle that data and by no other."""

from __future__ import annotations

from typing import Final, Literal, NotRequired, TypedDict, get_args

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import kms

from components.values import Statement, policy_json

DataClass = Literal["data", "models", "logs", "secrets", "notifications"]

_PURPOSES: Final[dict[DataClass, str]] = {
    "data": "uploaded and processed data, tables and predictions",
    "models": "models, captured requests and the volumes of training jobs",
    "logs": "log groups and function environments",
    "secrets": "secrets and the prediction cache",
    "notifications": "topics and queues",
}


class KeysArgs(TypedDict):
    """What the keys need; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the aliases, such as `mlplatform-dev`."""
    account_id: Input[str]
    """Account whose administrators rule the keys by IAM."""
    region: str
    """Region whose services use them."""
    deletion_days: NotRequired[int]
    """How long a key scheduled for deletion can be rescued, 7 to 30; 30 by default."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete them; true by default."""


class Keys(pulumi.ComponentResource):
    """Rotated keys `data`, `models`, `logs`, `secrets` and `notifications`, each with an alias."""

    keys: dict[DataClass, kms.Key]
    """The keys by class of data."""

    def __init__(self, name: str, args: KeysArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Keys", name, {}, opts)
        deletion_days = args.get("deletion_days", 30)
        if not 7 <= deletion_days <= 30:
            raise ValueError(f"Keys {name!r}: deletion_days is {deletion_days}; allowed: 7 to 30")
        self.keys = {}
        for data_class, purpose in _PURPOSES.items():
            key = kms.Key(
                f"{name}-{data_class}",
                description=f"{args['name_prefix']}: {purpose}",
                deletion_window_in_days=deletion_days,
                enable_key_rotation=True,
                policy=key_policy(data_class, args["account_id"], args["region"]),
                opts=ResourceOptions(parent=self, protect=args.get("protect", True)),
            )
            kms.Alias(
                f"{name}-{data_class}-alias",
                name=f"alias/{args['name_prefix']}-{data_class}",
                target_key_id=key.key_id,
                opts=ResourceOptions(parent=self),
            )
            self.keys[data_class] = key
        self.register_outputs({data_class: key.arn for data_class, key in self.keys.items()})

    def arn(self, data_class: DataClass) -> Output[str]:
        """ARN of the key for a class of data."""
        if data_class not in self.keys:
            raise ValueError(f"data class {data_class!r} has no key; allowed: {', '.join(get_args(DataClass))}")
        return self.keys[data_class].arn


def partition(region: str) -> str:
    """The partition of a region, as ARNs spell it."""
    special = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((found for start, found in special.items() if region.startswith(start)), "aws")


def key_policy(data_class: DataClass, account_id: Input[str], region: str) -> Output[str]:
    """The account's administrators by IAM, and the services that come to the key in no one's name."""
    root = Output.format("arn:{0}:iam::{1}:root", partition(region), account_id)
    statements: list[Statement] = [
        {
            "Sid": "AccountAdministersByIam",
            "Effect": "Allow",
            "Principal": {"AWS": root},
            "Action": ["kms:*"],
            "Resource": ["*"],
        },
        *_service_statements(data_class, account_id, region),
    ]
    return policy_json(statements)


def _service_statements(data_class: DataClass, account_id: Input[str], region: str) -> list[Statement]:
    # Buckets, tables, volumes and secrets are reached in the name of the caller, whose role holds the right.
    if data_class == "logs":
        groups = Output.format("arn:{0}:logs:{1}:{2}:log-group:*", partition(region), region, account_id)
        return [
            {
                "Sid": "CloudWatchLogs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": ["*"],
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [groups]}},
            },
        ]
    if data_class == "notifications":
        return [
            {
                "Sid": "AlarmsOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": ["*"],
                "Condition": {"StringEquals": {"aws:SourceAccount": [account_id]}},
            },
            {
                # EventBridge names no source account when it uses a key, so a condition would turn it away
                # (SNS Developer Guide, "Enable compatibility between event sources and encrypted topics").
                "Sid": "Events",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": ["*"],
            },
        ]
    return []
