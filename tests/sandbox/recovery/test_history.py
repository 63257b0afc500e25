"""Point-in-time recovery by the ordinary calls of the SDK."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloud import Cloud
from sandbox.events.hooks import Hooks
from sandbox.recovery import history
from sandbox.recovery.history import History

TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    hooks, cloud = Hooks(), Cloud()
    history.install(hooks)
    cloud.start(0)
    yield cloud.client("dynamodb")
    cloud.stop()
    hooks.undo()


@pytest.fixture
def table(dynamodb: Any, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("[", "-").replace("]", "")
    made: str = dynamodb.create_table(TableName=name, **TABLE, **STREAM)["TableDescription"]["TableName"]
    protect(dynamodb, made)
    return made


def protect(dynamodb: Any, table: str) -> None:
    specification = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=specification)


def put(dynamodb: Any, table: str, identity: str, value: str) -> None:
    dynamodb.put_item(TableName=table, Item={"id": {"S": identity}, "value": {"S": value}})


def items(dynamodb: Any, table: str) -> dict[str, str]:
    rows = dynamodb.scan(TableName=table)["Items"]
    return {row["id"]["S"]: row["value"]["S"] for row in rows}


def latest(dynamodb: Any, table: str) -> datetime:
    described = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    found: datetime = described["PointInTimeRecoveryDescription"]["LatestRestorableDateTime"]
    return found


def restore(dynamodb: Any, table: str, **when: Any) -> str:
    target = f"{table}-restored"
    dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=target, **when)
    return target


def test_the_latest_restorable_time_moves_on(dynamodb: Any, table: str) -> None:
    assert latest(dynamodb, table) < latest(dynamodb, table)


def test_the_latest_state_is_restored_with_what_was_changed_and_deleted(dynamodb: Any, table: str) -> None:
    put(dynamodb, table, "a", "1")
    put(dynamodb, table, "b", "1")
    dynamodb.update_item(
        TableName=table,
        Key={"id": {"S": "a"}},
        UpdateExpression="SET #v = :v",
        ExpressionAttributeNames={"#v": "value"},
        ExpressionAttributeValues={":v": {"S": "2"}},
    )
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "b"}})
    assert items(dynamodb, restore(dynamodb, table, UseLatestRestorableTime=True)) == {"a": "2"}


def test_a_restored_table_has_no_stream_and_no_recovery_of_its_own(dynamodb: Any, table: str) -> None:
    restored = restore(dynamodb, table, UseLatestRestorableTime=True)
    described = dynamodb.describe_table(TableName=restored)["Table"]
    assert "StreamSpecification" not in described or not described["StreamSpecification"]["StreamEnabled"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailable"):
        restore(dynamodb, restored, UseLatestRestorableTime=True)


def test_a_table_that_is_written_to_meanwhile_is_read_and_restored(dynamodb: Any, table: str) -> None:
    for number in range(0, 1500, 25):
        rows = [{"id": {"S": f"old-{at}"}, "value": {"S": "x"}} for at in range(number, number + 25)]
        dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": row}} for row in rows]})
    over = threading.Event()

    def write() -> int:
        number = 0
        while not over.is_set() and number < 5000:
            put(dynamodb, table, f"new-{number}", "x")
            number += 1
        return number

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        try:
            for _ in range(5):
                # Each once: the client of the fixture does not try again what a write has ended.
                assert len(items(dynamodb, table)) >= 1500
                target = restore(dynamodb, table, UseLatestRestorableTime=True)
                assert len(items(dynamodb, target)) >= 1500
                dynamodb.delete_table(TableName=target)
        finally:
            over.set()
    assert written.result() > 5


def test_what_a_transaction_undid_is_not_restored(dynamodb: Any, table: str) -> None:
    put(dynamodb, table, "a", "1")
    writes = [
        {"Put": {"TableName": table, "Item": {"id": {"S": "b"}, "value": {"S": "2"}}}},
        {
            "Put": {
                "TableName": table,
                "Item": {"id": {"S": "a"}, "value": {"S": "2"}},
                "ConditionExpression": "attribute_not_exists(id)",
            }
        },
    ]
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(TransactItems=writes)
    assert items(dynamodb, restore(dynamodb, table, UseLatestRestorableTime=True)) == {"a": "1"}


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ({}, "ValidationException"),
        ({"RestoreDateTime": datetime(2100, 1, 1, tzinfo=timezone.utc)}, "InvalidRestoreTimeException"),
        ({"RestoreDateTime": datetime(2020, 1, 1, tzinfo=timezone.utc)}, "InvalidRestoreTimeException"),
        (
            {"RestoreDateTime": datetime(2020, 1, 1, tzinfo=timezone.utc), "UseLatestRestorableTime": True},
            "ValidationException",
        ),
    ],
    ids=["none", "future", "past", "both"],
)
def test_a_time_that_cannot_be_restored_is_refused(dynamodb: Any, table: str, when: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        restore(dynamodb, table, **when)
    assert f"{table}-restored" not in dynamodb.list_tables()["TableNames"]


def test_without_recovery_or_stream_the_reason_is_told(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="plain", **TABLE)
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailable"):
        restore(dynamodb, "plain", UseLatestRestorableTime=True)
    protect(dynamodb, "plain")
    with pytest.raises(ClientError, match="enable the stream"):
        restore(dynamodb, "plain", UseLatestRestorableTime=True)
    with pytest.raises(ClientError, match="SourceTableNotFound"):
        restore(dynamodb, "unknown", UseLatestRestorableTime=True)


def test_items_older_than_the_stream_make_the_restore_refuse(dynamodb: Any) -> None:
    dynamodb.create_table(TableName="late", **TABLE)
    put(dynamodb, "late", "a", "1")
    dynamodb.update_table(TableName="late", **STREAM)
    protect(dynamodb, "late")
    with pytest.raises(ClientError, match="after items had been written"):
        restore(dynamodb, "late", UseLatestRestorableTime=True)


changes = st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers())), max_size=40)


@given(changes=changes, cut=st.integers(-1, 40))
def test_any_moment_can_be_gone_back_to(changes: list[tuple[str, int | None]], cut: int) -> None:
    kept, expected = History(), {}
    for number, (key, value) in enumerate(changes):
        kept.note(float(number), key, json.dumps({"key": key, "value": value}) if value is not None else "")
        if number <= cut:
            expected[key] = value
    alive = {key: value for key, value in expected.items() if value is not None}
    assert {item["key"]: item["value"] for item in kept.at(float(cut))} == alive


@given(before=changes, after=changes)
def test_a_copy_goes_on_alone(before: list[tuple[str, int | None]], after: list[tuple[str, int | None]]) -> None:
    kept = History()
    for key, value in before:
        kept.note(1.0, key, json.dumps({"value": value}))
    held = copy.deepcopy(kept)
    expected = held.at(9.0)
    for key, _ in after:
        kept.note(2.0, key, "")
    assert held.at(9.0) == expected
