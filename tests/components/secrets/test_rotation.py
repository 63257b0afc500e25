"""Rotation: one function a secret, called by Secrets Manager alone, watched by its age."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.secrets import Rotation, SigningSecret
from components.values import Metric
from tests.components.recorder import ACCOUNT, REGION, Recording, record

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:cache-token-AbCdEf"
FUNCTION = "aws:lambda/function:Function"
SCHEDULE = "aws:secretsmanager/secretRotation:SecretRotation"
ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlplatform-dev-rotation-cache"


def key(name: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"


def arguments(**more: Any) -> Any:
    return {
        "name_prefix": "mlplatform-dev",
        "noun": "cache",
        "kind": "cache",
        "account_id": ACCOUNT,
        "secret_arn": SECRET,
        "secret_key_arn": key("secrets"),
        "log_key_arn": key("logs"),
        "lost_events_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost",
        "lost_events_key_arn": key("notifications"),
        "environment": {"cache_group": "mlplatform-dev-cache", "cache_host": "cache.example", "cache_port": "6379"},
        **more,
    }


def run(**more: Any) -> Recording:
    return record(lambda: Rotation("rotation-cache", arguments(**more)) and None)


def made(**more: Any) -> Rotation:
    found: list[Rotation] = []
    record(lambda: found.append(Rotation("rotation-cache", arguments(**more))))
    return found[0]


def statements(recording: Recording) -> dict[str, dict[str, Any]]:
    policy = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return {row["Sid"]: row for row in policy["Statement"]}


def test_children_are_exactly_these() -> None:
    assert run().counts() == {
        "aws:cloudwatch/eventRule:EventRule": 1,
        "aws:cloudwatch/eventTarget:EventTarget": 1,
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:lambda/alias:Alias": 1,
        FUNCTION: 1,
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": 1,
        "aws:lambda/permission:Permission": 2,
        SCHEDULE: 1,
        "mlplatform:index:Function": 1,
        "mlplatform:index:Rotation": 1,
    }


def test_the_secret_changes_every_30_days_but_not_while_the_stack_is_made() -> None:
    inputs = run().one(SCHEDULE).inputs
    assert inputs == {
        "secretId": SECRET,
        "rotationLambdaArn": ARN,
        "rotationRules": {"automaticallyAfterDays": 30},
        "rotateImmediately": False,
    }
    assert run(every_days=7).one(SCHEDULE).inputs["rotationRules"] == {"automaticallyAfterDays": 7}


def test_the_schedule_waits_for_what_secrets_manager_tries_at_once() -> None:
    recording = run()
    permission = recording.one("aws:lambda/permission:Permission", "rotation-cache-permission")
    assert {permission.urn, recording.one("aws:iam/rolePolicy:RolePolicy").urn} <= recording.one(SCHEDULE).dependencies
    assert permission.inputs["principal"] == "secretsmanager.amazonaws.com"
    assert permission.inputs["sourceAccount"] == ACCOUNT
    assert "qualifier" not in permission.inputs


def test_the_function_has_the_longest_time_and_knows_its_secret() -> None:
    inputs = run().one(FUNCTION).inputs
    assert (inputs["name"], inputs["timeout"]) == ("mlplatform-dev-rotation-cache", 900)
    assert inputs["handler"] == "functions.rotation.handler.handler"
    assert inputs["code"] == {"path": "dist/functions/rotation.zip"}
    assert inputs["environment"]["variables"] == {
        "CACHE_GROUP": "mlplatform-dev-cache",
        "CACHE_HOST": "cache.example",
        "CACHE_PORT": "6379",
        "KIND": "cache",
        "SECRET_ARN": SECRET,
    }


def test_its_rights_reach_one_secret_and_the_key_for_that_secret() -> None:
    found = statements(run())
    assert found["RotateSecret"]["Resource"] == [SECRET]
    assert found["RotateSecret"]["Action"] == [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ]
    assert found["UseSecretKey"]["Condition"] == {"StringEquals": {"kms:EncryptionContext:SecretARN": [SECRET]}}
    assert found["KeepLostEvents"]["Resource"] == [f"arn:aws:sqs:{REGION}:{ACCOUNT}:lost"]


def test_it_stands_in_the_network_where_that_is_asked_for() -> None:
    inside = run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]).one(FUNCTION).inputs
    assert inside["vpcConfig"] == {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    assert "vpcConfig" not in run().one(FUNCTION).inputs


def test_once_a_day_the_clock_asks_for_the_age() -> None:
    recording = run()
    rule = recording.one("aws:cloudwatch/eventRule:EventRule").inputs
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget").inputs
    assert rule["scheduleExpression"] == "rate(1 day)"
    assert (target["arn"], json.loads(target["input"])) == (f"{ARN}:live", {"Step": "reportAge"})


def test_a_failed_step_and_an_overdue_rotation_are_told() -> None:
    failed, overdue = made(every_days=20).alarms()
    assert (failed.name, failed.threshold, failed.runbook) == ("rotation-cache-failed", 0, "secret-rotation")
    assert (overdue.name, overdue.threshold) == ("rotation-cache-overdue", 22)
    assert isinstance(overdue.metric, Metric)
    assert (overdue.metric.namespace, overdue.metric.name) == ("MLPlatform", "SecretAgeDays")
    # A function that is called no more tells no age; a new one has not told any yet.
    assert overdue.missing_data == "missing"
    assert [widget.section for widget in made().widgets()] == ["Secrets"]


@pytest.mark.parametrize("every_days", [0, 31])
def test_another_rhythm_than_a_month_at_most_is_refused(every_days: int) -> None:
    with pytest.raises(ValueError, match=f"every_days is {every_days}; allowed: 1 to 30"):
        run(every_days=every_days)


def test_a_field_that_the_function_does_not_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cache_hots: unknown"):
        run(environment={"cache_hots": "x"})


def test_a_signing_secret_has_a_first_key_that_stays_until_it_is_rotated() -> None:
    recording = record(
        lambda: SigningSecret("callbacks", {"purpose": "callbacks", "key_arn": key("secrets")}).may_sign()
    )
    secret = recording.one("aws:secretsmanager/secret:Secret")
    version = recording.one("aws:secretsmanager/secretVersion:SecretVersion")
    (first,) = json.loads(version.inputs["secretString"])["keys"]
    assert (first["id"], len(first["secret"]) >= 32) == ("first", True)
    assert version.ignore_changes == ("secretString",)
    assert "secretString" in version.secrets
    assert (secret.protect, secret.inputs["kmsKeyId"]) == (True, key("secrets"))
    assert secret.inputs["recoveryWindowInDays"] == 30
    assert [row["Action"] for row in recording.value] == [["secretsmanager:GetSecretValue"], ["kms:Decrypt"]]


def test_a_recovery_that_aws_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="recovery_days is 5; allowed: 7 to 30"):
        record(lambda: SigningSecret("x", {"purpose": "x", "key_arn": key("secrets"), "recovery_days": 5}) and None)
