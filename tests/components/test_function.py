"""The Function component: what one capability gets in Lambda."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.function import Function, FunctionArgs
from components.values import Metric
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlplatform-dev-predictions"


def args(**more: Any) -> FunctionArgs:
    given: Any = {
        "function_name": "mlplatform-dev-predictions",
        "capability": "predictions",
        "code": "dist/functions/predictions.zip",
        "key_arn": KEY,
        **more,
    }
    made: FunctionArgs = given
    return made


def run(**more: Any) -> Recording:
    return record(lambda: Function("predictions", args(**more)).may_invoke())


def policy(recording: Recording) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])[
        "Statement"
    ]
    return statements


def test_children_are_exactly_these_and_have_the_component_as_parent() -> None:
    recording = run()
    assert recording.counts() == {
        "aws:cloudwatch/logGroup:LogGroup": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:lambda/alias:Alias": 1,
        "aws:lambda/function:Function": 1,
        "mlplatform:index:Function": 1,
    }
    component = recording.one("mlplatform:index:Function")
    assert component.parent == ""
    assert len(recording.children(component)) == 5


def test_required_inputs_alone_give_a_secure_function() -> None:
    inputs = run().one("aws:lambda/function:Function").inputs
    assert inputs["architectures"] == ["arm64"]
    assert inputs["runtime"] == "python3.13"
    assert inputs["handler"] == "functions.predictions.handler.handler"
    assert inputs["code"] == {"path": "dist/functions/predictions.zip"}
    assert inputs["tracingConfig"] == {"mode": "Active"}
    assert inputs["kmsKeyArn"] == KEY
    assert inputs["publish"] is True
    assert (inputs["timeout"], inputs["memorySize"]) == (30, 512)
    assert inputs["loggingConfig"] == {"logFormat": "JSON", "logGroup": "/aws/lambda/mlplatform-dev-predictions"}
    assert "vpcConfig" not in inputs
    assert "reservedConcurrentExecutions" not in inputs


def test_log_is_encrypted_and_kept_as_long_as_told() -> None:
    log = run(retention_days=90).one("aws:cloudwatch/logGroup:LogGroup")
    assert log.inputs == {
        "name": "/aws/lambda/mlplatform-dev-predictions",
        "kmsKeyId": KEY,
        "retentionInDays": 90,
    }


def test_role_holds_its_own_log_and_nothing_of_the_network_outside_one() -> None:
    statements = policy(run())
    assert [statement["Sid"] for statement in statements] == ["WriteOwnLog", "SendTraces", "DecryptEnvironment"]
    assert statements[0]["Resource"] == [
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/mlplatform-dev-predictions:*"
    ]


def test_statements_given_are_added() -> None:
    given = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
    assert given in policy(run(statements=[given]))


def test_network_rights_are_lambdas_and_not_the_codes() -> None:
    recording = run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"])
    place, keep = (statement for statement in policy(recording) if "Network" in statement["Sid"])
    assert place["Action"] == keep["Action"]
    assert (place["Effect"], keep["Effect"]) == ("Allow", "Deny")
    assert keep["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": [FUNCTION]}}
    function = recording.one("aws:lambda/function:Function")
    assert function.inputs["vpcConfig"] == {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    assert recording.one("aws:iam/rolePolicy:RolePolicy").urn in function.dependencies


def test_alias_follows_the_published_version() -> None:
    alias = run().one("aws:lambda/alias:Alias").inputs
    assert alias == {"name": "live", "functionName": "mlplatform-dev-predictions", "functionVersion": "1"}


def test_invoking_is_granted_for_the_alias_alone() -> None:
    assert run().value == {
        "Sid": "InvokePredictions",
        "Effect": "Allow",
        "Action": ["lambda:InvokeFunction"],
        "Resource": [f"{FUNCTION}:live"],
    }


def test_zero_reserved_concurrency_is_a_value() -> None:
    assert run(reserved_concurrency=0).one("aws:lambda/function:Function").inputs["reservedConcurrentExecutions"] == 0


@pytest.mark.parametrize(
    ("field", "value", "input_name"),
    [
        ("timeout_s", 7, "timeout"),
        ("memory_mb", 1024, "memorySize"),
        ("layers", ["arn:aws:lambda:us-east-1:123456789012:layer:l:1"], "layers"),
        ("environment", {"A": "b"}, "environment"),
        ("handler", "a.b", "handler"),
        ("capability", "registry", "handler"),
        ("function_name", "other", "name"),
        ("code", "other.zip", "code"),
        ("key_arn", f"{KEY}2", "kmsKeyArn"),
    ],
)
def test_every_field_reaches_the_function(field: str, value: Any, input_name: str) -> None:
    before = run().one("aws:lambda/function:Function").inputs
    after = run(**{field: value}).one("aws:lambda/function:Function").inputs
    assert before.get(input_name) != after[input_name]


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(ValueError, match="function_name") as caught:
        run(
            function_name="x" * 65,
            timeout_s=0,
            memory_mb=64,
            retention_days=31,
            reserved_concurrency=-1,
            layers=["a"] * 6,
            subnet_ids=["subnet-1"],
        )
    for field in (
        "timeout_s is 0",
        "memory_mb is 64",
        "retention_days is 31",
        "reserved_",
        "layers has 6",
        "subnet_ids",
    ):
        assert field in str(caught.value)


def test_nothing_depends_on_values_that_a_preview_does_not_know() -> None:
    def program() -> None:
        Function("predictions", args(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]))

    assert len(record(program, preview=True).resources) == 6


def test_alarms_and_widgets_speak_of_this_function() -> None:
    found: list[Function] = []
    record(lambda: found.append(Function("predictions", args(timeout_s=10))))
    alarms = found[0].alarms()
    assert [alarm.name for alarm in alarms] == ["predictions-errors", "predictions-throttles", "predictions-duration"]
    assert [alarm.threshold for alarm in alarms] == [5, 0, 8000]
    metrics = [metric for widget in found[0].widgets() for metric in widget.metrics]
    assert {metric.dimensions["FunctionName"] for metric in metrics if isinstance(metric, Metric)} == {
        "mlplatform-dev-predictions"
    }
    assert len(metrics) == 7
