"""The Keys component: a key a class of data, for the services that handle it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.keys import Keys, partition
from tests.components.recorder import ACCOUNT, REGION, Recording, record


def run(**more: Any) -> Recording:
    args: Any = {"name_prefix": "mlplatform-dev", "account_id": ACCOUNT, "region": REGION, **more}
    return record(lambda: Keys("keys", args).arn("data"))


def statements(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run().one("aws:kms/key:Key", f"keys-{name}").inputs["policy"])["Statement"]
    return found


def test_five_rotated_keys_with_an_alias_each() -> None:
    recording = run()
    assert recording.counts() == {"aws:kms/alias:Alias": 5, "aws:kms/key:Key": 5, "mlplatform:index:Keys": 1}
    assert len(recording.children(recording.one("mlplatform:index:Keys"))) == 10
    keys = recording.of_type("aws:kms/key:Key")
    assert all(key.inputs["enableKeyRotation"] is True for key in keys)
    assert all(key.inputs["deletionWindowInDays"] == 30 and key.protect for key in keys)
    names = {alias.inputs["name"] for alias in recording.of_type("aws:kms/alias:Alias")}
    assert names == {f"alias/mlplatform-dev-{noun}" for noun in ("data", "models", "logs", "secrets", "notifications")}


@pytest.mark.parametrize("name", ["data", "models", "secrets"])
def test_keys_of_data_are_reached_only_in_the_name_of_a_role(name: str) -> None:
    (only,) = statements(name)
    assert only["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_cloudwatch_logs_uses_the_key_for_log_groups_of_this_account_only() -> None:
    _, logs, _, _ = statements("logs")
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    condition = {"kms:EncryptionContext:aws:logs:arn": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"]}
    assert logs["Condition"] == {"ArnLike": condition}


def test_trails_of_this_account_are_encrypted() -> None:
    _, _, trails, _ = statements("logs")
    assert trails["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    assert trails["Condition"] == {"ArnLike": {"aws:SourceArn": [f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"]}}


def test_s3_encrypts_inventories_of_this_account_only() -> None:
    _, _, _, inventories = statements("logs")
    assert inventories["Principal"] == {"Service": "s3.amazonaws.com"}
    assert inventories["Action"] == ["kms:GenerateDataKey*"]
    assert inventories["Condition"] == {
        "ArnLike": {"aws:SourceArn": ["arn:aws:s3:::*"]},
        "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
    }


def test_alarms_and_events_may_publish_encrypted() -> None:
    _, alarms, events, budgets, anomalies = statements("notifications")
    for row, service in ((budgets, "budgets.amazonaws.com"), (anomalies, "costalerts.amazonaws.com")):
        assert row == {**alarms, "Sid": row["Sid"], "Principal": {"Service": service}}
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}
    assert events["Principal"] == {"Service": "events.amazonaws.com"}
    assert alarms["Action"] == events["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_a_disposable_stack_can_delete_its_keys_soon() -> None:
    keys = run(deletion_days=7, protect=False).of_type("aws:kms/key:Key")
    assert {(key.inputs["deletionWindowInDays"], key.protect) for key in keys} == {(7, False)}


@pytest.mark.parametrize("days", [6, 31])
def test_a_window_that_kms_does_not_have_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match=f"deletion_days is {days}; allowed: 7 to 30"):
        run(deletion_days=days)


def test_keys_stay_in_their_region_unless_asked() -> None:
    assert [key.inputs.get("multiRegion") for key in run().of_type("aws:kms/key:Key")] == [None] * 5


def test_keys_of_what_is_replicated_can_have_replicas() -> None:
    keys = {key.name: key.inputs.get("multiRegion") for key in run(multi_region=True).of_type("aws:kms/key:Key")}
    assert {name for name, found in keys.items() if found} == {"keys-data", "keys-models", "keys-secrets"}


def test_another_region_has_replicas_and_regional_keys_of_its_own() -> None:
    def program() -> Any:
        first: Any = {"name_prefix": "mlplatform-dev", "account_id": ACCOUNT, "region": REGION, "multi_region": True}
        arns = Keys("keys", first).multi_region_arns()
        second: Any = {**first, "region": "us-west-2", "multi_region": False, "replica_of": arns}
        second |= {"protect": False, "deletion_days": 7}
        standby = Keys("standby-keys", second)
        return {"data": [arns["data"], standby.arn("data")]}

    recording = record(program)
    replicas = {key.name: key for key in recording.of_type("aws:kms/replicaKey:ReplicaKey")}
    assert set(replicas) == {"standby-keys-data", "standby-keys-models", "standby-keys-secrets"}
    data = replicas["standby-keys-data"]
    primary, own = recording.value["data"]
    assert data.inputs["primaryKeyArn"] == primary != own
    assert (data.inputs["deletionWindowInDays"], data.protect) == (7, False)
    assert json.loads(data.inputs["policy"])["Statement"][0]["Sid"] == "AccountAdministersByIam"
    regional = {key.name for key in recording.of_type("aws:kms/key:Key") if key.name.startswith("standby")}
    assert regional == {"standby-keys-logs", "standby-keys-notifications"}
    aliases = [alias.name for alias in recording.of_type("aws:kms/alias:Alias") if alias.name.startswith("standby")]
    assert len(aliases) == 5


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"replica_of": {"logs": "arn"}}, "replica_of has 'logs'; allowed: data, models, secrets"),
        ({"replica_of": {"data": "arn"}, "multi_region": True}, "multi_region is True with replica_of; allowed: one"),
    ],
)
def test_replicas_that_kms_does_not_have_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        run(**given)


def test_regional_keys_have_no_replicas() -> None:
    args: Any = {"name_prefix": "p", "account_id": ACCOUNT, "region": REGION}
    with pytest.raises(ValueError, match="multi_region is False; allowed: True where keys have replicas; set it"):
        record(lambda: Keys("keys", args).multi_region_arns())


def test_an_unknown_class_of_data_is_told_with_those_that_exist() -> None:
    def program() -> None:
        args: Any = {"name_prefix": "p", "account_id": ACCOUNT, "region": REGION}
        unknown: Any = "money"
        Keys("keys", args).arn(unknown)

    with pytest.raises(ValueError, match="'money' has no key; allowed: data, models, logs, secrets, notifications"):
        record(program)


@pytest.mark.parametrize(
    ("region", "expected"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_partitions_follow_the_region(region: str, expected: str) -> None:
    assert partition(region) == expected
