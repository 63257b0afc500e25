"""Conditions on keys with several values or none, as AWS's tables of examples have them."""

from __future__ import annotations

import pytest

from sandbox.rights import decide
from sandbox.rights.policy.conditions import compiled
from tests.sandbox.rights.calls import access, granted, statement

TAGS = "aws:tagkeys"


def holds(operator: str, said: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Whether a condition on the keys of tags holds."""
    (test,) = compiled({operator: {TAGS: said}})
    return test.holds(lambda key: found if key == TAGS else ())


@pytest.mark.parametrize(
    ("operator", "found", "expected"),
    [
        ("ForAllValues:StringNotLike", ("key1:legal",), False),
        ("ForAllValues:StringNotLike", ("key1:hr", "key1:personnel"), False),
        ("ForAllValues:StringNotLike", ("key2:audit",), True),
        ("ForAllValues:StringNotLike", ("key1:hr", "key2:audit"), False),
        ("ForAllValues:StringNotLike", (), True),
        ("ForAllValues:StringLike", ("key1:hr", "key1:personnel"), True),
        ("ForAllValues:StringLike", ("key1:hr", "key2:audit"), False),
        ("ForAllValues:StringLike", (), True),
        ("ForAllValues:StringLike", ("",), True),
        ("ForAnyValue:StringLike", ("key1:hr", "key2:audit"), True),
        ("ForAnyValue:StringLike", ("key2:audit",), False),
        ("ForAnyValue:StringLike", (), False),
        ("ForAnyValue:StringNotLike", ("key1:hr", "key2:audit"), True),
        ("ForAnyValue:StringNotLike", ("key1:hr",), False),
        ("ForAnyValue:StringNotLike", (), False),
        ("ForAnyValue:StringLikeIfExists", (), True),
        ("ForAllValues:StringLikeIfExists", (), True),
    ],
)
def test_quantifiers_over_several_values(operator: str, found: tuple[str, ...], *, expected: bool) -> None:
    assert holds(operator, ("key1*",), found) is expected


@pytest.mark.parametrize(
    ("said", "found", "expected"),
    [
        (("true",), (), True),
        (("true",), ("a",), False),
        (("false",), (), False),
        (("false",), ("a",), True),
        (("true", "false"), ("a",), True),
    ],
)
def test_null_asks_whether_a_key_is_there(said: tuple[str, ...], found: tuple[str, ...], *, expected: bool) -> None:
    assert holds("Null", said, found) is expected


def test_a_plain_operator_on_several_values_is_enough_with_one_and_negated_needs_all() -> None:
    assert holds("StringEquals", ("a",), ("a", "b"))
    assert not holds("StringNotEquals", ("a",), ("a", "b"))


def test_all_operators_and_keys_of_a_statement_have_to_hold() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1", "aws:username": "ann"}, "Bool": {"aws:mfa": True}}
    grants = granted(statement(Condition=condition))
    good = {"aws:requestedregion": ("eu-west-1",), "aws:username": ("ann",), "aws:mfa": ("true",)}
    assert decide(access(context=good), grants).allowed
    for key in good:
        assert not decide(access(context={**good, key: ("other",)}), grants).allowed


def test_keys_are_told_without_their_case() -> None:
    grants = granted(statement(Condition={"StringEquals": {"AWS:RequestedREGION": "eu-west-1"}}))
    assert decide(access(context={"aws:requestedregion": ("eu-west-1",)}), grants).allowed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:PrincipalArn", "arn:aws:iam::123456789012:role/reader"),
        ("aws:PrincipalAccount", "123456789012"),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:ResourceAccount", "123456789012"),
        ("kms:CallerAccount", "123456789012"),
    ],
)
def test_what_follows_from_the_call_need_not_be_told(key: str, value: str) -> None:
    grants = granted(statement(Condition={"StringEquals": {key: value}}))
    assert decide(access(), grants).allowed
    assert not decide(access(context={key.lower(): ("other",)}), grants).allowed
