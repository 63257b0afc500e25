"""Each failure is made, mended by its runbook and counted, by the command that a person would type."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from sandbox.rights.calls.runtime import FILE
from tests.journeys.support.deployed import Deployed
from tests.journeys.support.rights import refused

LIMIT_S = 300.0


def drilled(sandbox: Deployed, *words: str, limit_s: float = LIMIT_S) -> tuple[int, dict[str, Any], str]:
    """Exit status, report and progress of a drill."""
    done = sandbox.place.run(sandbox.place.command("drill", *words, "--json"), limit_s)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout), done.stderr


def told(report: dict[str, Any]) -> str:
    """What a failing test shows."""
    return json.dumps({key: value for key, value in report.items() if key != "lost"}, indent=1)


def judged(sandbox: Deployed) -> dict[str, Any]:
    """What the drill's own stack, which has ended, left of rights."""
    found: dict[str, Any] = json.loads((sandbox.place.home / "drill" / "stack" / FILE).read_text(encoding="utf-8"))
    return found


def versions(sandbox: Deployed) -> list[str]:
    """What is published of the function of predictions: a drill leaves no broken version behind."""
    rows = sandbox.client("lambda").list_versions_by_function(FunctionName="mlplatform-dev-predictions")["Versions"]
    return [row["Version"] for row in rows if row["Version"] != "$LATEST"]


@pytest.mark.journey
def test_a_broken_version_is_left_and_nothing_is_lost(spare: Deployed) -> None:
    status, report, _ = drilled(spare, "function")
    assert status == 0, told(report)
    assert report["lost"] == []
    assert report["refused"]["predictions"] > 0
    assert "items" not in report["refused"]
    alias = spare.client("lambda").get_alias(FunctionName="mlplatform-dev-predictions", Name="live")
    assert alias["FunctionVersion"] == "1"
    assert versions(spare) == ["1"]


@pytest.mark.journey
def test_a_damaged_table_gets_its_items_back(spare: Deployed) -> None:
    status, report, _ = drilled(spare, "table")
    assert status == 0, told(report)
    assert report["refused"] == {}
    # Only what was damaged within the last second before the failure has no copy.
    assert all(report["failedAt"] - row["acknowledgedAt"] < 3 for row in report["lost"])
    assert not [name for name in spare.client("dynamodb").list_tables()["TableNames"] if name.endswith("-restored")]


@pytest.mark.journey
def test_objects_of_the_lake_get_their_versions_back(spare: Deployed) -> None:
    status, report, _ = drilled(spare, "lake")
    assert status == 0, told(report)
    assert report["lost"] == []
    assert report["refused"] == {}
    assert [step["result"] for step in report["steps"]] == ["by hand", "done", "done", "by hand"]


@pytest.mark.journey
def test_the_database_goes_back_to_the_last_good_second(spare: Deployed) -> None:
    status, report, _ = drilled(spare, "database")
    assert status == 0, told(report)
    assert {row["channel"] for row in report["lost"]} <= {"rows"}
    assert report["refused"]["rows"] > 0
    targets = spare.client("rds").describe_db_proxy_targets(DBProxyName="mlplatform-dev-database")["Targets"]
    assert [row["RdsResourceId"] for row in targets] == ["mlplatform-dev-database"]


@pytest.mark.journey
def test_a_zone_goes_and_a_replica_takes_over(spare: Deployed) -> None:
    status, report, progress = drilled(spare, "az")
    assert "a stack of its own is started" in progress
    assert status == 0, told(report)
    assert {row["channel"] for row in report["lost"]} <= {"cached values"}
    assert refused([judged(spare)]) == []


@pytest.mark.journey
def test_a_region_goes_and_exactly_what_was_on_its_way_is_lost(spare: Deployed) -> None:
    status, report, progress = drilled(spare, "region")
    assert "a stack of its own is started" in progress
    assert status == 0, told(report)
    assert 0 < len(report["lost"]) < sum(report["acknowledged"].values())
    # Callers follow the API's name, visitors of the site its address: pages are read from whichever bucket is left.
    assert "mlplatform:api" in progress
    assert report["acknowledged"]["pages"] > 5
    assert report["rtoSeconds"] < report["rtoTargetSeconds"] == 1800
    rights = judged(spare)
    assert refused([rights]) == []
    # Each region's functions have roles of their own, which reach what lies in their region.
    first, second = (
        {row["resource"].split(":")[3] for row in rights["used"] if row["role"] == role and ":" in row["resource"]}
        for role in ("api-predictions-role", "standby-api-predictions-role")
    )
    assert (first, second) == ({"us-east-1"}, {"us-west-2"})
    followed = {row["action"] for row in rights["used"] if row["role"] == "standby-follower-role"}
    assert {"dynamodb:GetRecords", "events:EnableRule", "scheduler:UpdateSchedule"} <= followed
    # The drill's own stack has ended, the one that was asked about runs on.
    assert not (spare.place.home / "drill" / "stack" / "state.json").exists()
    assert spare.client("sts").get_caller_identity()["Account"]


@pytest.mark.journey
def test_the_way_back_to_the_first_region_loses_nothing(spare: Deployed) -> None:
    status, report, _ = drilled(spare, "fail-back")
    assert status == 0, told(report)
    assert report["lost"] == []
    # While the region was away it took nothing, and everything that the other one took is in it now.
    assert report["refused"]["items"] > 0
    assert not (spare.place.home / "drill" / "stack" / "state.json").exists()
    assert refused([judged(spare)]) == []


@pytest.mark.journey
def test_an_interrupted_drill_says_what_is_broken_and_is_undone(spare: Deployed) -> None:
    place = spare.place
    process = place.start(place.command("drill", "function"))
    assert process.stdout is not None
    for line in process.stdout:
        if "now the failure" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "the alias live of mlplatform-dev-predictions may lead to a version that fails at each call" in err
    again = place.run(place.command("drill", "table"))
    assert again.returncode == 1
    assert "a drill of function was interrupted here" in again.stderr
    mended = place.run(place.command("drill", "--mend"))
    assert mended.returncode == 0, mended.stderr
    alias = spare.client("lambda").get_alias(FunctionName="mlplatform-dev-predictions", Name="live")
    assert alias["FunctionVersion"] == "1"
    assert versions(spare) == ["1"]
    nothing = place.run(place.command("drill", "--resume"))
    assert nothing.returncode == 1
    assert "no drill is open" in nothing.stderr
