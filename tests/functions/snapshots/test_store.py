"""What RDS is asked for, and which snapshots are the function's own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from functions.shared.aws.sdk import client
from functions.snapshots.handler import build
from functions.snapshots.logic import Snapshot
from functions.snapshots.store import Elsewhere, Home
from tests.functions.support.calls import REGION

OTHER = "us-west-2"
CLUSTER, PREFIX = "mlplatform-test-database", "mlplatform-test"
KEY = f"arn:aws:kms:{OTHER}:123456789012:key/copies"
NAME = "mlplatform-test-at20270115080000"
TAKEN = 1_800_000_000.0
ARN = f"arn:aws:rds:{REGION}:123456789012:cluster-snapshot:{NAME}"
pytestmark = pytest.mark.usefixtures("aws")


def elsewhere() -> Elsewhere:
    return Elsewhere(OTHER, CLUSTER, PREFIX, source_region=REGION, key_arn=KEY)


@pytest.fixture
def cluster(aws: None) -> None:
    del aws
    client("rds", REGION).create_db_cluster(
        DBClusterIdentifier=CLUSTER,
        Engine="aurora-postgresql",
        MasterUsername="administrator",
        MasterUserPassword="a password of sixteen",
    )


def row(name: str, **more: Any) -> dict[str, Any]:
    return {"DBClusterSnapshotIdentifier": name, "DBClusterSnapshotArn": ARN, "Status": "available", **more}


@pytest.mark.usefixtures("cluster")
def test_a_snapshot_is_taken_found_and_forgotten() -> None:
    home = Home(REGION, CLUSTER, PREFIX)
    home.take(NAME)
    (found,) = home.found()
    assert (found.name, found.status, found.taken) == (NAME, "available", TAKEN)
    assert found.arn == ARN
    home.delete(NAME)
    assert home.found() == []


def test_copies_are_told_from_what_was_made_there_and_from_others_snapshots() -> None:
    rows = [row(NAME), row(NAME.replace("08", "09"), SourceDBClusterSnapshotArn=ARN), row("before-the-upgrade")]
    for place, wanted in ((Home(OTHER, CLUSTER, PREFIX), NAME), (elsewhere(), NAME.replace("08", "09"))):
        with Stubber(client("rds", OTHER)) as stub:
            asked = {"DBClusterIdentifier": CLUSTER, "SnapshotType": "manual"}
            stub.add_response("describe_db_cluster_snapshots", {"DBClusterSnapshots": rows}, asked)
            assert [found.name for found in place.found()] == [wanted]


def test_a_copy_is_asked_for_in_the_other_region_by_its_key() -> None:
    with Stubber(client("rds", OTHER)) as stub:
        asked = {
            "SourceDBClusterSnapshotIdentifier": ARN,
            "TargetDBClusterSnapshotIdentifier": NAME,
            "KmsKeyId": KEY,
            "CopyTags": True,
            "SourceRegion": REGION,
        }
        stub.add_response("copy_db_cluster_snapshot", {}, asked)
        elsewhere().copy(Snapshot(NAME, ARN, "available", TAKEN))
        stub.assert_no_pending_responses()


@pytest.mark.usefixtures("cluster")
def test_the_handler_s_first_run_takes_a_snapshot_and_its_log_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run, log = build(
        {
            "AWS_LAMBDA_FUNCTION_NAME": "mlplatform-test-snapshots",
            "CLUSTER": CLUSTER,
            "NAME_PREFIX": PREFIX,
            "REGION": REGION,
            "OTHER_REGION": OTHER,
            "OTHER_KEY_ARN": KEY,
            "EVERY_MIN": "20",
        }
    )
    assert run({})["outcome"].startswith(f"taking {PREFIX}-at")
    log.line("INFO", "done", metrics={"DatabaseCopyAge": 12.0})
    told = json.loads(capsys.readouterr().out)
    assert told["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "DatabaseCopyAge", "Unit": "Seconds"}]
