"""What S3 needs for a copy, in the role that a bucket's replication names: asked for each write, as on AWS."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.callers import Caller, service
from sandbox.cloud import Judge
from sandbox.replication.lanes import CopyError
from sandbox.replication.rules import Rule
from sandbox.rights.actions.call import Need, partition, suffix
from sandbox.rights.actions.keys import encryption_context
from sandbox.rights.calls.state import State

S3 = "s3.amazonaws.com"
SESSION = "s3-replication"
"""Name of the session in which S3 assumes the role."""


def check(judge: Judge, account: str, source: Any, target: Any, needs: Iterable[Need]) -> None:
    """Lets S3 take the role and do in it what a copy needs.

    Args:
        judge: says why IAM refuses something.
        account: the account of both buckets.
        source: moto's bucket that is replicated.
        target: moto's bucket that gets the copy.
        needs: what the copy needs.

    Raises:
        CopyError: the role's trust does not let S3 in, or the role lacks a right; in AWS's words.
    """
    role = str(source.replication["Role"])
    home = f"arn:{partition(source.region_name)}:s3:::{source.name}"
    refused = judge(service(S3, home, account), "sts:AssumeRole", role, source.region_name)
    for need in needs:
        if refused:
            break
        region = target.region_name if need.resources[0].startswith(_arn(target)) else source.region_name
        refused = judge(Caller(role, SESSION, need.context), need.action, need.resources[0], region)
    if refused:
        raise CopyError(refused)


def of_object(source: Any, rule: Rule, target: Any, item: Any, tags: Mapping[str, str]) -> Iterator[Need]:
    """A version with its tags and locks, under a key on either side where it is encrypted by one.

    Source: S3 User Guide, "Setting up permissions for live replication" and "Replicating encrypted objects".
    """
    origin, copy = f"{_arn(source)}/{item.name}", f"{_arn(target)}/{item.name}"
    yield from _configuration(source)
    yield Need("s3:GetObjectVersionForReplication", (origin,))
    yield Need("s3:GetObjectVersionAcl", (origin,))
    key = State(source.account_id, source.region_name).key_of(origin) if item.encryption == "aws:kms" else ""
    if key:
        yield Need("kms:Decrypt", (key,), _by_s3(source, origin)[1])
    yield Need("s3:ReplicateObject", (copy,))
    if key and rule.kms_key:
        by_bucket, facts = _by_s3(target, copy)
        yield from (
            Need(action, (rule.kms_key,), facts) for action in ("kms:Encrypt", "kms:GenerateDataKey")[: 1 + by_bucket]
        )
    yield from _metadata(origin, copy, item, tags)


def of_metadata(source: Any, target: Any, item: Any, tags: Mapping[str, str]) -> Iterator[Need]:
    """Tags and locks of a version that was copied before."""
    yield from _configuration(source)
    yield from _metadata(f"{_arn(source)}/{item.name}", f"{_arn(target)}/{item.name}", item, tags)


def of_deletion(source: Any, target: Any, item: Any) -> Iterator[Need]:
    """A delete marker."""
    yield from _configuration(source)
    yield Need("s3:ReplicateDelete", (f"{_arn(target)}/{item.name}",))


def _configuration(source: Any) -> Iterator[Need]:
    yield Need("s3:GetReplicationConfiguration", (_arn(source),))
    yield Need("s3:ListBucket", (_arn(source),))


def _metadata(origin: str, copy: str, item: Any, tags: Mapping[str, str]) -> Iterator[Need]:
    if tags:
        yield Need("s3:GetObjectVersionTagging", (origin,))
        yield Need("s3:ReplicateTags", (copy,))
    if item.lock_mode:
        yield Need("s3:GetObjectRetention", (origin,))
    if item.lock_legal_status:
        yield Need("s3:GetObjectLegalHold", (origin,))


def _arn(bucket: Any) -> str:
    return f"arn:{partition(bucket.region_name)}:s3:::{bucket.name}"


def _by_s3(bucket: Any, arn: str) -> tuple[bool, Mapping[str, tuple[str, ...]]]:
    """Whether the bucket has a key of its own, and the facts under which S3 uses the key behind it.

    With a bucket key KMS hears of the bucket alone, and makes it by another action.
    """
    region = bucket.region_name
    own = State(bucket.account_id, region).bucket_key(bucket.name)
    return own, {
        "kms:viaservice": (f"s3.{region}.{suffix(region)}",),
        "aws:viaawsservice": ("true",),
        **encryption_context({"aws:s3:arn": _arn(bucket) if own else arn}),
    }
