"""Documents: what is read, what IAM would call malformed, which statements speak about a call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.rights import Policy, decide
from tests.sandbox.rights.calls import BUCKET, OBJECT, access, granted, policy, statement


def test_a_document_is_text_or_an_object() -> None:
    document = {"Version": "2012-10-17", "Statement": statement(Sid="Read")}
    for given in (document, json.dumps(document)):
        assert [str(row) for row in Policy.parse("own", given).statements] == ["own Read"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"Action": None}, "needs an Action or a NotAction, and not both"),
        ({"NotAction": "s3:*"}, "needs an Action or a NotAction, and not both"),
        ({"Resource": None}, "needs a Resource or a NotResource; only a role's trust has none"),
        ({"NotResource": "*"}, "has a Resource and a NotResource; keep one of them"),
        ({"Principal": "*", "NotPrincipal": {"AWS": "1"}}, "has a Principal and a NotPrincipal; keep one of them"),
        ({"Action": "GetObject"}, "action 'GetObject' is not readable; write service:Operation"),
        ({"Action": "s*:GetObject"}, r"action 's\*:GetObject' is not readable"),
        ({"Principal": {"Aws": "1"}}, "principal of kind 'Aws' does not exist; allowed: \\*, AWS"),
        ({"Condition": {"StringEqual": {"a": "b"}}}, "operator 'StringEqual' does not exist"),
        ({"Resource": "arn:${open"}, "has no end"),
    ],
)
def test_a_malformed_statement_is_told_with_policy_and_place(row: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"policy 'own', statement #1: .*{problem}"):
        policy(statement(), {name: value for name, value in {**statement(), **row}.items() if value is not None})


@pytest.mark.parametrize("document", ["", "{", "[]", "{}", '{"Statement": [7]}', '{"Statement": 7}', '"text"'])
def test_what_is_no_document_is_told(document: str) -> None:
    with pytest.raises(ValueError, match=r"policy 'own' is no policy document: .*needs a Statement"):
        Policy.parse("own", document)


def test_an_effect_that_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="Effect 'allow' does not exist; allowed: Allow, Deny"):
        policy(statement("allow"))


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:Get*", "s3:*", "*", "s3:GetObjec?"])
def test_actions_are_named_with_wildcards_and_any_case(action: str) -> None:
    assert decide(access("s3:GetObject"), granted(statement(action=["sqs:SendMessage", action]))).allowed


@pytest.mark.parametrize("action", ["s3:GetObjectTagging", "s3:Put*", "dynamodb:*", "s3:GetObjec"])
def test_other_actions_do_not_count(action: str) -> None:
    assert not decide(access("s3:GetObject"), granted(statement(action=action))).allowed


def test_not_action_is_all_but() -> None:
    grants = granted(statement(action=None, NotAction=["iam:*", "s3:Put*"]))
    assert decide(access("s3:GetObject"), grants).allowed
    assert not decide(access("s3:PutObject"), grants).allowed


def test_not_resource_is_all_but() -> None:
    grants = granted(statement(resource=None, NotResource=[f"{BUCKET}/secret/*", BUCKET]))
    assert decide(access("s3:GetObject", OBJECT), grants).allowed
    assert not decide(access("s3:GetObject", f"{BUCKET}/secret/a"), grants).allowed


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_all_but_an_unknown_thing_is_nothing(effect: str) -> None:
    (row,) = policy(statement(effect, resource=None, NotResource=f"{BUCKET}/${{aws:username}}/*")).statements
    assert not row.fits(OBJECT, lambda _: ())
    assert row.fits(OBJECT, lambda _: ("ann",))


def test_not_resource_of_everything_is_nothing() -> None:
    assert not decide(access(), granted(statement(resource=None, NotResource="*"))).allowed


def test_a_folder_of_ones_own() -> None:
    grants = granted(statement(resource=f"{BUCKET}/users/${{aws:PrincipalTag/userId}}/*"))
    mine = {"aws:principaltag/userid": ("7",)}
    assert decide(access("s3:GetObject", f"{BUCKET}/users/7/a", context=mine), grants).allowed
    assert not decide(access("s3:GetObject", f"{BUCKET}/users/8/a", context=mine), grants).allowed
    assert not decide(access("s3:GetObject", f"{BUCKET}/users//a"), grants).allowed


def test_variables_are_text_in_documents_before_2012() -> None:
    old = policy(statement(resource=f"{BUCKET}/${{aws:username}}"), version="2008-10-17")
    (row,) = old.statements
    assert row.fits(f"{BUCKET}/${{aws:username}}", lambda _: ("ann",))
    assert not row.fits(f"{BUCKET}/ann", lambda _: ("ann",))
