"""What the database is made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from pulumi import Input


class DatabaseKeys(TypedDict):
    """ARNs of KMS keys."""

    data: Input[str]
    """Of the cluster's storage, snapshots and statistics of statements."""
    secrets: Input[str]
    """Of the passwords."""
    logs: Input[str]
    """Of logs; its policy must let CloudWatch Logs use it."""


class DatabaseArgs(TypedDict):
    """What the database needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    account_id: Input[str]
    """Account that it is deployed to."""
    region: str
    """Region that it is deployed to."""
    keys: DatabaseKeys
    """KMS keys by what they encrypt."""
    subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets in two zones or more."""
    cluster_group_ids: Input[Sequence[Input[str]]]
    """Security groups that let the proxy in on port 5432."""
    proxy_group_ids: Input[Sequence[Input[str]]]
    """Security groups of the proxy, which let functions in on port 5432."""
    function_subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets of the migrations function."""
    function_group_ids: Input[Sequence[Input[str]]]
    """Security groups of the migrations function."""
    migrations_code: str
    """Path of its archive, such as `dist/functions/migrations.zip`."""
    migrations_digest: str
    """SHA-256 of that archive: another one is run again."""
    layers: NotRequired[Sequence[Input[str]]]
    """ARNs of the layers of the migrations function."""
    engine_version: NotRequired[str]
    """PostgreSQL that a new cluster begins with, 16.8 by default; AWS raises the minor version by itself."""
    min_capacity: NotRequired[float]
    """Capacity units (2 GiB each) that are always there, 0.5 to 256; 0.5 by default."""
    max_capacity: NotRequired[float]
    """Capacity units that it may grow to, 1 to 256; 2 by default."""
    replicas: NotRequired[int]
    """Readers beside the writer, 0 to 15; with any of them the proxy has a second, read-only address."""
    backup_days: NotRequired[int]
    """How far back it can be restored, 1 to 35; 30 by default."""
    retention_days: NotRequired[int]
    """How long its logs are kept; 30 by default."""
    secret_recovery_days: NotRequired[int]
    """How long its deleted secret can be restored, 7 to 30; 30 by default."""
    rotation_days: NotRequired[int]
    """How often the administrator's password changes, 1 to 30; 30 by default."""
    memory_mb: NotRequired[int]
    """Memory of the migrations function; 512 by default."""
    waiting: NotRequired[bool]
    """Whether functions may only read until the rows of another region's copy are here; false by default."""
    protect: NotRequired[bool]
    """Whether it refuses to be deleted and leaves a last snapshot; true by default."""
