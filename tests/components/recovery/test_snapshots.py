"""Snapshots of the database: called by a clock, able to copy by name and nothing else, and heard of when it is late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.recovery import Snapshots
from functions.shared.settings import load
from functions.snapshots.settings import Settings
from tests.components.recorder import ACCOUNT, REGION, Recording, record

OTHER = "us-west-2"
KEYS = {name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("data", "logs", "notifications")} | {
    "copies": f"arn:aws:kms:{OTHER}:{ACCOUNT}:key/copies"
}
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
RETRIES = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"


def run(**more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-prod",
        "account_id": ACCOUNT,
        "region": REGION,
        "other_region": OTHER,
        "cluster_identifier": "mlplatform-prod-database",
        "keys": KEYS,
        **more,
    }

    def program() -> dict[str, Any]:
        made = Snapshots("snapshots", args)
        return {
            "alarms": {row.name: (row.threshold, row.periods, row.missing_data) for row in made.alarms()},
            "widgets": [row.title for row in made.widgets()],
        }

    return record(program)


def snapshot(region: str, name: str = "mlplatform-prod-at*") -> str:
    return f"arn:aws:rds:{region}:{ACCOUNT}:cluster-snapshot:{name}"


def test_a_clock_calls_it_every_five_minutes_and_what_reaches_nobody_is_kept() -> None:
    recording = run()
    rule = recording.one("aws:cloudwatch/eventRule:EventRule")
    assert rule.inputs["scheduleExpression"] == "rate(5 minutes)"
    queue = recording.one("aws:sqs/queue:Queue")
    target = recording.one(TARGET)
    assert target.inputs["arn"].endswith("function:mlplatform-prod-snapshots:live")
    permission = recording.one("aws:lambda/permission:Permission")
    assert permission.inputs["principal"] == "events.amazonaws.com"
    assert permission.urn in target.dependencies
    arn = target.inputs["deadLetterConfig"]["arn"]
    assert arn.endswith(queue.inputs["name"])
    assert recording.one(RETRIES).inputs["destinationConfig"] == {"onFailure": {"destination": arn}}
    accepted = json.loads(recording.one("aws:sqs/queuePolicy:QueuePolicy").inputs["policy"])["Statement"][0]
    assert accepted["Condition"]["ArnEquals"]["aws:SourceArn"][0].endswith("rule/mlplatform-prod-snapshots")


def test_the_function_reads_the_environment_that_it_is_given() -> None:
    function = run(every_min=15).one("aws:lambda/function:Function")
    settings = load(Settings, function.inputs["environment"]["variables"])
    assert (settings.cluster, settings.region, settings.other_region) == ("mlplatform-prod-database", REGION, OTHER)
    assert (settings.every_min, settings.kept, settings.other_key_arn) == (15, 3, KEYS["copies"])
    assert "vpcConfig" not in function.inputs


def test_it_may_touch_the_snapshots_that_it_names_and_no_others() -> None:
    policy = json.loads(run().one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    found = {row["Sid"]: row for row in policy["Statement"]}
    cluster = f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:mlplatform-prod-database"
    assert found["TakeSnapshots"]["Resource"] == [snapshot(REGION), cluster]
    for sid in ("CopySnapshots", "ForgetSnapshots"):
        assert found[sid]["Resource"] == [snapshot(REGION), snapshot(OTHER)]
    assert found["ListSnapshots"]["Action"] == ["rds:DescribeDBClusterSnapshots"]
    there = found["LendKeyThere"]
    assert (there["Action"], there["Resource"]) == (["kms:CreateGrant"], [KEYS["copies"]])
    assert there["Condition"] == {
        "StringEquals": {"kms:ViaService": [f"rds.{OTHER}.amazonaws.com"]},
        "Bool": {"kms:GrantIsForAWSResource": ["true"]},
    }
    assert found["LookAtKeyHere"]["Resource"] == [KEYS["data"]]


def test_a_copy_older_than_an_hour_is_heard_and_so_is_silence() -> None:
    found = run().value
    assert found["alarms"]["database-copy-late"] == (3600, 3, "breaching")
    assert "snapshots-events-lost" in found["alarms"]
    assert found["widgets"][0] == f"Database: age of its copy in {OTHER}"


def test_a_region_that_waits_copies_nothing_and_is_not_heard_for_it() -> None:
    recording = run(waiting=True)
    assert recording.one("aws:cloudwatch/eventRule:EventRule").inputs["state"] == "DISABLED"
    assert recording.value["alarms"]["database-copy-late"] == (3600, 3, "notBreaching")
    assert "state" not in run().one("aws:cloudwatch/eventRule:EventRule").inputs


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"other_region": REGION}, f"other_region is {REGION!r}, the region of the cluster itself"),
        ({"every_min": 4}, "every_min is 4; allowed: 5 to 30"),
        ({"every_min": 31}, "every_min is 31; allowed: 5 to 30"),
    ],
    ids=["same-region", "too-often", "too-seldom"],
)
def test_what_would_not_protect_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="Snapshots 'snapshots'") as caught:
        run(**change)
    assert says in str(caught.value)
