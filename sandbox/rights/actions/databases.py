"""RDS: snapshots of clusters, and copies of them in another region."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.rights.actions import keys
from sandbox.rights.actions.call import Call, Need, State, Table, on


def _snapshot(call: Call, name: str) -> str:
    """The ARN of a snapshot that is named, or told by its ARN where it is in another region."""
    return name if name.startswith("arn:") else call.arn("rds", f"cluster-snapshot:{name}")


def _listed(call: Call, _: State) -> Iterable[Need]:
    cluster, snapshot = call.text("DBClusterIdentifier"), call.text("DBClusterSnapshotIdentifier")
    resources = [call.arn("rds", f"cluster:{cluster}")] if cluster else []
    yield Need("rds:DescribeDBClusterSnapshots", (*resources, _snapshot(call, snapshot or "*")))


def _taken(call: Call, _: State) -> Iterable[Need]:
    cluster = call.arn("rds", f"cluster:{call.text('DBClusterIdentifier')}")
    yield Need("rds:CreateDBClusterSnapshot", (cluster, _snapshot(call, call.text("DBClusterSnapshotIdentifier"))))


def _copied(call: Call, state: State) -> Iterable[Need]:
    """Source and target; the source's region asks too, for the request that goes along signed for it."""
    source = _snapshot(call, call.text("SourceDBClusterSnapshotIdentifier"))
    target = _snapshot(call, call.text("TargetDBClusterSnapshotIdentifier"))
    yield Need("rds:CopyDBClusterSnapshot", (source, target))
    if str(call.params.get("CopyTags", "")).lower() == "true" or call.params.get("Tags"):
        yield Need("rds:AddTagsToResource", (target,))
    if call.text("KmsKeyId"):
        key = keys.key_arn(call, state, call.text("KmsKeyId"))
        yield from keys.by_service(call, key, "rds", ("DescribeKey", "CreateGrant"))


RDS: Final[Table] = {
    "CopyDBClusterSnapshot": _copied,
    "CreateDBClusterSnapshot": _taken,
    "DeleteDBClusterSnapshot": on(
        "rds:DeleteDBClusterSnapshot", lambda call: _snapshot(call, call.text("DBClusterSnapshotIdentifier"))
    ),
    "DescribeDBClusterSnapshots": _listed,
}
