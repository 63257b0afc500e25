"""What the data lake is told, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, NotRequired, TypedDict, get_args

from pulumi import Input

from components.data_lake.documents import LogService

# A bucket prefix has 37 characters at most, and the longest bucket noun takes eleven with its dashes.
_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,25}")
_LONGEST_LOCK_DAYS: Final = 36_500

LockMode = Literal["GOVERNANCE", "COMPLIANCE"]


class DataLakeArgs(TypedDict):
    """What the lake needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the buckets' names, such as `mlplatform-dev`; AWS needs them unique, so the rest is drawn."""
    account_id: Input[str]
    """Account that owns the buckets."""
    data_key_arn: Input[str]
    """KMS key of raw and processed data."""
    models_key_arn: Input[str]
    """KMS key of models."""
    logs_key_arn: Input[str]
    """KMS key of the inventories; its policy lets S3 use it (`Keys` does)."""
    protect: NotRequired[bool]
    """Whether buckets refuse to be deleted with what they hold; true by default."""
    infrequent_access_days: NotRequired[int]
    """When processed data moves to Infrequent Access, 30 or more; 30 by default."""
    glacier_days: NotRequired[int]
    """When raw data moves to Glacier; 90 by default."""
    log_days: NotRequired[int]
    """When logs are deleted; 90 by default."""
    batch_days: NotRequired[int]
    """When what belongs to a batch of predictions is deleted; 30 by default."""
    old_version_days: NotRequired[int]
    """How long overwritten and deleted objects stay; 30 by default."""
    lock_days: NotRequired[int]
    """How long nobody can delete a version of a raw file (object lock); 0, the default, locks nothing. AWS locks only
    buckets that were made for it, so turning it on or off later makes a new raw bucket, which `protect` refuses; and it
    takes only uploads with a checksum, which the SDKs send by themselves."""
    lock_mode: NotRequired[LockMode]
    """GOVERNANCE (default): whoever holds a special right can lift a lock; COMPLIANCE: nobody can, the account's root
    neither."""
    log_services: NotRequired[Sequence[LogService]]
    """AWS services that deliver logs to the logs bucket: `load-balancer` below `api/load-balancer/`, `cloudfront` below
    `api/site/`; none by default."""


def validate(name: str, args: DataLakeArgs, days: Mapping[str, int]) -> None:
    """Raises ValueError with everything that S3 would refuse."""
    least = {"infrequent_access": 30, "glacier": 1, "logs": 1, "batches": 1, "old_versions": 1}
    fields = {"logs": "log", "batches": "batch", "old_versions": "old_version"}
    problems = [
        f"{fields.get(key, key)}_days is {days[key]}; allowed: {low} or more"
        for key, low in least.items()
        if days[key] < low
    ]
    if not _PREFIX.fullmatch(args["name_prefix"]):
        problems.append(
            f"name_prefix is {args['name_prefix']!r}; allowed: up to 26 lower-case letters, digits and dashes"
        )
    if not 0 <= args.get("lock_days", 0) <= _LONGEST_LOCK_DAYS:
        problems.append(f"lock_days is {args.get('lock_days')}; allowed: 0 (no lock) to {_LONGEST_LOCK_DAYS}")
    problems += [
        f"{field} is {value!r}; allowed: {', '.join(get_args(allowed))}"
        for field, value, allowed in (
            ("lock_mode", args.get("lock_mode", "GOVERNANCE"), LockMode),
            *(("log_services", service, LogService) for service in args.get("log_services", [])),
        )
        if value not in get_args(allowed)
    ]
    if problems:
        raise ValueError(f"DataLake {name!r}: " + "; ".join(problems))
