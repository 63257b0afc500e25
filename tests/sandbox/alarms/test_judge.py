"""When an alarm is in alarm: M of N data points, and what stands for those that are missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.alarms.judge import BEYOND, TREATMENTS, State, Treatment, judge

OK: State = "OK"
ALARM: State = "ALARM"
LACK: State = "INSUFFICIENT_DATA"


def told(row: str, treatment: Treatment, *, needed: int, before: State = LACK) -> State:
    """The state for a row of data points, the oldest first: X breaches, 0 does not, - is missing."""
    marks = row.split()
    breaches = {age: mark == "X" for age, mark in enumerate(reversed(marks)) if mark != "-"}
    return judge(breaches, periods=len(marks) - BEYOND, needed=needed, treatment=treatment, before=before)[0]


@pytest.mark.parametrize(
    ("row", "missing", "ignore", "breaching", "not_breaching"),
    [
        ("0 - X - X", OK, OK, OK, OK),
        ("0 - - - -", OK, OK, OK, OK),
        ("- - - - -", LACK, "same", ALARM, OK),
        ("0 X X - X", ALARM, ALARM, ALARM, ALARM),
        ("- - X - -", ALARM, "same", ALARM, OK),
    ],
)
def test_three_of_three_follow_the_table_of_cloudwatch(
    row: str, missing: State, ignore: str, breaching: State, not_breaching: State
) -> None:
    assert told(row, "missing", needed=3) == missing
    for before in (OK, ALARM, LACK):
        assert told(row, "ignore", needed=3, before=before) == (before if ignore == "same" else ignore)
    assert told(row, "breaching", needed=3) == breaching
    assert told(row, "notBreaching", needed=3) == not_breaching


@pytest.mark.parametrize(
    ("row", "missing", "breaching", "not_breaching"),
    [
        ("0 - X - X", ALARM, ALARM, ALARM),
        ("0 0 X 0 X", ALARM, ALARM, ALARM),
        ("- - - - 0", OK, ALARM, OK),
        ("- - - X -", ALARM, ALARM, OK),
    ],
)
def test_two_of_three_follow_the_table_of_cloudwatch(
    row: str, missing: State, breaching: State, not_breaching: State
) -> None:
    assert told(row, "missing", needed=2) == missing
    assert told(row, "breaching", needed=2) == breaching
    assert told(row, "notBreaching", needed=2) == not_breaching


@given(
    marks=st.lists(st.sampled_from("X0-"), min_size=1 + BEYOND, max_size=8 + BEYOND),
    treatment=st.sampled_from(TREATMENTS),
    before=st.sampled_from([OK, ALARM, LACK]),
    data=st.data(),
)
def test_one_more_breach_never_ends_an_alarm(
    marks: list[str], treatment: Treatment, before: State, data: st.DataObject
) -> None:
    periods = len(marks) - BEYOND
    needed = data.draw(st.integers(1, periods))
    if told(" ".join(marks), treatment, needed=needed, before=before) == ALARM:
        worse = ["X" if mark == "0" else mark for mark in marks]
        assert told(" ".join(worse), treatment, needed=needed, before=before) == ALARM


@given(marks=st.lists(st.sampled_from("X0"), min_size=1 + BEYOND, max_size=8 + BEYOND), data=st.data())
def test_without_gaps_the_treatment_does_not_matter(marks: list[str], data: st.DataObject) -> None:
    needed = data.draw(st.integers(1, len(marks) - BEYOND))
    found = {told(" ".join(marks), treatment, needed=needed) for treatment in TREATMENTS}
    assert found == {ALARM if marks[BEYOND:].count("X") >= needed else OK}
