"""Keys: one KMS key a class of data, each usable by the services that handle that data and by no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NotRequired, TypedDict, get_args

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import kms
from components.values import Statement, formatted, policy_json

DataClass = Literal["data", "models", "logs", "secrets", "notifications"]

_PURPOSES: Final[dict[DataClass, str]] = {
    "data": "uploaded and processed data, tables and predictions",
    "models": "models, captured requests and the volumes of training jobs",
    "logs": "log groups and function environments",
    "secrets": "secrets and the prediction cache",
    "notifications": "topics and queues",
}


REPLICATED: Final[tuple[DataClass, ...]] = ("data", "models", "secrets")
"""Classes of data that another region reads too; what logs and notifications encrypt stays in its region."""


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
    multi_region: NotRequired[bool]
    """Whether the keys `data`, `models` and `secrets` can have replicas in other regions; false by default. KMS fixes
    it when a key is made: changing it later makes new keys, which `protect` refuses."""
    replica_of: NotRequired[Mapping[DataClass, Input[str]]]
    """ARNs of another region's multi-region keys (`Keys.multi_region_arns()`): their replicas are made here in place of
    keys of their own, with a policy of their own and the primary's rotation."""


class Keys(pulumi.ComponentResource):
    """Rotated keys `data`, `models`, `logs`, `secrets` and `notifications`, each with an alias."""

    keys: dict[DataClass, kms.Key | kms.ReplicaKey]
    """The keys by class of data."""

    def __init__(self, name: str, args: KeysArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Keys", name, {}, opts)
        self._name, self._args = name, args
        _validate(name, args)
        self.keys = {}
        for data_class in _PURPOSES:
            key = self._key(data_class)
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

    def multi_region_arns(self) -> dict[DataClass, Output[str]]:
        """ARNs of the keys that may have replicas: what another region's `replica_of` takes.

        Raises:
            ValueError: where none may.
        """
        if not self._args.get("multi_region", False):
            raise ValueError(
                f"Keys {self._name!r}: multi_region is False; allowed: True where keys have replicas; set it"
            )
        return {data_class: self.arn(data_class) for data_class in REPLICATED}

    def _key(self, data_class: DataClass) -> kms.Key | kms.ReplicaKey:
        args = self._args
        description = f"{args['name_prefix']}: {_PURPOSES[data_class]}"
        policy = key_policy(data_class, args["account_id"], args["region"])
        opts = ResourceOptions(parent=self, protect=args.get("protect", True))
        primary = args.get("replica_of", {}).get(data_class)
        if primary is not None:
            return kms.ReplicaKey(
                f"{self._name}-{data_class}",
                primary_key_arn=primary,
                description=description,
                deletion_window_in_days=args.get("deletion_days", 30),
                policy=policy,
                opts=opts,
            )
        return kms.Key(
            f"{self._name}-{data_class}",
            description=description,
            deletion_window_in_days=args.get("deletion_days", 30),
            enable_key_rotation=True,
            multi_region=True if args.get("multi_region", False) and data_class in REPLICATED else None,
            policy=policy,
            opts=opts,
        )


def _validate(name: str, args: KeysArgs) -> None:
    problems = []
    days, replicas = args.get("deletion_days", 30), args.get("replica_of", {})
    if not 7 <= days <= 30:
        problems.append(f"deletion_days is {days}; allowed: 7 to 30")
    problems += [
        f"replica_of has {data_class!r}; allowed: {', '.join(REPLICATED)}"
        for data_class in replicas
        if data_class not in REPLICATED
    ]
    if replicas and args.get("multi_region", False):
        problems.append("multi_region is True with replica_of; allowed: one of the two, a replica has no replicas")
    if problems:
        raise ValueError(f"Keys {name!r}: " + "; ".join(problems))


def partition(region: str) -> str:
    """The partition of a region, as ARNs spell it."""
    special = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((found for start, found in special.items() if region.startswith(start)), "aws")


def key_policy(data_class: DataClass, account_id: Input[str], region: str) -> Output[str]:
    """The account's administrators by IAM, and the services that come to the key in no one's name."""
    root = formatted("arn:{0}:iam::{1}:root", partition(region), account_id)
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
        buckets = f"arn:{partition(region)}:s3:::*"
        trails = formatted("arn:{0}:cloudtrail:*:{1}:trail/*", partition(region), account_id)
        groups = formatted("arn:{0}:logs:{1}:{2}:log-group:*", partition(region), region, account_id)
        return [
            {
                "Sid": "CloudWatchLogs",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{region}.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                "Resource": ["*"],
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [groups]}},
            },
            {
                "Sid": "TrailsOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"],
                "Resource": ["*"],
                "Condition": {"ArnLike": {"aws:SourceArn": [trails]}},
            },
            {
                # S3 encrypts the lists of what a bucket holds in its own name.
                "Sid": "InventoriesOfThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": ["kms:GenerateDataKey*"],
                "Resource": ["*"],
                "Condition": {
                    "ArnLike": {"aws:SourceArn": [buckets]},
                    "StringEquals": {"aws:SourceAccount": [account_id]},
                },
            },
        ]
    if data_class == "notifications":
        return [
            _crypt("AlarmsOfThisAccount", "cloudwatch.amazonaws.com", account_id),
            {
                # EventBridge names no source account when it uses a key, so a condition would turn it away
                # (SNS Developer Guide, "Enable compatibility between event sources and encrypted topics").
                "Sid": "Events",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                "Resource": ["*"],
            },
            _crypt("BudgetsOfThisAccount", "budgets.amazonaws.com", account_id),
            _crypt("CostAnomaliesOfThisAccount", "costalerts.amazonaws.com", account_id),
        ]
    return []


def _crypt(sid: str, service: str, account_id: Input[str]) -> Statement:
    """A service reads and writes what is encrypted, for this account."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:SourceAccount": [account_id]}},
    }
