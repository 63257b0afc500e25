"""The relational database of a region that takes over: its rows come from the newest copy of the lost region's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

ENGINE = "aurora-postgresql"
READY = "available"


@dataclass(frozen=True)
class TakeOver:
    """What takes a copy into use; a second run goes on where the first one stopped.

    Args:
        rds: client of the region that takes over, as are the others.
        secrets: of Secrets Manager.
        functions: of Lambda.
        prefix: beginning of the stack's names, such as `mlplatform-prod`.
        say: takes a line of progress.
        limit_s: how long the restored cluster may take.
        pause: waits between two looks.
        clock: seconds.
    """

    rds: Any
    secrets: Any
    functions: Any
    prefix: str
    say: Callable[[str], object]
    limit_s: float = 3600.0
    pause: Callable[[float], object] = time.sleep
    clock: Callable[[], float] = time.monotonic

    @property
    def cluster(self) -> str:
        """The cluster that waits in this region with a schema and no rows."""
        return f"{self.prefix}-database"

    @property
    def restored(self) -> str:
        """The cluster that takes its place."""
        return f"{self.cluster}-restored"

    def run(self) -> str:
        """Restores the newest copy beside the waiting cluster, and turns the proxy to it; gives the copy's name.

        Nobody writes before the end: the application's role in the waiting cluster may only read.

        Raises:
            ValueError: there is no copy, or something did not come to its end; says what to do.
        """
        waiting = self._described(self.cluster)
        if waiting is None:
            self.say(f"{self.cluster}: the stack has no database here; nothing to do")
            return ""
        copy = self._newest()
        if self._described(self.restored) is None:
            self.say(f"restoring {copy} to {self.restored}")
            self.rds.restore_db_cluster_from_snapshot(
                DBClusterIdentifier=self.restored, SnapshotIdentifier=copy, Engine=ENGINE, **_like(waiting)
            )
        if not self._instances():
            self.rds.create_db_instance(
                DBInstanceIdentifier=f"{self.restored}-1",
                DBClusterIdentifier=self.restored,
                DBInstanceClass="db.serverless",
                Engine=ENGINE,
            )
        self._wait()
        self._let_proxy_in()
        self._wait()
        self._turn()
        self._migrate()
        self.say(f"{self.prefix}-database leads to {self.restored}, as of {copy}")
        return copy

    def _described(self, name: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self.rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]
        except self.rds.exceptions.DBClusterNotFoundFault:
            return None
        return found

    def _newest(self) -> str:
        """Copies are named by the moment that they hold, so the last by name is the newest."""
        pages = self.rds.get_paginator("describe_db_cluster_snapshots").paginate(
            DBClusterIdentifier=self.cluster, SnapshotType="manual"
        )
        names = sorted(
            str(row["DBClusterSnapshotIdentifier"])
            for page in pages
            for row in page["DBClusterSnapshots"]
            if row["Status"] == READY and row.get("SourceDBClusterSnapshotArn")
        )
        copies = [name for name in names if name.startswith(f"{self.prefix}-at")]
        if not copies:
            raise ValueError(
                f"{self.cluster}: no copy of the lost region's database is here; restore the newest backup of the "
                f"vault {self.prefix}-backups to {self.restored}, then run this again"
            )
        return copies[-1]

    def _instances(self) -> list[Mapping[str, Any]]:
        filters = [{"Name": "db-cluster-id", "Values": [self.restored]}]
        rows: list[Mapping[str, Any]] = self.rds.describe_db_instances(Filters=filters)["DBInstances"]
        return rows

    def _wait(self) -> None:
        """Until cluster and instance are ready, also for what was changed a moment ago."""
        until = self.clock() + self.limit_s
        while True:
            cluster = self._described(self.restored)
            states = [str(cluster["Status"]) if cluster else "missing"]
            states += [str(row["DBInstanceStatus"]) for row in self._instances()]
            if all(state == READY for state in states):
                return
            if self.clock() >= until:
                raise ValueError(f"{self.restored} is {', '.join(states)} after {self.limit_s:.0f} s; run this again")
            self.pause(10)

    def _let_proxy_in(self) -> None:
        """The proxy knows this region's password of the administrator, the copy that of the lost region's."""
        proxy = self.rds.describe_db_proxies(DBProxyName=self.cluster)["DBProxies"][0]
        for row in proxy["Auth"]:
            secret = json.loads(self.secrets.get_secret_value(SecretId=row["SecretArn"])["SecretString"])
            restored = self._described(self.restored)
            if restored and secret["username"] == restored["MasterUsername"]:
                self.rds.modify_db_cluster(
                    DBClusterIdentifier=self.restored, MasterUserPassword=secret["password"], ApplyImmediately=True
                )
                return
        raise ValueError(
            f"the proxy {self.cluster} has no secret of the administrator; run `pulumi up`, then this again"
        )

    def _turn(self) -> None:
        targets = self.rds.describe_db_proxy_targets(DBProxyName=self.cluster)["Targets"]
        led = {str(row.get("RdsResourceId", "")) for row in targets if row.get("Type") == "TRACKED_CLUSTER"}
        for other in sorted(led - {self.restored}):
            self.rds.deregister_db_proxy_targets(DBProxyName=self.cluster, DBClusterIdentifiers=[other])
        if self.restored not in led:
            self.rds.register_db_proxy_targets(DBProxyName=self.cluster, DBClusterIdentifiers=[self.restored])

    def _migrate(self) -> None:
        """Brings the schema up to date, and gives the application's role this region's password and its writes back."""
        answer = self.functions.invoke(FunctionName=f"{self.prefix}-migrations:live", Payload=b"{}")
        text = answer["Payload"].read().decode()
        if answer.get("FunctionError"):
            raise ValueError(f"{self.prefix}-migrations failed: {text[:500]}; see its log, then run this again")
        self.say(f"{self.prefix}-migrations: {text[:200]}")


def _like(waiting: Mapping[str, Any]) -> dict[str, Any]:
    """What the restored cluster has in common with the one that waits; the copy brings all else."""
    sizes = waiting.get("ServerlessV2ScalingConfiguration") or {"MinCapacity": 0.5, "MaxCapacity": 2.0}
    return {
        "DBSubnetGroupName": waiting["DBSubnetGroup"],
        "VpcSecurityGroupIds": [row["VpcSecurityGroupId"] for row in waiting["VpcSecurityGroups"]],
        "DBClusterParameterGroupName": waiting["DBClusterParameterGroup"],
        "ServerlessV2ScalingConfiguration": {name: sizes[name] for name in ("MinCapacity", "MaxCapacity")},
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "CopyTagsToSnapshot": True,
        "DeletionProtection": True,
    }
