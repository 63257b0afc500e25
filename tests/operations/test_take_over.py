"""The database of a region that takes over, from a copy of the lost one's, against the sandbox's services."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from operations.database import TakeOver
from sandbox.cloud import Cloud
from sandbox.database import Databases
from sandbox.database.backups import ask

HERE, THERE = "us-east-1", "us-west-2"
PREFIX = "mlplatform-test"
NAME, RESTORED = f"{PREFIX}-database", f"{PREFIX}-database-restored"
OLD, NEW = f"{PREFIX}-at20260101000000", f"{PREFIX}-at20260101002000"
ADMINISTRATOR = {"username": "administrator", "password": "of this region, and no other"}


class Functions:
    """Lambda, as far as it is asked."""

    def __init__(self, fails: str = "") -> None:
        self._fails = fails
        self.called: list[str] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # AWS's names
        assert json.loads(Payload) == {}
        self.called.append(FunctionName)
        told = {"Payload": io.BytesIO((self._fails or '{"outcome": "unchanged"}').encode())}
        return {**told, "FunctionError": "Unhandled"} if self._fails else told


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    made.start(0)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def databases(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    folder = tmp_path_factory.mktemp("databases")
    found = Databases(cloud, folder, lambda: folder)
    found.install()
    try:
        for region in (HERE, THERE):
            rds = cloud.client("rds", region)
            rds.create_db_cluster(
                DBClusterIdentifier=NAME,
                Engine="aurora-postgresql",
                MasterUsername="administrator",
                MasterUserPassword="declared in " + region,
            )
            found.create(NAME, superuser="administrator", password=f"in {region}", database="platform", region=region)
        for region in (HERE, THERE):
            found.wait(NAME, region)
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def copied(cloud: Cloud, databases: Databases) -> Any:
    """Two copies of the first region's cluster in the second one; a row was written before, between and after."""
    here, there = cloud.client("rds", HERE), cloud.client("rds", THERE)
    key = cloud.client("kms", THERE).create_key()["KeyMetadata"]["Arn"]
    source = databases.credentials(NAME, HERE)
    ask(*source, "CREATE TABLE things (id integer)")
    for number, name in enumerate((OLD, NEW, "")):
        ask(*source, "INSERT INTO things VALUES (CAST(:number AS integer))", number=number)
        if name:
            made = here.create_db_cluster_snapshot(DBClusterSnapshotIdentifier=name, DBClusterIdentifier=NAME)
            there.copy_db_cluster_snapshot(
                SourceDBClusterSnapshotIdentifier=made["DBClusterSnapshot"]["DBClusterSnapshotArn"],
                TargetDBClusterSnapshotIdentifier=name,
                KmsKeyId=key,
                SourceRegion=HERE,
            )
            here.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    databases.lose(HERE)
    secret = cloud.client("secretsmanager", THERE).create_secret(
        Name="administrator", SecretString=json.dumps(ADMINISTRATOR)
    )
    auth = {"AuthScheme": "SECRETS", "SecretArn": secret["ARN"], "IAMAuth": "REQUIRED"}
    subnets = [row["SubnetId"] for row in cloud.client("ec2", THERE).describe_subnets()["Subnets"]]
    there.create_db_proxy(
        DBProxyName=NAME,
        EngineFamily="POSTGRESQL",
        Auth=[auth],
        RoleArn="arn:aws:iam::123456789012:role/proxy",
        VpcSubnetIds=subnets[:2],
    )
    there.register_db_proxy_targets(DBProxyName=NAME, DBClusterIdentifiers=[NAME])
    return there


def over(cloud: Cloud, functions: Functions, lines: list[str], prefix: str = PREFIX) -> TakeOver:
    return TakeOver(
        rds=cloud.client("rds", THERE),
        secrets=cloud.client("secretsmanager", THERE),
        functions=functions,
        prefix=prefix,
        say=lines.append,
        limit_s=30,
        pause=lambda _: None,
    )


def test_the_newest_copy_is_restored_and_a_run_that_failed_goes_on(
    cloud: Cloud, databases: Databases, copied: Any
) -> None:
    lines: list[str] = []
    with pytest.raises(ValueError, match=r"mlplatform-test-migrations failed: .*no table.*; see its log"):
        over(cloud, Functions(fails='{"errorMessage": "no table"}'), lines).run()
    functions = Functions()
    assert over(cloud, functions, lines).run() == NEW
    assert [line for line in lines if line.startswith("restoring")] == [f"restoring {NEW} to {RESTORED}"]
    assert functions.called == [f"{PREFIX}-migrations:live"]
    server, superuser, password = databases.credentials(RESTORED, THERE)
    # Signed in by this region's password; what was written after the copy is what is lost.
    assert password == ADMINISTRATOR["password"]
    assert sorted(ask(server, superuser, password, "SELECT id FROM things")) == [[0], [1]]
    targets = copied.describe_db_proxy_targets(DBProxyName=NAME)["Targets"]
    assert [row["RdsResourceId"] for row in targets if row["Type"] == "TRACKED_CLUSTER"] == [RESTORED]
    assert copied.describe_db_clusters(DBClusterIdentifier=RESTORED)["DBClusters"][0]["DeletionProtection"]


def test_a_region_without_a_database_has_nothing_to_do(cloud: Cloud) -> None:
    lines: list[str] = []
    assert over(cloud, Functions(), lines, "another").run() == ""
    assert lines == ["another-database: the stack has no database here; nothing to do"]


def test_without_a_copy_it_says_what_to_restore(cloud: Cloud) -> None:
    cloud.client("rds", THERE).create_db_cluster(
        DBClusterIdentifier="fresh-database",
        Engine="aurora-postgresql",
        MasterUsername="administrator",
        MasterUserPassword="of sixteen letters",
    )
    with pytest.raises(ValueError, match=r"no copy of the lost region's database is here; restore the newest backup"):
        over(cloud, Functions(), [], "fresh").run()


def test_a_snapshot_of_a_cluster_without_backup_is_refused_with_its_reason(cloud: Cloud, databases: Databases) -> None:
    server = databases.server("bare", HERE)
    databases.adopt("bare", HERE, server, "administrator", "password")
    rds = cloud.client("rds", HERE)
    rds.create_db_cluster(
        DBClusterIdentifier="bare",
        Engine="aurora-postgresql",
        MasterUsername="administrator",
        MasterUserPassword="of sixteen letters",
    )
    with pytest.raises(rds.exceptions.InvalidDBClusterStateFault, match="cluster 'bare' has no backup"):
        rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="never", DBClusterIdentifier="bare")
