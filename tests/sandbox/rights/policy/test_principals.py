"""Whom a resource's policy speaks about, and whom NotPrincipal leaves out."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.rights import Access, Grants, decide
from sandbox.rights.request import principal
from tests.sandbox.rights.calls import ACCOUNT, BUCKET, OBJECT, ROLE, access, policy, statement

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/reading"


def denied(caller: Access, **who: Any) -> bool:
    """Whether a bucket's denial reaches a caller whom his own policy allows."""
    grants = Grants(
        identity=(policy(statement()),),
        resource={BUCKET: policy(statement("Deny", **who), statement(Principal="*"), name="bucket")},
    )
    return decide(caller, grants).why == "explicit deny"


@pytest.mark.parametrize(
    "who",
    ["*", {"AWS": "*"}, {"AWS": [ROLE]}, {"AWS": SESSION}, {"AWS": ROOT}, {"AWS": ACCOUNT}],
    ids=["all", "all of AWS", "role", "session", "root", "account"],
)
def test_a_denial_reaches_whom_it_names_in_any_way(who: Any) -> None:
    assert denied(access(), Principal=who)


@pytest.mark.parametrize(
    "who",
    [{"AWS": f"{ROLE}2"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, {"AWS": "210987654321"}, {"Service": "*"}],
    ids=["another role", "no wildcards in names", "another account", "services"],
)
def test_a_denial_leaves_others_alone(who: Any) -> None:
    assert not denied(access(), Principal=who)


@pytest.mark.parametrize(
    ("left_out", "reached"),
    [
        ([ROOT, ROLE, SESSION], False),
        ([ACCOUNT, ROLE, SESSION], False),
        ([ROLE, SESSION], True),
        ([ROOT, ROLE], True),
        ([ROOT, SESSION], True),
        ([ROOT], True),
    ],
    ids=["all three", "by number", "no account", "no session", "no role", "account alone"],
)
def test_who_is_left_out_is_named_with_account_role_and_session(left_out: list[str], *, reached: bool) -> None:
    assert denied(access(), NotPrincipal={"AWS": left_out}) is reached


def test_a_service_is_left_out_by_its_name() -> None:
    caller = Access("service:lambda.amazonaws.com", "s3:GetObject", (OBJECT,))
    assert not denied(caller, NotPrincipal={"Service": "lambda.amazonaws.com"})
    assert denied(caller, NotPrincipal={"Service": "ec2.amazonaws.com"})
    assert denied(caller, NotPrincipal={"AWS": ROOT})


def test_an_identity_from_outside_assumes_a_role_that_trusts_its_provider() -> None:
    trust = statement(
        action=["sts:AssumeRoleWithWebIdentity"],
        resource=None,
        Principal={"Federated": "cognito-identity.amazonaws.com"},
        Condition={
            "StringEquals": {"cognito-identity.amazonaws.com:aud": "pool"},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        },
    )
    grants = Grants(resource={ROLE: policy(trust, name="trust")})

    def assumed(provider: str, **context: tuple[str, ...]) -> bool:
        facts = {f"cognito-identity.amazonaws.com:{key}": value for key, value in context.items()}
        return decide(Access(provider, "sts:AssumeRoleWithWebIdentity", (ROLE,), facts), grants).allowed

    ours = "federated:cognito-identity.amazonaws.com"
    assert assumed(ours, aud=("pool",), amr=("authenticated", "provider"))
    assert not assumed(ours, aud=("pool",), amr=("unauthenticated",))
    assert not assumed(ours, aud=("other",), amr=("authenticated",))
    assert not assumed("federated:accounts.google.com", aud=("pool",), amr=("authenticated",))


def test_a_stranger_is_let_in_by_everyone_alone() -> None:
    caller = Access("anonymous", "s3:GetObject", (OBJECT,))
    open_to_all = Grants(resource={BUCKET: policy(statement(Principal="*"))})
    assert decide(caller, open_to_all).allowed
    assert not decide(caller, Grants(resource={BUCKET: policy(statement(Principal={"AWS": ROOT}))})).allowed


def test_a_policy_of_a_resource_that_names_nobody_reaches_nobody() -> None:
    assert not decide(access(), Grants(resource={BUCKET: policy(statement())})).allowed


def test_a_role_in_another_partition_and_under_a_path() -> None:
    found = principal(f"arn:aws-cn:iam::{ACCOUNT}:role/teams/reader", "reading")
    assert found.session == f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/reader/reading"
    assert found.root == f"arn:aws-cn:iam::{ACCOUNT}:root"


@pytest.mark.parametrize(
    "name", ["", "service:", "federated:", "role/x", "arn:aws:s3:::lake", f"arn:aws:iam::{ACCOUNT}:group/x", "root"]
)
def test_a_name_in_no_known_form_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"principal '{name}' is not known; give the ARN of an IAM role or user"):
        principal(name)
