"""Texts with wildcards and variables: what they match, and where a wildcard ends."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from sandbox.rights.policy.patterns import Kind, Lookup, Pattern

ARN = "arn:aws:sqs:eu-west-1:123456789012:jobs"


def facts(**values: str | tuple[str, ...]) -> Lookup:
    """Condition keys by name, `__` for a colon."""
    by_key = {key.replace("__", ":"): value for key, value in values.items()}

    def lookup(key: str) -> tuple[str, ...]:
        found = by_key.get(key, ())
        return (found,) if isinstance(found, str) else found

    return lookup


NOTHING = facts()


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("raw/*", "raw/", True),
        ("raw/*", "raw/a/b:c", True),
        ("raw/*", "other/a", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c", "abc", False),
        ("*", "", True),
        ("a*c*e", "abcde", True),
        ("a*", "A", False),
        ("line*", "line\nnext", True),
    ],
)
def test_wildcards_stand_for_any_text(pattern: str, text: str, *, matches: bool) -> None:
    assert Pattern(pattern, "wild").matches(text, NOTHING) is matches


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (ARN, ARN, True),
        ("*", ARN, True),
        ("arn:aws:sqs:*:123456789012:jobs", ARN, True),
        ("arn:aws:sqs:eu-*:*:jo?s", ARN, True),
        ("arn:aws:sqs:*:jobs", ARN, False),
        ("arn:aws:sqs:*", ARN, True),
        ("arn:*:jobs", ARN, False),
        ("arn:aws:s3:::lake/*", "arn:aws:s3:::lake/a/b:c", True),
        ("arn:aws:s3:::lake*", "arn:aws:s3:::lake-2/a", True),
        ("arn:aws:s3:::lake/raw/*/x", "arn:aws:s3:::lake/raw/a/b/x", True),
        ("arn:aws:logs:eu-west-1:1:log-group:/a:*", "arn:aws:logs:eu-west-1:1:log-group:/a:log-stream:s", True),
        ("arn:aws:logs:eu-west-1:1:log-group:*:s", "arn:aws:logs:eu-west-1:1:log-group:/a:log-stream:s", True),
        ("arn:aws:SQS:eu-west-1:123456789012:jobs", ARN, False),
    ],
)
def test_a_wildcard_of_an_arn_stays_in_its_part_but_in_the_last(pattern: str, text: str, *, matches: bool) -> None:
    assert Pattern(pattern, "arn").matches(text, NOTHING) is matches


@pytest.mark.parametrize("kind", ["wild", "arn"])
def test_a_variable_is_the_callers_value_and_nothing_more(kind: Kind) -> None:
    pattern = Pattern("users/${aws:PrincipalTag/userId}/*", kind)
    asked = facts(**{"aws__principaltag/userid": "a*"})
    assert pattern.matches("users/a*/x", asked)
    assert not pattern.matches("users/ab/x", asked)


@pytest.mark.parametrize(
    "values",
    [{}, {"aws__principaltag/team": ("a", "b")}, {"aws__principaltag/team": ()}],
    ids=["absent", "several values", "no values"],
)
def test_a_variable_without_one_value_equals_nothing(values: Mapping[str, tuple[str, ...]]) -> None:
    pattern = Pattern("${aws:PrincipalTag/team}", "wild")
    assert not pattern.matches("${aws:PrincipalTag/team}", facts(**values))
    assert not pattern.matches("", facts(**values))
    assert pattern.text(facts(**values)) is None


def test_a_default_stands_in_for_an_absent_value() -> None:
    pattern = Pattern("${ aws:PrincipalTag/team , 'whole ''company''' }", "exact")
    assert pattern.matches("whole 'company'", NOTHING)
    assert pattern.matches("red", facts(**{"aws__principaltag/team": "red"}))
    assert not pattern.matches("whole 'company'", facts(**{"aws__principaltag/team": "red"}))


def test_escaped_letters_are_themselves() -> None:
    pattern = Pattern("a${*}b${?}c${$}*", "wild")
    assert pattern.matches("a*b?c$d", NOTHING)
    assert not pattern.matches("axbyc$d", NOTHING)


def test_a_value_is_replaced_once() -> None:
    asked = facts(aws__username="${aws:userid}", aws__userid="7")
    assert Pattern("${aws:username}", "exact").matches("${aws:userid}", asked)


def test_old_documents_know_no_variables() -> None:
    assert Pattern("${aws:username}", "wild", variables=False).matches("${aws:username}", facts(aws__username="a"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [("${aws:username", "has no end; close it"), ("${}", "is not readable"), ("${a, b}", "is not readable")],
)
def test_an_unreadable_variable_is_told(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Pattern(text, "wild")
