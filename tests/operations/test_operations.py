"""The commands of runbooks, against the sandbox's services."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from operations.__main__ import main
from operations.objects import current, restore
from operations.tables import copy_back, differences, unchanged
from sandbox.cloud import Cloud
from sandbox.events.hooks import Hooks
from sandbox.recovery import history

KEYS: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "at", "AttributeType": "N"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    made, hooks = Cloud(), Hooks()
    history.install(hooks)
    made.start(0)
    before = {name: os.environ.get(name) for name in made.environment()}
    os.environ.update(made.environment())
    yield made
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
    made.stop()
    hooks.undo()


@pytest.fixture(scope="module")
def dynamodb(cloud: Cloud) -> Any:
    return cloud.client("dynamodb")


@pytest.fixture
def tables(dynamodb: Any, request: pytest.FixtureRequest) -> tuple[str, str]:
    name = request.node.name.split("[")[0]
    for table in (name, f"{name}-restored"):
        dynamodb.create_table(TableName=table, **KEYS)
    return name, f"{name}-restored"


def item(identity: str, value: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": {"S": identity}, "at": {"N": "1"}, **({"v": {"S": value}} if value else {}), **more}


def fill(dynamodb: Any, table: str, *items: dict[str, Any]) -> None:
    for row in items:
        dynamodb.put_item(TableName=table, Item=row)


def values(dynamodb: Any, table: str) -> dict[str, str]:
    rows = dynamodb.scan(TableName=table)["Items"]
    return {row["id"]["S"]: row.get("v", {}).get("S", "") for row in rows}


def test_missing_and_changed_items_come_back_and_new_ones_stay(dynamodb: Any, tables: tuple[str, str]) -> None:
    live, restored = tables
    fill(dynamodb, live, item("same", "1"), item("changed", "bad"), item("stripped"), item("new", "3"))
    fill(dynamodb, restored, item("same", "1"), item("changed", "1"), item("stripped", "1"), item("gone", "1"))
    found = differences(dynamodb, live, restored)
    assert (len(found.missing), len(found.changed), len(found.added)) == (1, 2, 1)
    done = copy_back(dynamodb, live, restored)
    assert (done.copied, done.overtaken) == (3, [])
    assert values(dynamodb, live) == {"same": "1", "changed": "1", "stripped": "1", "gone": "1", "new": "3"}
    assert main(["tables", "compare", "--live", live, "--restored", restored, "--expect-none"]) == 0


@pytest.mark.parametrize(("only", "expected"), [("missing", ["gone"]), ("changed", ["changed"])])
def test_only_one_kind_can_be_copied(dynamodb: Any, only: str, expected: list[str]) -> None:
    live, restored = f"live-{only}", f"restored-{only}"
    for table in (live, restored):
        dynamodb.create_table(TableName=table, **KEYS)
    fill(dynamodb, live, item("changed", "bad"))
    fill(dynamodb, restored, item("changed", "1"), item("gone", "1"))
    assert main(["tables", "copy-back", "--live", live, "--restored", restored, "--only", only]) == 0
    assert [key for key, value in values(dynamodb, live).items() if value == "1"] == expected


class Overtaking:
    """A client in whose hands somebody else writes the item between the comparison and the copy."""

    def __init__(self, dynamodb: Any, table: str, late: dict[str, Any]) -> None:
        self._dynamodb, self._table, self._late = dynamodb, table, late

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def put_item(self, **parameters: Any) -> Any:
        self._dynamodb.put_item(TableName=self._table, Item=self._late)
        return self._dynamodb.put_item(**parameters)


@pytest.mark.parametrize("before", [None, "bad"], ids=["missing", "changed"])
def test_what_was_written_meanwhile_is_left(dynamodb: Any, before: str | None) -> None:
    live, restored = f"live-{before}", f"restored-{before}"
    for table in (live, restored):
        dynamodb.create_table(TableName=table, **KEYS)
    if before:
        fill(dynamodb, live, item("a", before))
    fill(dynamodb, restored, item("a", "1"))
    done = copy_back(Overtaking(dynamodb, live, item("a", "new")), live, restored)
    assert (done.copied, len(done.overtaken)) == (0, 1)
    assert values(dynamodb, live) == {"a": "new"}


def test_items_whose_time_is_over_do_not_come_back(dynamodb: Any, tables: tuple[str, str]) -> None:
    live, restored = tables
    specification = {"Enabled": True, "AttributeName": "ttl"}
    dynamodb.update_time_to_live(TableName=live, TimeToLiveSpecification=specification)
    fill(dynamodb, restored, item("over", "1", ttl={"N": "1000"}), item("alive", "1", ttl={"N": "9999999999"}))
    copy_back(dynamodb, live, restored)
    assert values(dynamodb, live) == {"alive": "1"}


def test_tables_of_different_keys_are_refused(
    dynamodb: Any, tables: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    dynamodb.create_table(
        TableName="other",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert main(["tables", "compare", "--live", tables[0], "--restored", "other"]) == 1
    assert "have different keys; give a table and its own restored copy" in capsys.readouterr().err


def test_an_unknown_table_is_told_in_a_line(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "compare", "--live", "none", "--restored", "none-either"]) == 1
    assert capsys.readouterr().err.startswith("error: An error occurred (ResourceNotFoundException)")


def test_the_condition_names_only_what_differs() -> None:
    assert unchanged(
        {"a": {"S": "1"}, "b": {"S": "2"}, "d": {"S": "3"}}, {"a": {"S": "1"}, "b": {"S": "9"}, "c": {"N": "1"}}
    ) == {
        "ConditionExpression": "#n0 = :v0 AND attribute_not_exists(#n1) AND #n2 = :v2",
        "ExpressionAttributeNames": {"#n0": "b", "#n1": "c", "#n2": "d"},
        "ExpressionAttributeValues": {":v0": {"S": "2"}, ":v2": {"S": "3"}},
    }


def test_a_time_can_be_restored_once_it_lies_in_the_window(dynamodb: Any, capsys: pytest.CaptureFixture[str]) -> None:
    dynamodb.create_table(TableName="window", **KEYS)
    told = ["tables", "restorable", "--table", "window", "--at"]
    assert main([*told, "2026-01-01T00:00:00Z"]) == 1
    assert "window has no point-in-time recovery" in capsys.readouterr().err
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="window", PointInTimeRecoverySpecification=specification)
    now = datetime.now(timezone.utc)
    assert main([*told, now.replace(microsecond=0).isoformat()]) == 0
    assert main([*told, (now + timedelta(hours=1)).isoformat()]) == 1
    assert "can not yet be restored to" in capsys.readouterr().out
    assert main([*told, "2026-01-01T00:00:00Z"]) == 1
    assert "the earliest time of window; take a later" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "told"), [("yesterday", "is no time"), ("2026-01-01T12:00:00", "has no zone")])
def test_a_time_that_is_none_is_refused(text: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["objects", "restore", "--bucket", "b", "--prefix", "", "--at", text])
    assert told in capsys.readouterr().err


NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def version(hour: int, *, latest: bool = False, marker: bool = False) -> dict[str, Any]:
    made = {"LastModified": NOON.replace(hour=hour), "IsLatest": latest, "VersionId": f"v{hour}"}
    return made if marker else made | {"ETag": "e"}


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([version(13, latest=True), version(11), version(10)], "v11"),
        ([version(13, latest=True), version(12)], "v12"),
        ([version(13, latest=True)], None),
        ([version(13, latest=True), version(11, marker=True), version(10)], "v11"),
        ([{**version(12, latest=True), "VersionId": "later"}, version(12)], "later"),
    ],
    ids=["between", "same-second", "new", "deleted", "two-in-a-second"],
)
def test_the_version_of_a_time_is_found(versions: list[dict[str, Any]], expected: str | None) -> None:
    found = current(versions, NOON)
    assert (found["VersionId"] if found else None) == expected


def test_objects_are_as_they_were_and_new_ones_stay(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    for key in ("data/damaged", "data/deleted", "data/same", "other/damaged"):
        s3.put_object(Bucket="lake", Key=key, Body=b"good")
    at = later(s3)
    for key in ("data/damaged", "other/damaged", "data/new"):
        s3.put_object(Bucket="lake", Key=key, Body=b"bad")
    s3.delete_object(Bucket="lake", Key="data/deleted")
    command = ["objects", "restore", "--bucket", "lake", "--prefix", "data/", "--at", at.isoformat()]
    assert main([*command, "--dry-run"]) == 0
    assert "2 would be brought back, 1 are newer than that and left, 1 as they were" in capsys.readouterr().out
    assert contents(s3)["data/damaged"] == b"bad"
    assert main(command) == 0
    assert "brought back data/deleted" in capsys.readouterr().out
    good = dict.fromkeys(("data/damaged", "data/deleted", "data/same"), b"good")
    assert contents(s3) == {**good, "data/new": b"bad", "other/damaged": b"bad"}
    assert restore(s3, "lake", "data/", datetime.now(timezone.utc) + timedelta(seconds=2)).restored == []


def later(s3: Any) -> datetime:
    """A time after all that was written so far and before all that comes: S3 tells whole seconds."""
    import time

    newest = max(row["LastModified"] for row in s3.list_object_versions(Bucket="lake")["Versions"])
    while datetime.now(timezone.utc) < newest + timedelta(seconds=1.05):
        time.sleep(0.05)
    found: datetime = newest
    return found


def contents(s3: Any) -> dict[str, bytes]:
    rows = s3.list_objects_v2(Bucket="lake")["Contents"]
    return {row["Key"]: s3.get_object(Bucket="lake", Key=row["Key"])["Body"].read() for row in rows}
