"""Rules of composite alarms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.alarms.rules import RuleError, read

STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ('ALARM("a")', True),
        ('ALARM("b")', False),
        ("ALARM(a) AND OK(b)", True),
        ('ALARM("b") OR ALARM("a") AND ALARM("b")', False),
        ('(ALARM("b") OR ALARM("a")) AND NOT ALARM("b")', True),
        ("INSUFFICIENT_DATA('c d')", True),
        ("alarm(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)", True),
        ("TRUE AND NOT FALSE", True),
    ],
)
def test_a_rule_holds_by_the_states_of_others(text: str, holds: bool) -> None:
    assert read(text).holds(STATES) is holds


def test_a_rule_tells_whom_it_asks_about() -> None:
    assert read('ALARM("a") OR (NOT OK("b") AND ALARM("a"))').names == ("a", "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "an alarm's state, NOT, TRUE, FALSE or a bracket should stand, at 'its end'"),
        ('ALARM("a"', "a bracket should be closed"),
        ('ALARM "a"', "a bracket should follow ALARM"),
        ("ALARM()", "the name of an alarm should stand"),
        ('ALARM("a") ALARM("b")', "nothing should follow, but 'ALARM' does"),
        ('RED("a")', "an alarm's state"),
        ('ALARM("', "cannot be read"),
    ],
)
def test_a_rule_that_is_none_shows_where(text: str, words: str) -> None:
    with pytest.raises(RuleError, match=words):
        read(text)


@given(text=st.text(alphabet='ALARMOKNDTRUE()" ab', max_size=40))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = read(text)
    except RuleError:
        return
    assert rule.holds(dict.fromkeys(rule.names, "OK")) in {True, False}
