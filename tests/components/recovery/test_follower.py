"""The follower: woken by the pointer alone, able to do what it has to, and heard of when it is late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.recovery import Follower
from functions.shared.settings import load
from functions.standby.settings import Settings
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEYS = {name: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("data", "models", "logs", "notifications")}
STREAM = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-prod-models/stream/2026-01-01T00:00:00.000"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost"
ROLE, CALENDAR = f"arn:aws:iam::{ACCOUNT}:role/model", f"arn:aws:iam::{ACCOUNT}:role/calendar"
HOSTING: dict[str, Any] = {
    "OwnConfigurations": "standby-endpoint-configuration-*",
    "Container": {"Image": "image", "Environment": {}},
    "Model": {"ExecutionRoleArn": ROLE},
    "Variant": {"VariantName": "live"},
    "Config": {},
    "Update": {"DeploymentConfig": {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "endpoint-errors"}]}}},
}


def run(**more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-prod",
        "keys": KEYS,
        "models_table": "mlplatform-prod-models",
        "models_stream_arn": STREAM,
        "models_bucket": "models",
        "endpoint_name": "mlplatform-prod-predict",
        "hosting": HOSTING,
        "model_package_group": "mlplatform-prod-models",
        "triggers": {"rules": ["upload", "decision"], "schedule": "training", "schedule_role_arn": CALENDAR},
        "lost_events_arn": QUEUE,
        "tags": {"Project": "mlplatform"},
        **more,
    }

    def program() -> dict[str, Any]:
        made = Follower("follower", args)
        return {"alarms": [row.name for row in made.alarms()], "widgets": [row.title for row in made.widgets()]}

    return record(program)


def statements(recording: Recording) -> dict[str, dict[str, Any]]:
    policy = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def test_only_the_pointer_wakes_it_and_what_fails_is_kept() -> None:
    recording = run()
    mapping = recording.one("aws:lambda/eventSourceMapping:EventSourceMapping")
    (row,) = mapping.inputs["filterCriteria"]["filters"]
    assert json.loads(row["pattern"]) == {"dynamodb": {"Keys": {"version": {"S": ["#live"]}}}}
    assert mapping.inputs["eventSourceArn"] == STREAM
    assert mapping.inputs["functionName"].endswith("function:mlplatform-prod-standby:live")
    assert mapping.inputs["startingPosition"] == "TRIM_HORIZON"
    assert mapping.inputs["maximumRetryAttempts"] == 10
    assert mapping.inputs["maximumRecordAgeInSeconds"] == 21_600
    assert mapping.inputs["destinationConfig"] == {"onFailure": {"destinationArn": QUEUE}}
    assert recording.one("aws:iam/rolePolicy:RolePolicy").urn in mapping.dependencies


def test_the_function_reads_the_environment_that_it_is_given_and_has_the_time_to_wait() -> None:
    function = run().one("aws:lambda/function:Function")
    settings = load(Settings, function.inputs["environment"]["variables"])
    assert (settings.models_bucket, settings.rules, settings.schedule) == ("models", "upload,decision", "training")
    hosting = json.loads(settings.hosting)
    assert hosting["Model"] == {"ExecutionRoleArn": ROLE}
    assert hosting["Tags"] == [{"Key": "Project", "Value": "mlplatform"}]
    assert settings.wait_s + 60 <= function.inputs["timeout"] == 900


def test_it_may_serve_a_model_here_and_pass_only_the_two_roles() -> None:
    found = statements(run())
    assert found["UpdateEndpoint"]["Resource"] == [
        arn("sagemaker", "endpoint-config/mlplatform-prod-*"),
        arn("sagemaker", "endpoint/mlplatform-prod-predict"),
    ]
    assert arn("sagemaker", "model/standby-endpoint-model-*") in found["DescribeServing"]["Resource"]
    assert arn("sagemaker", "model-package-group/mlplatform-prod-models") in found["RegisterModel"]["Resource"]
    passed = {
        (*found[sid]["Resource"], *found[sid]["Condition"]["StringEquals"]["iam:PassedToService"])
        for sid in found
        if found[sid]["Action"] == ["iam:PassRole"]
    }
    assert passed == {(ROLE, "sagemaker.amazonaws.com"), (CALENDAR, "scheduler.amazonaws.com")}
    assert found["WatchAlarms"]["Resource"] == [arn("cloudwatch", "alarm:endpoint-errors")]


def test_it_may_hear_changes_and_switch_the_triggers_that_it_is_told() -> None:
    found = statements(run())
    assert found["HearChanges"]["Resource"] == [STREAM]
    assert (found["ListStreams"]["Action"], found["ListStreams"]["Resource"]) == (["dynamodb:ListStreams"], ["*"])
    assert found["ReadModels"]["Action"] == ["dynamodb:GetItem"]
    assert found["SwitchRules"]["Resource"] == [arn("events", "rule/decision"), arn("events", "rule/upload")]
    assert found["SwitchSchedule"]["Resource"] == [arn("scheduler", "schedule/default/training")]
    assert found["KeepLostChanges"]["Resource"] == [QUEUE]


def test_lateness_and_failures_are_heard_and_shown() -> None:
    value = run().value
    assert value["alarms"] == ["standby-behind", "standby-errors", "standby-throttles", "standby-duration"]
    assert value["widgets"][0] == "Live model: age of the change that is followed"


def test_triggers_without_a_rule_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Follower 'follower': triggers\.rules is empty; allowed: one name or more"):
        run(triggers={"rules": [], "schedule": "training", "schedule_role_arn": CALENDAR})
