"""Light resources register what the provider's own classes do."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from components import aws
from components.aws.resource import Shape, structured
from tests.components.recorder import Recording, record

STRUCTURED: dict[str, Any] = {
    "name": "f",
    "role": "arn:aws:iam::123456789012:role/r",
    "environment": {"variables": {"LOG_LEVEL": "INFO", "a_b": "c"}},
    "vpc_config": {"subnet_ids": ["s"], "security_group_ids": ["g"]},
    "tags": {"Cost_center": "x", "b_c": "d"},
    "reserved_concurrent_executions": 0,
    "publish": True,
}
DESCRIBED: list[tuple[str, str, dict[str, Any]]] = [
    ("lambda_", "Function", STRUCTURED),
    ("secretsmanager", "SecretVersion", {"secret_id": "s", "secret_string": "quiet"}),
    ("s3", "BucketVersioning", {"bucket": "b", "versioning_configuration": {"status": "Enabled"}}),
    ("cloudwatch", "MetricAlarm", {"comparison_operator": "x", "evaluation_periods": 3, "dimensions": {"A_b": "c"}}),
    ("rds", "Cluster", {"engine": "aurora-postgresql", "master_password": "x", "storage_encrypted": True}),
]


def services(name: str) -> list[Any]:
    """The light service and the provider's."""
    return [getattr(aws, name), importlib.import_module(f"pulumi_aws.{name}")]


def registered(make: Callable[[], object]) -> Recording:
    def program() -> None:
        make()

    return record(program)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the provider's own service is loaded whole
@pytest.mark.parametrize(("service", "name", "inputs"), DESCRIBED, ids=[name for _, name, _ in DESCRIBED])
def test_what_is_registered_is_the_same(service: str, name: str, inputs: dict[str, Any]) -> None:
    light, own = (getattr(found, name) for found in services(service))
    assert registered(lambda: light("it", **inputs)).resources == registered(lambda: own("it", **inputs)).resources


def test_outputs_that_hold_structures_are_awaited() -> None:
    def program() -> None:
        role = aws.iam.Role("r", assume_role_policy="{}")
        code: Any = role.arn.apply(lambda arn: {"variables": {"ROLE_ARN": arn}})
        rows: Any = role.arn.apply(lambda arn: [{"subnet_ids": [arn], "security_group_ids": []}])
        aws.lambda_.Function("f", role=role.arn, environment=code, vpc_config=rows[0])

    inputs = record(program).one("aws:lambda/function:Function").inputs
    assert inputs["environment"] == {"variables": {"ROLE_ARN": inputs["role"]}}
    assert inputs["vpcConfig"] == {"subnetIds": [inputs["role"]], "securityGroupIds": []}


def test_a_missing_input_is_named() -> None:
    with pytest.raises(TypeError, match="aws:s3/bucketLogging:BucketLogging 'x': missing input 'bucket'"):
        registered(lambda: services("s3")[0].BucketLogging("x", target_bucket="b", target_prefix="p"))


def test_an_unknown_input_is_named_with_what_is_allowed() -> None:
    with pytest.raises(TypeError, match=r"unknown input 'buckett'; allowed: .*bucket_prefix"):
        registered(lambda: services("s3")[0].Bucket("x", buckett="b"))


def test_an_output_that_nobody_answers_is_named() -> None:
    with pytest.raises(AttributeError, match=r"has no output 'kms_key_id' .*there are: .*arn"):
        registered(lambda: aws.cloudwatch.LogGroup("x").kms_key_id)


def test_structures_that_were_answered_are_read_by_attribute() -> None:
    found = Shape.of([{"secretArn": "a", "tags": {"Some_key": 1}}])[0]
    assert (found.secret_arn, found.tags["Some_key"], found.kms_key_id) == ("a", 1, None)


def test_a_name_without_a_row_is_the_providers_own() -> None:
    assert aws.sns.SmsPreferences is importlib.import_module("pulumi_aws.sns").SmsPreferences


@pytest.mark.parametrize("value", [None, 3, "a_b", ["a_b"], True])
def test_plain_values_stay_as_they_are(value: Any) -> None:
    assert structured(value, {"a": {}}) == value
    assert structured({"a_b": value}, {"a_b": "map"}) == {"aB": value}
