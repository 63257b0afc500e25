"""Global tables: every change arrives, deletions too, and of two writers the last one wins in both regions."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.replication.support import EAST, WEST, WEST_KEY, Pair, items, table


def put(pair: Pair, region: str, identity: str, **attributes: str) -> None:
    item = {"id": {"S": identity}, **{name: {"S": value} for name, value in attributes.items()}}
    pair.client("dynamodb", region).put_item(TableName="models", Item=item)


def test_a_replica_has_keys_and_indexes_of_its_table(pair: Pair) -> None:
    client = table(pair)
    here = client.describe_table(TableName="models")["Table"]
    there = pair.client("dynamodb", WEST).describe_table(TableName="models")["Table"]
    for name in ("KeySchema", "AttributeDefinitions", "StreamSpecification"):
        assert there[name] == here[name]
    assert [index["IndexName"] for index in there["GlobalSecondaryIndexes"]] == ["KindIndex"]
    assert there["TableArn"] == "arn:aws:dynamodb:us-west-2:123456789012:table/models"
    assert here["Replicas"] == [{"RegionName": WEST, "ReplicaStatus": "ACTIVE"}]
    assert there["Replicas"] == [{"RegionName": EAST, "ReplicaStatus": "ACTIVE"}]


def test_put_update_delete_and_batches_arrive_after_the_lag(pair: Pair) -> None:
    client = table(pair)
    for name in "abcd":
        put(pair, EAST, name, kind="first")
    client.update_item(
        TableName="models",
        Key={"id": {"S": "b"}},
        UpdateExpression="SET kind = :k",
        ExpressionAttributeValues={":k": {"S": "second"}},
    )
    client.delete_item(TableName="models", Key={"id": {"S": "c"}})
    client.batch_write_item(RequestItems={"models": [{"DeleteRequest": {"Key": {"id": {"S": "d"}}}}]})
    assert items(pair, WEST) == {}
    assert pair.copied() == 7
    assert (
        items(pair, WEST)
        == items(pair, EAST)
        == {
            "a": {"id": {"S": "a"}, "kind": {"S": "first"}},
            "b": {"id": {"S": "b"}, "kind": {"S": "second"}},
        }
    )


def test_a_write_in_the_second_region_goes_the_other_way_once(pair: Pair) -> None:
    table(pair)
    put(pair, WEST, "a", kind="west")
    assert pair.copied() == 1
    assert items(pair, EAST) == items(pair, WEST) == {"a": {"id": {"S": "a"}, "kind": {"S": "west"}}}
    assert pair.replication.pending() == []


@pytest.mark.parametrize(("first", "second"), [(EAST, WEST), (WEST, EAST)], ids=["west last", "east last"])
def test_the_last_writer_wins_in_both_regions(pair: Pair, first: str, second: str) -> None:
    table(pair)
    put(pair, first, "a", kind="early")
    pair.hands.turn(1)
    put(pair, second, "a", kind="late")
    pair.copied()
    assert items(pair, EAST) == items(pair, WEST) == {"a": {"id": {"S": "a"}, "kind": {"S": "late"}}}
    lanes = {lane["source"]: lane for lane in pair.replication.status()["lanes"]}
    assert (lanes[first]["replicated"], lanes[first]["superseded"]) == (0, 1)
    assert (lanes[second]["replicated"], lanes[second]["superseded"]) == (1, 0)


def test_a_deletion_counts_as_a_write(pair: Pair) -> None:
    client = table(pair)
    put(pair, EAST, "a", kind="old")
    pair.copied()
    put(pair, WEST, "a", kind="early")
    pair.hands.turn(1)
    client.delete_item(TableName="models", Key={"id": {"S": "a"}})
    pair.copied()
    assert items(pair, EAST) == items(pair, WEST) == {}


def test_an_item_is_copied_as_it_was_when_it_was_written(pair: Pair) -> None:
    client = table(pair)
    put(pair, EAST, "a", kind="one")
    pair.hands.turn(8)
    client.update_item(
        TableName="models",
        Key={"id": {"S": "a"}},
        UpdateExpression="SET kind = :k",
        ExpressionAttributeValues={":k": {"S": "two"}},
    )
    pair.hands.turn(3)
    assert pair.replication.copy_due() == 1
    assert items(pair, WEST)["a"]["kind"] == {"S": "one"}


def test_a_transaction_that_fails_sends_nothing(pair: Pair) -> None:
    client = table(pair)
    put(pair, EAST, "taken")
    pair.copied()
    writes: list[dict[str, Any]] = [
        {"Put": {"TableName": "models", "Item": {"id": {"S": "new"}}}},
        {
            "Put": {
                "TableName": "models",
                "Item": {"id": {"S": "taken"}},
                "ConditionExpression": "attribute_not_exists(id)",
            }
        },
    ]
    with pytest.raises(ClientError, match="TransactionCanceled"):
        client.transact_write_items(TransactItems=writes)
    assert pair.replication.pending() == []
    client.transact_write_items(TransactItems=writes[:1])
    pair.copied()
    assert sorted(items(pair, WEST)) == ["new", "taken"]


def test_a_new_replica_gets_what_the_table_holds(pair: Pair) -> None:
    client = table(pair)
    client.update_table(TableName="models", ReplicaUpdates=[{"Delete": {"RegionName": WEST}}])
    put(pair, EAST, "a")
    change = {"Create": {"RegionName": WEST, "KMSMasterKeyId": WEST_KEY}}
    client.update_table(TableName="models", ReplicaUpdates=[change])
    pair.copied()
    assert list(items(pair, WEST)) == ["a"]
    (row,) = client.describe_table(TableName="models")["Table"]["Replicas"]
    assert row["KMSMasterKeyId"] == WEST_KEY


@pytest.mark.parametrize("region", [EAST, WEST])
def test_a_table_that_is_deleted_leaves_the_others_alone(pair: Pair, region: str) -> None:
    table(pair)
    put(pair, EAST, "a")
    pair.copied()
    pair.client("dynamodb", region).delete_table(TableName="models")
    other = WEST if region == EAST else EAST
    put(pair, other, "b")
    assert pair.replication.pending() == []
    assert sorted(items(pair, other)) == ["a", "b"]
    described = pair.client("dynamodb", other).describe_table(TableName="models")["Table"]
    assert "Replicas" not in described


def test_a_table_without_a_full_stream_gets_no_replica(pair: Pair) -> None:
    client = pair.client("dynamodb")
    client.create_table(
        TableName="plain",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(ClientError, match="Table plain needs a stream of NEW_AND_OLD_IMAGES"):
        client.update_table(TableName="plain", ReplicaUpdates=[{"Create": {"RegionName": WEST}}])


def test_keys_with_a_range_and_equal_hash_are_told_apart(pair: Pair) -> None:
    client = table(pair, "events", ranged=True)
    for moment in ("1", "2"):
        client.put_item(TableName="events", Item={"id": {"S": "a"}, "at": {"N": moment}})
    client.delete_item(TableName="events", Key={"id": {"S": "a"}, "at": {"N": "1"}})
    pair.copied()
    found = pair.client("dynamodb", WEST).scan(TableName="events")["Items"]
    assert found == [{"id": {"S": "a"}, "at": {"N": "2"}}]


@pytest.fixture
def tabled(pair: Pair) -> Pair:
    table(pair)
    return pair


_ACTS = st.one_of(
    st.tuples(st.sampled_from([EAST, WEST]), st.sampled_from("xy"), st.sampled_from(["put", "delete"])),
    st.integers(0, 12),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(_ACTS, max_size=12))
def test_both_regions_come_to_the_last_write_of_each_item(tabled: Pair, acts: list[Any]) -> None:
    pair = tabled
    run, last = str(uuid.uuid4()), dict[str, str]()
    for number, act in enumerate(acts):
        if isinstance(act, int):
            pair.hands.turn(act)
            pair.replication.copy_due()
            continue
        region, name, what = act
        key = f"{run}-{name}"
        if what == "put":
            put(pair, region, key, kind=str(number))
            last[key] = str(number)
        elif (
            pair.client("dynamodb", region)
            .delete_item(TableName="models", Key={"id": {"S": key}}, ReturnValues="ALL_OLD")
            .get("Attributes")
        ):
            # The deletion of an item that has not arrived changes nothing, here or there.
            last.pop(key, None)
    pair.copied()
    for region in (EAST, WEST):
        found = {key: item["kind"]["S"] for key, item in items(pair, region).items() if key.startswith(run)}
        assert found == last


def test_a_table_without_replicas_is_left_alone(pair: Pair) -> None:
    client = pair.client("dynamodb")
    client.create_table(
        TableName="plain",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    client.put_item(TableName="plain", Item={"id": {"S": "a"}})
    assert pair.replication.status()["lanes"] == []
