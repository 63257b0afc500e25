"""Decisions as AWS documents them: who may do what when several kinds of policies speak."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.rights import Access, Grants, Policy, decide
from tests.sandbox.rights.calls import ACCOUNT, BUCKET, KEY, OBJECT, ROLE, access, granted, policy, statement

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/reading"
STRANGER = "arn:aws:iam::999999999999:role/stranger"


def on(arn: str, *statements: dict[str, Any], own: tuple[dict[str, Any], ...] = ()) -> Grants:
    """A resource with a policy, and what the caller has himself."""
    return Grants(identity=(policy(*own),) if own else (), resource={arn: policy(*statements, name="resource")})


def test_a_refusal_tells_what_else_a_statement_allows_there() -> None:
    grants = granted(
        statement(Sid="Read", resource=f"{BUCKET}/raw/*"),
        statement(Sid="Elsewhere", resource=f"{BUCKET}/other/*"),
        statement(Sid="Ask", action=["sqs:SendMessage", "s3:ListBucket"], resource="*"),
        statement("Deny", Sid="Never", action="s3:DeleteObject", resource="*"),
    )
    assert decide(access("s3:PutObject"), grants).almost == (
        "own Read is about s3:GetObject there",
        "own Ask is about s3:ListBucket there",
    )


def test_nothing_is_allowed_by_itself() -> None:
    found = decide(access(), Grants())
    assert (found.allowed, found.why, found.resource, found.statements) == (False, "no allow", OBJECT, ())
    assert found.text == (
        f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: {OBJECT} "
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_an_allow_says_which_statement_it_was() -> None:
    found = decide(access(), granted(statement(action="s3:PutObject"), statement(Sid="Read")))
    assert (found.allowed, [str(row) for row in found.statements]) == (True, ["own Read"])


def test_a_statement_without_a_name_is_told_by_its_place() -> None:
    found = decide(access(), granted(statement(action="s3:PutObject"), statement()))
    assert [row.label for row in found.statements] == ["#1"]


def test_an_explicit_denial_beats_every_allow() -> None:
    found = decide(access(), granted(statement(), statement("Deny", "s3:*", f"{BUCKET}/*", Sid="Closed")))
    assert (found.allowed, found.why, found.statements[0].label) == (False, "explicit deny", "Closed")
    assert found.text.endswith("with an explicit deny in an identity-based policy")


def test_every_resource_has_to_be_allowed() -> None:
    grants = granted(statement(resource=f"{BUCKET}/raw/*"))
    found = decide(access("s3:GetObject", OBJECT, f"{BUCKET}/other"), grants)
    assert (found.allowed, found.resource) == (False, f"{BUCKET}/other")


def test_a_call_without_a_resource_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"s3:GetObject names no resource; give ARNs, or '\*'"):
        decide(Access(ROLE, "s3:GetObject", ()), Grants())


def test_a_refusal_tells_which_statements_came_near_and_what_they_lack() -> None:
    prefix = {"StringLike": {"s3:prefix": ["a/*", "b/*"]}, "Null": {"aws:username": "false"}}
    grants = granted(
        statement(action="s3:PutObject", Sid="Write"),
        statement(resource=f"{BUCKET}/other/*", Sid="Elsewhere"),
        statement(resource=None, NotResource=OBJECT, Sid="Others"),
        statement(Sid="Listed", Condition=prefix),
        statement("Deny", Sid="Never", resource=f"{BUCKET}/secret"),
    )
    elsewhere, others, listed = decide(access(context={"s3:prefix": ("c/",)}), grants).almost
    assert elsewhere == f"own Elsewhere is about {BUCKET}/other/*"
    assert others == f"own Others is about all but {OBJECT}"
    assert listed == (
        "own Listed wants StringLike s3:prefix a/* or b/*; the call has c/, "
        "and wants Null aws:username false; the call has none"
    )
    assert decide(access("s3:PutObject"), grants).almost == ()


def test_a_refusal_where_there_is_no_resource_names_none() -> None:
    assert "on resource" not in decide(access("xray:PutTraceSegments", "*"), Grants()).text


@pytest.mark.parametrize(
    ("boundary", "why"),
    [
        (statement(action="s3:*"), "allowed"),
        (statement(action="s3:PutObject"), "boundary"),
        (statement("Deny", "s3:GetObject"), "explicit deny"),
    ],
    ids=["within", "outside", "denied"],
)
def test_a_boundary_limits_what_the_role_has(boundary: dict[str, Any], why: str) -> None:
    grants = Grants(identity=(policy(statement()),), boundary=policy(boundary, name="boundary"))
    found = decide(access(), grants)
    assert found.why == why
    if why == "boundary":
        assert found.text.endswith("because no permissions boundary allows the s3:GetObject action")
    if why == "explicit deny":
        assert found.text.endswith("with an explicit deny in a permissions boundary")


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        ({"AWS": ROLE}, True),
        ({"AWS": SESSION}, True),
        ({"AWS": "*"}, True),
        ("*", True),
        ({"AWS": ROOT}, False),
        ({"AWS": ACCOUNT}, False),
        ({"AWS": STRANGER}, False),
        ({"Service": "lambda.amazonaws.com"}, False),
    ],
    ids=["role", "session", "any AWS", "anyone", "account", "account by number", "another", "a service"],
)
def test_a_bucket_that_names_the_caller_needs_no_policy_of_his(principal: Any, allowed: bool) -> None:
    assert decide(access(), on(BUCKET, statement(Principal=principal))).allowed is allowed


def test_a_bucket_that_denies_beats_the_role() -> None:
    deny = statement("Deny", "s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*", Sid="DenyWithoutTls")
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    grants = on(BUCKET, deny, own=(statement(),))
    assert decide(access(context={"aws:securetransport": ("true",)}), grants).allowed
    found = decide(access(context={"aws:securetransport": ("false",)}), grants)
    assert (found.why, found.text.endswith("with an explicit deny in a resource-based policy")) == (
        "explicit deny",
        True,
    )


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [({"AWS": SESSION}, True), ("*", True), ({"AWS": "*"}, True), ({"AWS": ROLE}, False), ({"AWS": ROOT}, False)],
    ids=["session", "everyone", "everyone of AWS", "role", "account"],
)
def test_a_boundary_limits_what_a_resource_grants_to_the_role_by_name(principal: Any, allowed: bool) -> None:
    grants = Grants(
        boundary=policy(statement(action="s3:PutObject"), name="boundary"),
        resource={BUCKET: policy(statement(Principal=principal), name="bucket")},
    )
    assert decide(access(), grants).allowed is allowed


def test_a_boundary_limits_whatever_another_account_grants() -> None:
    read = statement(action="secretsmanager:GetSecretValue")
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:a-123456"
    grants = Grants(
        identity=(policy(read),),
        boundary=policy(statement(action="s3:*"), name="boundary"),
        resource={secret: policy({**read, "Principal": "*"}, name="secret")},
    )
    call = access("secretsmanager:GetSecretValue", secret, principal=STRANGER)
    assert decide(call, grants).why == "boundary"


def test_a_user_who_is_named_by_a_resource_escapes_the_boundary() -> None:
    ann = f"arn:aws:iam::{ACCOUNT}:user/ann"
    grants = Grants(
        boundary=policy(statement(action="s3:PutObject"), name="boundary"),
        resource={BUCKET: policy(statement(Principal={"AWS": ann}), name="bucket")},
    )
    assert decide(access(principal=ann), grants).allowed


DECRYPT = access("kms:Decrypt", KEY)
OWN_DECRYPT = (statement(action="kms:Decrypt", resource=KEY),)


def test_a_key_without_a_word_about_the_account_is_closed_to_it() -> None:
    grants = on(KEY, statement(action="kms:*", Principal={"Service": "logs.amazonaws.com"}), own=OWN_DECRYPT)
    found = decide(DECRYPT, grants)
    assert found.why == "key policy"
    assert found.text.endswith("because no resource-based policy allows the kms:Decrypt action")


def test_a_key_that_trusts_the_account_leaves_it_to_iam() -> None:
    trusting = statement(action="kms:*", Principal={"AWS": ROOT})
    assert decide(DECRYPT, on(KEY, trusting, own=OWN_DECRYPT)).allowed
    found = decide(DECRYPT, on(KEY, trusting))
    assert (found.why, "no identity-based policy" in found.text) == ("no allow", True)


def test_a_key_that_names_the_role_needs_nothing_else() -> None:
    assert decide(DECRYPT, on(KEY, statement(action="kms:Decrypt", Principal={"AWS": ROLE}))).allowed


def test_a_role_is_assumed_by_whom_it_trusts() -> None:
    trust = Policy.parse(
        "trust",
        {
            "Statement": {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        },
    )
    grants = Grants(resource={ROLE: trust})
    assert decide(Access("service:lambda.amazonaws.com", "sts:AssumeRole", (ROLE,)), grants).allowed
    found = decide(Access("service:ec2.amazonaws.com", "sts:AssumeRole", (ROLE,)), grants)
    assert found.text.endswith("because no role trust policy allows the sts:AssumeRole action")


def test_a_service_needs_the_resource_to_name_it() -> None:
    topic = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"
    named = statement(action="sns:Publish", resource=topic, Principal={"Service": "cloudwatch.amazonaws.com"})
    call = Access("service:cloudwatch.amazonaws.com", "sns:Publish", (topic,))
    assert decide(call, on(topic, named)).allowed
    assert decide(call, Grants()).why == "resource policy"


@pytest.mark.parametrize(
    ("own", "theirs", "why"),
    [
        (True, {"AWS": STRANGER}, "allowed"),
        (True, {"AWS": "arn:aws:iam::999999999999:root"}, "allowed"),
        (False, {"AWS": STRANGER}, "no allow"),
        (True, None, "resource policy"),
    ],
    ids=["both", "by account", "only theirs", "only own"],
)
def test_across_accounts_both_sides_allow(own: bool, theirs: Any, why: str) -> None:
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:a-123456"
    read = statement(action="secretsmanager:GetSecretValue")
    grants = Grants(
        identity=(policy(read),) if own else (),
        resource={secret: policy({**read, "Principal": theirs})} if theirs else {},
    )
    assert decide(access("secretsmanager:GetSecretValue", secret, principal=STRANGER), grants).why == why


@pytest.mark.parametrize(("own", "why"), [(True, "allowed"), (False, "no allow")])
def test_a_key_of_another_account_is_used_where_both_allow(why: str, *, own: bool) -> None:
    decrypt = statement(action="kms:Decrypt")
    grants = Grants(
        identity=(policy(decrypt),) if own else (),
        resource={KEY: policy({**decrypt, "Principal": {"AWS": STRANGER}}, name="key")},
    )
    assert decide(access("kms:Decrypt", KEY, principal=STRANGER), grants).why == why


def test_an_endpoint_of_the_network_limits_what_goes_through_it() -> None:
    mine = statement(action="s3:*", Principal="*", Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}})
    grants = Grants(identity=(policy(statement()),), endpoint=policy(mine, name="endpoint"))
    assert decide(access(), grants).allowed
    found = decide(access(context={"aws:resourceaccount": ("999999999999",)}), grants)
    assert not found.allowed
    closed = Grants(identity=(policy(statement()),), endpoint=policy(statement(action="s3:PutObject", Principal="*")))
    assert decide(access(), closed).text.endswith("because no VPC endpoint policy allows the s3:GetObject action")


def test_what_a_service_does_for_its_caller_goes_through_no_endpoint() -> None:
    trusting = policy(statement(action="kms:*", Principal={"AWS": ROOT}), name="key")
    closed = policy(statement(action="s3:*", Principal="*"), name="endpoint")
    grants = Grants(identity=(policy(*OWN_DECRYPT),), resource={KEY: trusting}, endpoint=closed)
    assert decide(access("kms:Decrypt", KEY, context={"aws:viaawsservice": ("true",)}), grants).allowed
    assert (
        decide(access("kms:Decrypt", KEY, context={"aws:viaawsservice": ("false",)}), grants).why == "endpoint policy"
    )


def test_a_user_has_a_folder_by_his_name() -> None:
    grants = granted(statement(resource=f"{BUCKET}/homes/${{aws:username}}/*"))
    ann = f"arn:aws:iam::{ACCOUNT}:user/teams/ann"
    assert decide(access("s3:GetObject", f"{BUCKET}/homes/ann/a", principal=ann), grants).allowed
    assert not decide(access("s3:GetObject", f"{BUCKET}/homes/bob/a", principal=ann), grants).allowed
    assert not decide(access("s3:GetObject", f"{BUCKET}/homes/reader/a"), grants).allowed


def test_a_principal_in_no_known_form_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"principal 'somebody' is not known; give the ARN"):
        decide(access(principal="somebody"), Grants())
