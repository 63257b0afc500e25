"""Bucket policies and rights of the data lake, as plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from pulumi import Input, Output

from components.values import Statement, formatted
from functions.shared.places import ACCESS_LOGS, INVENTORY, LOAD_BALANCER_LOGS, SITE_LOGS

BucketName = Literal["raw", "processed", "models", "logs"]
BUCKETS: Final[tuple[BucketName, ...]] = ("raw", "processed", "models", "logs")
LogService = Literal["audit", "cloudfront", "load-balancer"]
LATER: Final[Mapping[LogService, str]] = {"audit": "audit", "cloudfront": "site"}
"""Services with a bucket of their own, and its noun: the bucket's access log comes here too."""

_WILD: Final = re.compile(r"[*?$]")
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


def allow_delivery(logs_arn: Input[str], account_id: Input[str], sources: list[Output[str]]) -> list[Statement]:
    """S3 delivers access logs and inventories of the lake's own buckets."""
    own: dict[str, dict[str, Any]] = {
        "ArnLike": {"aws:SourceArn": sources},
        "StringEquals": {"aws:SourceAccount": [account_id]},
    }
    # An inventory is written as a stranger's object would be: handed over to the bucket's owner.
    handed_over = {"StringEquals": {**own["StringEquals"], "s3:x-amz-acl": ["bucket-owner-full-control"]}}
    return [
        _write_by("S3DeliversAccessLogs", "logging.s3.amazonaws.com", logs_arn, ACCESS_LOGS, own),
        _write_by("S3DeliversInventories", "s3.amazonaws.com", logs_arn, INVENTORY, own | handed_over),
    ]


def allow_service(service: LogService, logs_arn: Input[str], account_id: Input[str]) -> Statement:
    """Another AWS service delivers the logs of what this account has there."""
    of_account = {"StringEquals": {"aws:SourceAccount": [account_id]}}
    if service == "load-balancer":
        principal = "logdelivery.elasticloadbalancing.amazonaws.com"
        folder = formatted("{0}AWSLogs/{1}/", LOAD_BALANCER_LOGS, account_id)
        return _write_by("LoadBalancersDeliverLogs", principal, logs_arn, folder, of_account)
    handed_over = {"StringEquals": {**of_account["StringEquals"], "s3:x-amz-acl": ["bucket-owner-full-control"]}}
    return _write_by("CloudFrontDeliversLogs", "delivery.logs.amazonaws.com", logs_arn, SITE_LOGS, handed_over)


def _write_by(
    sid: str, service: str, logs_arn: Input[str], prefix: Input[str], condition: Mapping[str, Mapping[str, Input[Any]]]
) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": ["s3:PutObject"],
        "Resource": [formatted("{0}/{1}*", logs_arn, prefix)],
        "Condition": condition,
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
    return formatted("{0}/{1}*", bucket_arn, prefix)


def check_prefix(prefix: str) -> None:
    """Refuses a prefix that would reach further than it looks."""
    if prefix == "" or (prefix.endswith("/") and not prefix.startswith("/") and not _WILD.search(prefix)):
        return
    raise ValueError(
        f"prefix is {prefix!r}; allowed: empty for the whole bucket, or a folder such as uploads/ that ends with a "
        "slash, begins with none and holds neither * nor ? nor $; `a` without a slash would reach `ab/` too"
    )


def read(bucket: str, prefix: str, bucket_arn: Input[str], key_arn: Input[str] | None) -> list[Statement]:
    """Reading and listing what lies below a prefix."""
    check_prefix(prefix)
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
    check_prefix(prefix)
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
