"""Snapshots of a cluster by RDS, in its own region and in another one."""

from __future__ import annotations

from collections.abc import Iterator

from functions.shared.aws.sdk import client
from functions.snapshots.logic import Snapshot, moment_of


class _Region:
    """What both regions have in common; a copy is known by the source that RDS notes."""

    def __init__(self, region: str, cluster: str, prefix: str, *, copies: bool) -> None:
        self._region, self._cluster, self._prefix, self._copies = region, cluster, prefix, copies

    def found(self) -> list[Snapshot]:
        """Those that this function made."""
        return list(self._rows())

    def delete(self, name: str) -> None:
        """Forgets one."""
        client("rds", self._region).delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)

    def _rows(self) -> Iterator[Snapshot]:
        pages = client("rds", self._region).get_paginator("describe_db_cluster_snapshots")
        for page in pages.paginate(DBClusterIdentifier=self._cluster, SnapshotType="manual"):
            for row in page["DBClusterSnapshots"]:
                name = str(row["DBClusterSnapshotIdentifier"])
                taken = moment_of(name, self._prefix)
                # With the regions' roles changed, what came from the other one lies beside what was made here.
                if taken is not None and bool(row.get("SourceDBClusterSnapshotArn")) == self._copies:
                    yield Snapshot(name, str(row["DBClusterSnapshotArn"]), str(row["Status"]), taken)


class Home(_Region):
    """The cluster's region."""

    def __init__(self, region: str, cluster: str, prefix: str) -> None:
        super().__init__(region, cluster, prefix, copies=False)

    def take(self, name: str) -> None:
        """Begins another one; it takes the cluster's tags."""
        client("rds", self._region).create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=name, DBClusterIdentifier=self._cluster
        )


class Elsewhere(_Region):
    """The other region."""

    def __init__(self, region: str, cluster: str, prefix: str, *, source_region: str, key_arn: str) -> None:
        super().__init__(region, cluster, prefix, copies=True)
        self._source_region, self._key_arn = source_region, key_arn

    def copy(self, snapshot: Snapshot) -> None:
        """Begins to copy a snapshot, under the same name; RDS there reads it by a request that is signed for here."""
        client("rds", self._region).copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=snapshot.arn,
            TargetDBClusterSnapshotIdentifier=snapshot.name,
            KmsKeyId=self._key_arn,
            CopyTags=True,
            SourceRegion=self._source_region,
        )
