"""What holds for every set of statements and every call."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.rights import Access, Grants, Policy, decide
from sandbox.rights.policy.conditions import compiled
from sandbox.rights.policy.operators import OPERATORS
from sandbox.rights.policy.patterns import Pattern
from tests.sandbox.rights.calls import ACCOUNT, ROLE

ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt")
RESOURCES = (
    "arn:aws:s3:::lake/a",
    "arn:aws:s3:::lake/users/7/b",
    f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs",
    f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1",
)
CONDITIONS: tuple[dict[str, dict[str, str]], ...] = (
    {},
    {"StringEquals": {"aws:requestedregion": "eu-west-1"}},
    {"StringNotEquals": {"aws:principaltag/team": "red"}},
    {"Null": {"aws:principaltag/team": "true"}},
    {"ForAllValues:StringLike": {"aws:tagkeys": "k*"}},
    {"ArnLikeIfExists": {"aws:sourcearn": "arn:aws:lambda:*:*:function:f"}},
)
VALUES = {
    "aws:requestedregion": ("eu-west-1", "us-east-1"),
    "aws:principaltag/team": ("red", "blue"),
    "aws:sourcearn": ("arn:aws:lambda:eu-west-1:1:function:f", "arn:aws:lambda:eu-west-1:1:function:g"),
}

statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.lists(st.sampled_from([*ACTIONS, "s3:*", "*"]), min_size=1, max_size=3),
        "Resource": st.lists(
            st.sampled_from([*RESOURCES, "*", "arn:aws:s3:::lake/*", "arn:aws:s3:::lake/users/${aws:userid}/*"]),
            min_size=1,
            max_size=3,
        ),
        "Condition": st.sampled_from(CONDITIONS),
    }
)
documents = st.lists(statements, max_size=5)
contexts = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.sampled_from(values).map(lambda value: (value,)) for key, values in VALUES.items()},
        "aws:tagkeys": st.lists(st.sampled_from(["k1", "k2", "x"]), max_size=3).map(tuple),
        "aws:userid": st.just(("7",)),
    },
)
calls = st.builds(
    Access,
    st.just(ROLE),
    st.sampled_from(ACTIONS),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2).map(tuple),
    contexts,
)


def read(rows: list[dict[str, Any]]) -> Policy:
    return Policy.parse("own", {"Version": "2012-10-17", "Statement": rows})


def allowed(call: Access, own: list[dict[str, Any]], boundary: list[dict[str, Any]] | None = None) -> bool:
    limit = None if boundary is None else read(boundary)
    # Keys are left to IAM, as by the policy that AWS gives them.
    trust = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": ACCOUNT}}
    return decide(call, Grants(identity=(read(own),), boundary=limit, resource={RESOURCES[3]: read([trust])})).allowed


@given(calls, documents, statements)
def test_one_more_allow_takes_no_right_away(call: Access, own: list[dict[str, Any]], more: dict[str, Any]) -> None:
    if allowed(call, own):
        assert allowed(call, [*own, {**more, "Effect": "Allow"}])


@given(calls, documents, statements)
def test_one_more_denial_gives_no_right(call: Access, own: list[dict[str, Any]], more: dict[str, Any]) -> None:
    if not allowed(call, own):
        assert not allowed(call, [*own, {**more, "Effect": "Deny"}])


@given(calls, documents)
def test_a_denial_of_everything_leaves_nothing(call: Access, own: list[dict[str, Any]]) -> None:
    assert not allowed(call, [*own, {"Effect": "Deny", "Action": "*", "Resource": "*"}])


@given(calls, documents, documents)
def test_a_boundary_gives_nothing_that_the_role_has_not(
    call: Access, own: list[dict[str, Any]], limit: list[dict[str, Any]]
) -> None:
    assert allowed(call, own, limit) == (allowed(call, own) and allowed(call, limit))


@given(calls, documents)
def test_a_boundary_of_everything_is_none(call: Access, own: list[dict[str, Any]]) -> None:
    assert allowed(call, own, [{"Effect": "Allow", "Action": "*", "Resource": "*"}]) == allowed(call, own)


@given(calls, documents)
def test_the_order_of_statements_does_not_count(call: Access, own: list[dict[str, Any]]) -> None:
    assert allowed(call, own) == allowed(call, own[::-1])


@given(calls, documents)
def test_a_call_is_allowed_where_each_of_its_resources_is(call: Access, own: list[dict[str, Any]]) -> None:
    apart = [Access(call.principal, call.action, (resource,), call.context) for resource in call.resources]
    assert allowed(call, own) == all(allowed(one, own) for one in apart)


@given(calls, st.sampled_from(["Allow", "Deny"]), documents)
def test_a_star_names_every_action(call: Access, effect: str, own: list[dict[str, Any]]) -> None:
    named = [{"Effect": effect, "Action": action, "Resource": "*"} for action in ACTIONS]
    assert allowed(call, [*own, *named]) == allowed(call, [*own, {"Effect": effect, "Action": "*", "Resource": "*"}])


@given(calls, documents)
def test_a_refusal_says_why_and_an_allowance_names_its_statements(call: Access, own: list[dict[str, Any]]) -> None:
    found = decide(call, Grants(identity=(read(own),)))
    if found.allowed:
        assert found.text == ""
        assert found.statements
        assert all(row.allows for row in found.statements)
    else:
        assert found.resource in call.resources
        assert f"is not authorized to perform: {call.action} on resource: {found.resource} " in found.text
        assert bool(found.statements) == (found.why == "explicit deny")


texts = st.text(alphabet="ab:/.*?$-é\n", max_size=12)


@given(texts)
def test_a_text_without_wildcards_is_itself_alone(text: str) -> None:
    pattern = Pattern("".join(f"${{{letter}}}" if letter in "*?$" else letter for letter in text), "wild")
    assert pattern.fixed == text
    assert pattern.matches(text, lambda _: ())


@given(texts, texts)
def test_a_star_between_two_texts_matches_all_that_begins_and_ends_so(begin: str, end: str) -> None:
    plain = [part.translate(str.maketrans("", "", "*?$")) for part in (begin, end)]
    assert Pattern("*".join(plain), "wild").matches(f"{plain[0]}between:it{plain[1]}", lambda _: ())


@given(st.sampled_from(sorted(OPERATORS)), st.text(max_size=20), st.lists(st.text(max_size=20), max_size=3))
def test_an_operator_reads_any_value_or_says_what_is_wrong(operator: str, said: str, found: list[str]) -> None:
    problem = ""
    try:
        (test,) = compiled({operator: {"aws:key": (said,)}})
    except ValueError as error:
        problem = str(error)
    if problem:
        assert f"{operator} on 'aws:key' cannot read its value: " in problem
    else:
        assert test.holds(lambda _: tuple(found)) in {True, False}
