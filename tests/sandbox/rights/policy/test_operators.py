"""Every condition operator: a value that fits, one that does not, a key that the call lacks."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from sandbox.rights.policy.conditions import compiled
from sandbox.rights.policy.operators import OPERATORS

KEY = "aws:key"
ROLE = "arn:aws:iam::123456789012:role/reader"

CASES: Mapping[str, tuple[str | tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    # operator: what the policy says, values that are like it, values that are not
    "StringEquals": (("a", "b*"), ("a", "b*"), ("A", "bc", "")),
    "StringEqualsIgnoreCase": ("Straße", ("straße", "STRAßE"), ("strasse",)),
    "StringLike": (("a*", "?z"), ("a", "abc", "yz"), ("A", "z")),
    "NumericEquals": ("10", ("10", "10.0", "1e1"), ("11", "ten", "")),
    "NumericLessThan": ("10", ("9.9", "-1"), ("10", "11", "nan")),
    "NumericLessThanEquals": ("10", ("10", "9"), ("10.1",)),
    "NumericGreaterThan": ("10", ("10.1",), ("10", "9", "inf")),
    "NumericGreaterThanEquals": ("10", ("10", "11"), ("9.99",)),
    "DateEquals": (
        "2026-01-01T00:00:00Z",
        ("2026-01-01T01:00:00+01:00", "1767225600", "2026-01-01"),
        ("2026-01-02", "soon"),
    ),
    "DateLessThan": ("2026-01-01T00:00:00Z", ("2025-12-31T23:59:59Z",), ("2026-01-01T00:00:00Z",)),
    "DateLessThanEquals": ("2026-01-01T00:00:00Z", ("2026-01-01T00:00:00Z",), ("2026-01-01T00:00:01Z",)),
    "DateGreaterThan": ("2026-01-01T00:00:00Z", ("2026-01-01T00:00:01Z",), ("2026-01-01T00:00:00Z",)),
    "DateGreaterThanEquals": ("2026-01-01T00:00:00Z", ("2026-01-01T00:00:00Z",), ("2025-12-31T23:59:59Z",)),
    "Bool": ("true", ("true", "True"), ("false", "yes", "")),
    "BinaryEquals": ("QmluYXJ5", ("QmluYXJ5",), ("QmluYXJ6", "no base64!")),
    "IpAddress": (
        ("203.0.113.0/24", "2001:db8::/32"),
        ("203.0.113.7", "2001:db8:1::1"),
        ("203.0.114.7", "2001:db9::1", "sns.amazonaws.com"),
    ),
    "ArnEquals": ("arn:aws:iam::*:role/r*", (ROLE,), ("arn:aws:iam::1:user/r", "role/reader")),
    "ArnLike": ("arn:aws:iam::123456789012:role/read?r", (ROLE,), ("arn:aws:iam::123456789012:role/reder",)),
}

NEGATED: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def holds(operator: str, said: str | tuple[str, ...], *found: str, present: bool = True) -> bool:
    """Whether a condition on one key holds for these values of the call."""
    values = (said,) if isinstance(said, str) else said
    (test,) = compiled({operator: {KEY: values}})
    return test.holds(lambda key: found if present and key == KEY else ())


def test_every_operator_has_its_cases() -> None:
    assert set(CASES) | set(NEGATED) == set(OPERATORS)
    assert {operator for operator, row in OPERATORS.items() if row.negated} == set(NEGATED)


@pytest.mark.parametrize("operator", CASES)
def test_an_operator_holds_for_what_is_like_it(operator: str) -> None:
    said, like, unlike = CASES[operator]
    assert [value for value in like if not holds(operator, said, value)] == []
    assert [value for value in unlike if holds(operator, said, value)] == []


@pytest.mark.parametrize("operator", NEGATED)
def test_a_negated_operator_holds_for_what_is_like_none_of_its_values(operator: str) -> None:
    said, like, unlike = CASES[NEGATED[operator]]
    assert [value for value in like if holds(operator, said, value)] == []
    assert [value for value in unlike if not holds(operator, said, value)] == []


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_missing_key_fails_unless_the_operator_is_negated_or_says_if_exists(operator: str) -> None:
    said = CASES[NEGATED.get(operator, operator)][0]
    assert holds(operator, said, present=False) is (operator in NEGATED)
    assert holds(f"{operator}IfExists", said, present=False)


@pytest.mark.parametrize("operator", OPERATORS)
def test_if_exists_changes_nothing_for_a_key_that_is_there(operator: str) -> None:
    said, like, unlike = CASES[NEGATED.get(operator, operator)]
    for value in (*like, *unlike):
        assert holds(f"{operator}IfExists", said, value) is holds(operator, said, value)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "ten"),
        ("NumericEquals", "nan"),
        ("NumericEquals", "1_000"),
        ("DateLessThan", "soon"),
        ("Bool", "maybe"),
        ("BinaryEquals", "?"),
        ("IpAddress", "300.1.1.1/8"),
        ("Null", "no"),
        ("StringLike", "${open"),
    ],
)
def test_a_value_of_another_kind_is_told_with_its_operator_and_key(operator: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{operator} on 'aws:key' cannot read its value: "):
        holds(operator, value, "x")


@pytest.mark.parametrize("operator", ["StringEqual", "NullIfExists", "ForSomeValues:StringLike", "ifexists", ""])
def test_an_operator_that_does_not_exist_is_told_with_those_that_do(operator: str) -> None:
    with pytest.raises(ValueError, match=r"does not exist; allowed: ArnEquals, .*StringNotLike, Null, each but Null"):
        holds(operator, "x", "x")


def test_variables_count_in_strings_and_arns() -> None:
    tests = compiled(
        {"StringEquals": {KEY: ("${aws:username}",)}, "ArnLike": {"aws:arn": ("arn:aws:iam::1:${aws:username}",)}}
    )
    known = {KEY: ("ann",), "aws:arn": ("arn:aws:iam::1:ann",), "aws:username": ("ann",)}
    assert [test.holds(lambda key: known.get(key, ())) for test in tests] == [True, True]


def test_a_negated_operator_holds_where_its_variable_has_no_value() -> None:
    assert holds("StringNotEquals", "${aws:PrincipalTag/team}", "red")
    assert holds("StringNotEqualsIgnoreCase", "${aws:PrincipalTag/team}", "red")
