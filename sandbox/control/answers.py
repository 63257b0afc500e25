"""What a running sandbox answers to its control commands: plain data, the same on both sides of the socket."""

from __future__ import annotations

from typing import TypedDict


class RegionState(TypedDict):
    """One region of the stack."""

    name: str
    primary: bool
    lost: bool
    api_url: str
    """The address to which a route is appended; empty for a region without an API."""


class LaneState(TypedDict):
    """What is copied for one service from one region to another, in the order in which it was written."""

    kind: str
    """`s3`, `dynamodb` or `secretsmanager`."""
    source: str
    target: str
    pending: int
    replicated: int
    superseded: int
    """Writes that were overtaken: a later one stands in the target region, or the version is gone for good."""
    failed: int
    held: bool
    """Whether the lane waits because replication is paused or one of its regions is lost."""
    oldest_s: float | None
    """Age of the oldest write that waits; None when nothing waits."""
    latency_s: float | None
    """From the last copied write to its copy; None before the first."""
    last_written: float | None
    """When the last copied write was made, in seconds since 1970."""
    failures: list[str]
    """The last failures in words."""


class ReplicationState(TypedDict):
    """All lanes and how they are set."""

    lag_s: float
    paused: bool
    lanes: list[LaneState]


class PendingWrite(TypedDict):
    """One acknowledged write that is not in the other region yet."""

    kind: str
    source: str
    target: str
    name: str
    """The bucket, table or secret in the source region."""
    key: str
    """The object's key, the item's key as JSON, or the secret's version."""
    operation: str
    """`put`, `delete`, or `metadata` for changed tags and locks of an object."""
    written: float
    """When it was acknowledged, in seconds since 1970."""


class RecordState(TypedDict):
    """One record of a name that leads to several regions."""

    role: str
    """`PRIMARY` or `SECONDARY` of failover records, `LATENCY` of those by nearness."""
    region: str
    target: str
    """The host name that the record leads to."""
    api_url: str
    """Where that host answers on this machine; empty when nothing here stands for it."""
    healthy: bool
    check: str
    """What the health check saw last, in words."""


class Resolution(TypedDict):
    """Where a name leads now."""

    name: str
    region: str
    api_url: str
    records: list[RecordState]
    """Every record of the name, the one that answers now first."""


class SandboxState(TypedDict):
    """All of it."""

    stack: str
    primary: str
    regions: list[RegionState]
    replication: ReplicationState
    names: list[Resolution]
    """Every name with failover or latency records."""
    sites: dict[str, str]
    """Where the distribution of each name answers on this machine."""
