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
    _, logs = statements("logs")
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    condition = {"kms:EncryptionContext:aws:logs:arn": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"]}
    assert logs["Condition"] == {"ArnLike": condition}


def test_alarms_and_events_may_publish_encrypted() -> None:
    _, alarms, events = statements("notifications")
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
