"""The Tables component and the records of a fresh stack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given, settings
from hypothesis import strategies as st

from components.baseline import Baseline, attribute, item
from components.tables import Tables
from tests.components.recorder import ACCOUNT, REGION, Recorded, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data"
TABLE = "aws:dynamodb/table:Table"
EVALUATION = {"accuracy": 0.5, "f1": 1, "algorithm": "xgboost", "sample": {"a": 1.5, "b": None}, "rows": 3}


def arguments(**more: Any) -> Any:
    return {"name_prefix": "mlplatform-dev", "key_arn": KEY, **more}


def run(**more: Any) -> Recording:
    def program() -> None:
        Tables("tables", arguments(**more))

    return record(program)


def granted(right: str, *which: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = record(lambda: getattr(Tables("tables", arguments(**more)), right)(*which)).value
    return found


def table(name: str, **more: Any) -> Recorded:
    return run(**more).one(TABLE, f"tables-{name}")


def test_children_are_exactly_the_planned_tables() -> None:
    recording = run()
    assert recording.counts() == {TABLE: 7, "mlplatform:index:Tables": 1}
    assert len(recording.children(recording.one("mlplatform:index:Tables"))) == 7


@pytest.mark.parametrize("name", ["users", "sessions", "models", "predictions", "batches", "counters", "requests"])
def test_every_table_is_encrypted_restorable_on_demand_and_streams(name: str) -> None:
    made = table(name)
    assert made.inputs["name"] == f"mlplatform-dev-{name}"
    assert made.inputs["billingMode"] == "PAY_PER_REQUEST"
    assert made.inputs["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    assert made.inputs["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
    assert (made.inputs["streamEnabled"], made.inputs["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
    assert (made.inputs["deletionProtectionEnabled"], made.protect) == (True, True)


def keys_of_indexes(made: Any) -> dict[str, tuple[str, str | None]]:
    return {index["name"]: (index["hashKey"], index.get("rangeKey")) for index in made["globalSecondaryIndexes"]}


def test_users_are_found_by_their_address() -> None:
    made = table("users").inputs
    assert made["hashKey"] == "userId"
    assert keys_of_indexes(made) == {"EmailIndex": ("email", None), "CreatedAtIndex": ("kind", "createdAt")}
    assert "ttl" not in made


def test_the_list_of_users_is_written_only_when_one_comes_or_goes() -> None:
    projections = {
        index["name"]: index["projectionType"]
        for name in ("users", "sessions", "models", "predictions")
        for index in table(name).inputs["globalSecondaryIndexes"]
    }
    assert {name for name, kind in projections.items() if kind != "ALL"} == {"CreatedAtIndex"}
    assert projections["CreatedAtIndex"] == "KEYS_ONLY"


def test_sessions_end_by_themselves_and_are_found_by_user() -> None:
    made = table("sessions").inputs
    assert made["hashKey"] == "sessionId"
    assert keys_of_indexes(made) == {"UserIdIndex": ("userId", "createdAt")}
    assert made["ttl"] == {"enabled": True, "attributeName": "ttl"}


def test_counters_go_away_by_themselves() -> None:
    made = table("counters").inputs
    assert (made["hashKey"], made["ttl"]["enabled"]) == ("counter", True)
    assert "globalSecondaryIndexes" not in made


def test_models_are_found_by_group_and_by_package() -> None:
    made = table("models").inputs
    assert made["hashKey"] == "version"
    assert keys_of_indexes(made) == {
        "GroupIndex": ("modelGroup", "createdAt"),
        "PackageIndex": ("modelPackageArn", None),
    }
    keys = {attribute["name"] for attribute in made["attributes"]}
    assert keys == {"version", "modelGroup", "createdAt", "modelPackageArn"}
    assert "ttl" not in made


def test_predictions_expire_and_are_found_by_user() -> None:
    made = table("predictions").inputs
    assert made["hashKey"] == "predictionId"
    assert made["ttl"] == {"enabled": True, "attributeName": "ttl"}
    assert [index["hashKey"] for index in made["globalSecondaryIndexes"]] == ["userId"]


def test_a_disposable_stack_can_delete_its_tables() -> None:
    made = table("models", protect=False, recovery_days=7)
    assert (made.inputs["deletionProtectionEnabled"], made.protect) == (False, False)
    assert made.inputs["pointInTimeRecovery"]["recoveryPeriodInDays"] == 7


def test_reading_reaches_items_by_key_and_neither_indexes_nor_scans() -> None:
    read, key = granted("may_read", "models")
    assert read["Resource"] == [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-models"]
    assert read["Action"] == ["dynamodb:BatchGetItem", "dynamodb:GetItem"]
    assert key["Action"] == ["kms:Decrypt"]
    assert key["Condition"] == {"StringLike": {"kms:ViaService": ["dynamodb.*.amazonaws.com"]}}


def test_writing_deletes_nothing() -> None:
    write, _ = granted("may_write", "predictions")
    assert write["Action"] == ["dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    assert len(write["Resource"]) == 1


@pytest.mark.parametrize("days", [0, 36])
def test_a_recovery_that_dynamodb_does_not_have_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match=f"recovery_days is {days}; allowed: 1 to 35"):
        run(recovery_days=days)


def test_an_unknown_table_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="'user' does not exist; allowed: users, sessions, models, predictions, batch"):
        granted("may_read", "user")


def test_a_query_reaches_one_index_of_one_table() -> None:
    query, key = granted("may_query_index", "users", "EmailIndex")
    assert query == {
        "Sid": "QueryUsersEmailIndex",
        "Effect": "Allow",
        "Action": ["dynamodb:Query"],
        "Resource": [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-users/index/EmailIndex"],
    }
    assert key["Resource"] == [KEY]


def test_an_unknown_index_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="table 'models' has no index 'EmailIndex'; allowed: GroupIndex, PackageIndex"):
        granted("may_query_index", "models", "EmailIndex")


def test_requests_that_an_index_turns_away_count_too() -> None:
    (alarm, *_) = record(lambda: {"rows": Tables("tables", arguments()).alarms()}).value["rows"]
    names = [f"{verb}{index}" for verb in ("reads", "writes") for index in ("", "_EmailIndex", "_CreatedAtIndex")]
    assert alarm.metric.expression == f"SUM([{', '.join(f'FILL({name}, 0)' for name in names)}])"
    dimensions = {key: dict(metric.dimensions) for key, metric in alarm.metric.metrics.items()}
    assert dimensions["reads_EmailIndex"]["GlobalSecondaryIndexName"] == "EmailIndex"
    assert "GlobalSecondaryIndexName" not in dimensions["writes"]


def first_items() -> dict[str, Recorded]:
    args: Any = {
        "models_table": "mlplatform-dev-models",
        "model_package_group": "mlplatform-dev-models",
        "model_data_url": "s3://bucket/baseline/model.tar.gz",
        "evaluation": EVALUATION,
    }

    def program() -> None:
        Baseline("baseline", args)

    return {found.name: found for found in record(program).of_type("aws:dynamodb/tableItem:TableItem")}


def stored(found: Recorded) -> dict[str, Any]:
    read = TypeDeserializer().deserialize
    return {key: read(value) for key, value in json.loads(found.inputs["item"]).items()}


def test_a_fresh_stack_serves_the_baseline() -> None:
    items = first_items()
    assert set(items) == {"baseline-live", "baseline-model"}
    assert stored(items["baseline-live"])["liveVersion"] == stored(items["baseline-model"])["version"] == "baseline"
    model = stored(items["baseline-model"])
    assert (model["status"], model["modelGroup"]) == ("Live", "mlplatform-dev-models")
    assert model["modelDataUrl"] == "s3://bucket/baseline/model.tar.gz"
    assert model["sample"] == {"a": pytest.approx(1.5), "b": None}
    assert set(model["metrics"]) == {"accuracy", "f1"}


def test_what_releases_make_of_the_records_is_left_alone() -> None:
    assert {found.ignore_changes for found in first_items().values()} == {("item",)}


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1), plain))
def test_an_item_reads_back_as_it_was(values: dict[str, Any]) -> None:
    read = TypeDeserializer().deserialize
    assert {key: read(value) for key, value in item(values).items()} == values


def test_a_value_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="of type set cannot be stored; give JSON values"):
        attribute({1})
