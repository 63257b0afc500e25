"""Policies of the kinds that AWS's guide explains, asked by calls: from what the SDK is given to the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.rights import Access, Grants, decide
from tests.sandbox.rights.actions.case import KEY, KEYED, MACHINE, World, arn, asked
from tests.sandbox.rights.calls import ACCOUNT, ROLE, granted, policy, statement

LAKE = "arn:aws:s3:::lake"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def decided(accesses: tuple[Access, ...], grants: Grants, **context: str) -> list[str]:
    """Why each right that a call needs is granted or not, with more facts of its surroundings (`__` for a colon)."""
    more = {key.replace("__", ":"): (value,) for key, value in context.items()}
    return [
        decide(Access(one.principal, one.action, one.resources, {**one.context, **more}, one.session), grants).why
        for one in accesses
    ]


HOME = granted(
    statement(
        action="s3:ListBucket",
        resource=LAKE,
        Condition={"StringLike": {"s3:prefix": ["", "homes/", "homes/${aws:username}/*"]}},
    ),
    statement(action=["s3:GetObject", "s3:PutObject"], resource=f"{LAKE}/homes/${{aws:username}}/*"),
)


@pytest.mark.parametrize(
    ("operation", "params", "why"),
    [
        ("ListObjectsV2", {"Prefix": "homes/ann/pictures"}, "allowed"),
        ("ListObjectsV2", {"Prefix": "homes/"}, "allowed"),
        ("ListObjectsV2", {"Prefix": "homes/bob/"}, "no allow"),
        ("ListObjectsV2", {}, "no allow"),
        ("GetObject", {"Key": "homes/ann/a"}, "allowed"),
        ("GetObject", {"Key": "homes/bob/a"}, "no allow"),
        ("DeleteObject", {"Key": "homes/ann/a"}, "no allow"),
    ],
)
def test_a_home_in_a_shared_bucket(operation: str, params: dict[str, str], why: str) -> None:
    found = [
        Access(ANN, one.action, one.resources, one.context)
        for one in asked("s3", operation, None, Bucket="lake", **params)
    ]
    assert [decide(one, HOME).why for one in found] == [why]


def test_everything_but_global_services_stays_in_the_regions() -> None:
    regions = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
    grants = granted(
        statement(action="*"),
        statement("Deny", None, NotAction=["iam:*", "route53:*", "support:*"], Condition=regions),
    )
    list_queues, get_role = asked("sqs", "ListQueues"), asked("iam", "GetRole", RoleName="r")
    assert decided(list_queues, grants) == ["allowed"]
    assert decided(list_queues, grants, aws__requestedregion="us-east-1") == ["explicit deny"]
    assert decided(get_role, grants, aws__requestedregion="us-east-1") == ["allowed"]


@pytest.mark.parametrize(
    ("operator", "present", "absent"),
    [("Bool", "explicit deny", "allowed"), ("BoolIfExists", "explicit deny", "explicit deny")],
)
def test_keys_of_long_life_tell_nothing_of_a_second_factor(operator: str, present: str, absent: str) -> None:
    without = {operator: {"aws:MultiFactorAuthPresent": "false"}}
    grants = granted(statement(action="*"), statement("Deny", "*", Condition=without))
    call = asked("sqs", "ListQueues")
    assert decided(call, grants, aws__multifactorauthpresent="true") == ["allowed"]
    assert decided(call, grants, aws__multifactorauthpresent="false") == [present]
    assert decided(call, grants) == [absent]


def test_only_from_these_addresses_but_for_services_that_call_for_the_caller() -> None:
    elsewhere = {
        "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]},
        "Bool": {"aws:ViaAWSService": "false"},
    }
    trusting = policy(statement(action="kms:*", Principal={"AWS": ACCOUNT}), name="key")
    own = policy(statement(action="*"), statement("Deny", "*", Condition=elsewhere))
    grants = Grants(identity=(own,), resource={KEY: trusting})
    read = asked("s3", "GetObject", Bucket=KEYED, Key="a")
    assert decided(read, grants, aws__sourceip="192.0.2.7") == ["allowed", "allowed"]
    assert decided(read, grants, aws__sourceip="198.51.100.1") == ["explicit deny", "allowed"]
    assert decided(read, grants) == ["explicit deny", "allowed"]


@pytest.mark.parametrize(("now", "why"), [("2026-06-15T12:00:00Z", "allowed"), ("2026-07-01T00:00:00Z", "no allow")])
def test_within_a_month(now: str, why: str) -> None:
    month = {
        "DateGreaterThanEquals": {"aws:CurrentTime": "2026-06-01T00:00:00Z"},
        "DateLessThan": {"aws:CurrentTime": "2026-07-01T00:00:00Z"},
    }
    assert decided(
        asked("sqs", "ListQueues"), granted(statement(action="*", Condition=month)), aws__currenttime=now
    ) == [why]


OWN_ITEMS = granted(
    statement(
        action=["dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:Scan"],
        resource=arn("dynamodb", "table/games"),
        Condition={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/userId}"]}},
    )
)


@pytest.mark.parametrize(
    ("operation", "params", "why"),
    [
        ("GetItem", {"TableName": "games", "Key": {"id": {"S": "7"}}}, "allowed"),
        ("GetItem", {"TableName": "games", "Key": {"id": {"S": "8"}}}, "no allow"),
        ("BatchGetItem", {"RequestItems": {"games": {"Keys": [{"id": {"S": "7"}}]}}}, "allowed"),
        ("BatchGetItem", {"RequestItems": {"games": {"Keys": [{"id": {"S": "7"}}, {"id": {"S": "8"}}]}}}, "no allow"),
        # Without keys all of none are his: such a statement must not name Scan.
        ("Scan", {"TableName": "games"}, "allowed"),
    ],
)
def test_ones_own_items_of_a_table(operation: str, params: Mapping[str, Any], why: str) -> None:
    found = asked("dynamodb", operation, None, **params)
    assert decided(found, OWN_ITEMS, **{"aws__principaltag/userid": "7"}) == [why]


@pytest.mark.parametrize(
    ("resource", "mine", "why"),
    [
        ("red", "red", "allowed"),
        ("red", "blue", "no allow"),
        ("", "red", "no allow"),
        ("red", "", "no allow"),
        ("", "", "no allow"),
    ],
)
def test_what_has_the_callers_own_tag(resource: str, mine: str, why: str) -> None:
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    tags = {"aws__resourcetag/team": resource, "aws__principaltag/team": mine}
    call = asked("stepfunctions", "StartExecution", stateMachineArn=MACHINE)
    grants = granted(statement(action="states:StartExecution", Condition=same))
    assert decided(call, grants, **{key: value for key, value in tags.items() if value}) == [why]


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"ServerSideEncryption": "aws:kms"}, "allowed"),
        ({"ServerSideEncryption": "AES256"}, "explicit deny"),
        # A negated operator holds where the key is missing: a write that says nothing is refused.
        ({}, "explicit deny"),
    ],
)
def test_a_bucket_that_takes_only_what_is_encrypted_by_kms(params: dict[str, str], why: str) -> None:
    unless = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    bucket = policy(statement("Deny", "s3:PutObject", f"{LAKE}/*", Principal="*", Condition=unless), name="bucket")
    grants = Grants(identity=(policy(statement(action="s3:PutObject")),), resource={LAKE: bucket})
    assert decided(asked("s3", "PutObject", None, Bucket="lake", Key="a", **params), grants) == [why]


@pytest.mark.parametrize(
    ("source", "account", "why"),
    [
        (arn("events", "rule/nightly"), ACCOUNT, "allowed"),
        (arn("events", "rule/other"), ACCOUNT, "resource policy"),
        (arn("events", "rule/nightly"), "999999999999", "resource policy"),
    ],
)
def test_a_service_is_let_in_for_one_of_the_accounts_own_things(source: str, account: str, why: str) -> None:
    queue = arn("sqs", "jobs")
    ours = {
        "ArnEquals": {"aws:SourceArn": arn("events", "rule/nightly")},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    rule = statement(
        action="sqs:SendMessage", resource=queue, Principal={"Service": "events.amazonaws.com"}, Condition=ours
    )
    grants = Grants(resource={queue: policy(rule, name="queue")})
    context = {"aws:sourcearn": (source,), "aws:sourceaccount": (account,)}
    assert decide(Access("service:events.amazonaws.com", "sqs:SendMessage", (queue,), context), grants).why == why


@pytest.mark.parametrize(
    ("service", "why"), [("sagemaker.amazonaws.com", "allowed"), ("lambda.amazonaws.com", "no allow")]
)
def test_a_role_is_passed_to_one_service(service: str, why: str) -> None:
    *_, passed = asked("sagemaker", "CreateModel", ModelName="m", ExecutionRoleArn=ROLE)
    grants = granted(statement(action="iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": service}}))
    assert decided((passed,), grants) == [why]


@pytest.mark.parametrize(("bucket_keys", "why"), [(True, "allowed"), (False, "no allow")])
def test_a_key_for_one_bucket_through_s3_alone(why: str, *, bucket_keys: bool) -> None:
    through = {
        "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{KEYED}"},
    }
    trusting = policy(statement(action="kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), name="key")
    own = policy(statement(action="kms:Decrypt", resource=KEY, Condition=through), statement(action="s3:GetObject"))
    grants = Grants(identity=(own,), resource={KEY: trusting})
    read = asked("s3", "GetObject", World(bucket_keys=bucket_keys), Bucket=KEYED, Key="a")
    assert decided(read, grants) == ["allowed", why]
    assert decided(asked("kms", "Decrypt", KeyId=KEY), grants) == ["no allow"]


def test_a_boundary_of_three_services_for_whoever_has_everything() -> None:
    limit = policy(statement(action=["s3:*", "cloudwatch:*", "ec2:*"]), name="boundary")
    grants = Grants(identity=(policy(statement(action="*")),), boundary=limit)
    assert decided(asked("s3", "ListBuckets"), grants) == ["allowed"]
    assert decided(asked("iam", "GetRole", RoleName="r"), grants) == ["boundary"]
