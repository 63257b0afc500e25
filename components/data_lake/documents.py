"""Bucket policies, lifecycle rules and rights of the data lake, as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pulumi import Input, Output

from components.values import Statement

BucketName = Literal["raw", "processed", "models", "logs"]
BUCKETS: Final[tuple[BucketName, ...]] = ("raw", "processed", "models", "logs")
ACCESS_PREFIX: Final = "access/"
"""Where the other buckets' access logs go in the logs bucket."""

_ENCRYPTION: Final = "s3:x-amz-server-side-encryption"
_KEY: Final = "s3:x-amz-server-side-encryption-aws-kms-key-id"


def deny_without_tls(bucket_arn: Input[str]) -> Statement:
    """Nobody speaks to the bucket in the clear."""
    return _deny(
        "DenyWithoutTls", ["s3:*"], [bucket_arn, _objects(bucket_arn)], {"Bool": {"aws:SecureTransport": ["false"]}}
    )


def deny_other_encryption(
    bucket_arn: Input[str], key_arns: Sequence[Input[str]], *, shared_key: bool = False
) -> list[Statement]:
    """Objects are stored under one of the lake's keys: by the bucket's default, or by a header that names one.

    A header that asks for KMS and names no key means the account's shared key, denied too unless `shared_key`.
    """
    objects = [_objects(bucket_arn)]
    statements = [
        _deny(
            "DenyOtherAlgorithm",
            ["s3:PutObject"],
            objects,
            {"StringNotEquals": {_ENCRYPTION: ["aws:kms"]}, "Null": {_ENCRYPTION: ["false"]}},
        ),
        _deny(
            "DenyOtherKey",
            ["s3:PutObject"],
            objects,
            {"StringNotEquals": {_KEY: list(key_arns)}, "Null": {_KEY: ["false"]}},
        ),
    ]
    if not shared_key:
        condition = {"StringEquals": {_ENCRYPTION: ["aws:kms"]}, "Null": {_KEY: ["true"]}}
        statements.append(_deny("DenySharedKey", ["s3:PutObject"], objects, condition))
    return statements


def allow_access_logs(logs_arn: Input[str], account_id: Input[str], sources: list[Output[str]]) -> Statement:
    """S3 delivers the access logs of the lake's own buckets."""
    return {
        "Sid": "S3DeliversAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": ["s3:PutObject"],
        "Resource": [Output.format("{0}/{1}*", logs_arn, ACCESS_PREFIX)],
        "Condition": {"ArnLike": {"aws:SourceArn": sources}, "StringEquals": {"aws:SourceAccount": [account_id]}},
    }


def _deny(
    sid: str, actions: list[str], resources: Sequence[Input[str]], condition: Mapping[str, Mapping[str, Input[Any]]]
) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": condition,
    }


def _objects(bucket_arn: Input[str], prefix: str = "") -> Output[str]:
    return Output.format("{0}/{1}*", bucket_arn, prefix)


def lifecycle(bucket: BucketName, days: Mapping[str, int]) -> list[dict[str, Any]]:
    """The rules of one bucket; `days` holds infrequent_access, glacier, logs and old_versions."""
    whole = {"prefix": ""}
    rules: list[dict[str, Any]] = [
        {
            "id": "abandoned",
            "status": "Enabled",
            "filter": whole,
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            "noncurrent_version_expiration": {"noncurrent_days": days["old_versions"]},
        },
    ]
    moves = {
        "raw": ("GLACIER", days["glacier"]),
        "processed": ("STANDARD_IA", days["infrequent_access"]),
        "models": ("INTELLIGENT_TIERING", days["infrequent_access"]),
    }
    if bucket in moves:
        storage_class, after = moves[bucket]
        moved = [{"days": after, "storage_class": storage_class}]
        rules.append({"id": "age", "status": "Enabled", "filter": whole, "transitions": moved})
    else:
        rules.append({"id": "age", "status": "Enabled", "filter": whole, "expiration": {"days": days["logs"]}})
    return rules


def read(bucket: str, prefix: str, bucket_arn: Input[str], key_arn: Input[str] | None) -> list[Statement]:
    """Reading and listing what lies below a prefix."""
    name = _sid(bucket, prefix)
    listing: Statement = {
        "Sid": f"List{name}",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [bucket_arn],
    }
    if prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": [f"{prefix}*"]}}
    statements: list[Statement] = [
        {
            "Sid": f"Read{name}",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [_objects(bucket_arn, prefix)],
        },
        listing,
    ]
    return statements + _use_key(f"Decrypt{name}", ["kms:Decrypt"], prefix, bucket_arn, key_arn)


def write(bucket: str, prefix: str, bucket_arn: Input[str], key_arn: Input[str] | None) -> list[Statement]:
    """Storing objects below a prefix."""
    name = _sid(bucket, prefix)
    statements: list[Statement] = [
        {
            "Sid": f"Write{name}",
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
            "Resource": [_objects(bucket_arn, prefix)],
        },
    ]
    # The parts of a large upload are read again to be joined, hence Decrypt.
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    return statements + _use_key(f"Encrypt{name}", actions, prefix, bucket_arn, key_arn)


def _use_key(
    sid: str, actions: list[str], prefix: str, bucket_arn: Input[str], key_arn: Input[str] | None
) -> list[Statement]:
    """The key, for this bucket's objects alone: with a bucket key S3 names the bucket, otherwise the object."""
    if key_arn is None:
        return []
    context: list[Input[str]] = [bucket_arn, _objects(bucket_arn, prefix)]
    return [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": actions,
            "Resource": [key_arn],
            "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": context}},
        },
    ]


def _sid(bucket: str, prefix: str) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", f"{bucket} {prefix}"))
