"""Declared inputs find their parameter by name; what finds none is told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from sandbox.seam.fields import noun_of, parameters, scalar
from sandbox.seam.names import camel

SESSION = get_session()
OPERATIONS = (
    ("s3", "PutBucketLifecycleConfiguration"),
    ("lambda", "CreateFunction"),
    ("sagemaker", "CreateEndpointConfig"),
    ("cognito-idp", "CreateUserPool"),
    ("wafv2", "CreateWebACL"),
)


def shape(service: str, operation: str) -> Any:
    return SESSION.get_service_model(service).operation_model(operation).input_shape


@pytest.mark.parametrize(
    ("service", "operation", "declared", "expected"),
    [
        ("ec2", "CreateVpc", {"cidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.0.0.0/16"}),
        ("dynamodb", "CreateTable", {"name": "t"}, {"TableName": "t"}),
        ("s3", "PutBucketVersioning", {"bucket": "b"}, {"Bucket": "b"}),
        ("lambda", "AddPermission", {"function": "f"}, {"FunctionName": "f"}),
        ("cognito-idp", "CreateUserPool", {"schemas": []}, {"Schema": []}),
        (
            "s3",
            "PutPublicAccessBlock",
            {"blockPublicAcls": True},
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        ),
        (
            "s3",
            "PutBucketOwnershipControls",
            {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        ),
        ("lambda", "CreateFunction", {"tracingConfig": [{"mode": "Active"}]}, {"TracingConfig": {"Mode": "Active"}}),
        ("lambda", "CreateFunction", {"memorySize": "512"}, {"MemorySize": 512}),
        (
            "kms",
            "CreateKey",
            {"tags": {"b": "2", "a": "1"}},
            {"Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}]},
        ),
        ("cloudwatch", "PutMetricAlarm", {"dimensions": {"F": "f"}}, {"Dimensions": [{"Name": "F", "Value": "f"}]}),
    ],
    ids=[
        "same-word",
        "noun-before-it",
        "exact",
        "suffix-name",
        "plural",
        "one-wrapper",
        "one-as-list",
        "list-of-one-block",
        "number-as-text",
        "map-to-list",
        "map-to-names",
    ],
)
def test_names_and_forms_are_carried_over(
    service: str, operation: str, declared: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert parameters(shape(service, operation), declared, noun=noun_of(operation)) == (expected, [])


def test_what_finds_no_place_is_told_by_its_path() -> None:
    declared = {"runtime": "python3.13", "colour": "red", "tracingConfig": {"mode": "Active", "depth": 3}}
    made, left = parameters(shape("lambda", "CreateFunction"), declared)
    assert made == {"Runtime": "python3.13", "TracingConfig": {"Mode": "Active"}}
    assert left == ["colour", "tracingConfig.depth"]


def test_a_renamed_input_goes_where_the_row_says() -> None:
    declared = {"targetBucket": "logs", "bucket": "raw"}
    rename = {"targetBucket": "BucketLoggingStatus.LoggingEnabled.TargetBucket"}
    made, left = parameters(shape("s3", "PutBucketLogging"), declared, rename=rename)
    assert made == {"Bucket": "raw", "BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs"}}}
    assert left == []


def test_a_scalar_where_a_group_belongs_is_an_error() -> None:
    with pytest.raises(ValueError, match="tracingConfig: 'Active' stands where a group of Mode belongs"):
        parameters(shape("lambda", "CreateFunction"), {"tracingConfig": "Active"})


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("integer", 3.0, 3),
        ("integer", "3", 3),
        ("double", "0.5", 0.5),
        ("boolean", "false", False),
        ("string", True, "true"),
        ("string", {"b": 1, "a": 2}, '{"a": 2, "b": 1}'),
        ("blob", "x", b"x"),
    ],
)
def test_scalars_take_the_type_of_the_parameter(kind: str, value: Any, expected: Any) -> None:
    assert scalar(kind, value) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(operation=st.sampled_from(OPERATIONS), extra=st.dictionaries(st.text(min_size=1, max_size=12), JSON, max_size=4))
def test_no_input_disappears(operation: tuple[str, str], extra: dict[str, Any]) -> None:
    # Whatever is declared is in the parameters, or told, or refused: never silently gone.
    declared = {f"unheard{key}": value for key, value in extra.items()}
    made, left = parameters(shape(*operation), declared)
    assert made == {}
    assert sorted(left) == sorted(key for key, value in declared.items() if value is not None)


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(0, 100) | st.integers(0, 100).map(float),
    "long": st.integers(0, 100),
    "float": st.floats(0, 100),
    "double": st.floats(0, 100),
    "boolean": st.booleans(),
}


def samples(member: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a program could declare for a member of a service's model."""
    if member.type_name == "structure":
        names = list(member.members)[:6] if depth < 2 else []
        optional = {camel(name[0].lower() + name[1:]): samples(member.members[name], depth + 1) for name in names}
        return st.fixed_dictionaries({}, optional=optional)
    if member.type_name == "list":
        return st.lists(samples(member.member, depth + 1), max_size=2)
    if member.type_name == "map":
        return st.dictionaries(st.text(min_size=1, max_size=5), samples(member.value, depth + 1), max_size=2)
    return SCALARS.get(member.type_name, st.text(max_size=8))


@given(data=st.data(), operation=st.sampled_from(OPERATIONS))
def test_inputs_named_like_the_model_all_arrive(data: st.DataObject, operation: tuple[str, str]) -> None:
    model = shape(*operation)
    declared = data.draw(samples(model))
    made, left = parameters(model, declared)
    assert left == []
    assert len(leaves(made)) == len(leaves(declared))


def leaves(value: Any) -> list[Any]:
    """Every scalar at the ends of nested data."""
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]
