"""Ended sessions: refused at once, whatever the cache does; and no failure of the cache refuses anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import ApiError
from functions.shared.identity.sessions import (
    CACHE_TTL_S,
    ENDED,
    LIVE,
    TOGETHER,
    EndedSessions,
    SessionsTable,
    key_of,
)
from functions.shared.identity.tokens import Caller

CALLER = Caller("ada", frozenset(), frozenset(), 0, "session-1")
PROGRAM = Caller("machine", frozenset(), frozenset(), 0, "")


class Table:
    """Knows which sessions were ended, unless it is gone."""

    def __init__(self) -> None:
        self.over: set[str] = set()
        self.busy: set[str] = set()
        self.gone = False
        self.questions: list[list[str]] = []

    @property
    def asked(self) -> int:
        return len(self.questions)

    def ended(self, sessions: Sequence[str]) -> Mapping[str, bool]:
        self.questions.append(list(sessions))
        if self.gone:
            raise ApiError("unavailable")
        return {session: session in self.over for session in sessions if session not in self.busy}


class Memory:
    """A cache that may be aside."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.aside = False
        self.ttls: set[int] = set()

    @property
    def available(self) -> bool:
        return not self.aside

    def get(self, key: str) -> bytes | None:
        return None if self.aside else self.values.get(key)

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        self.ttls.add(ttl_s)
        if not self.aside and not (if_missing and key in self.values):
            self.values[key] = value
        return not self.aside


class Clock:
    """Moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(checked: EndedSessions, caller: Caller = CALLER) -> bool:
    try:
        checked.check(caller)
    except ApiError as error:
        if error.code != "token_revoked":
            raise
        return True
    return False


def test_a_program_has_no_session_to_end() -> None:
    table = Table()
    assert not refused(EndedSessions(table), PROGRAM)
    assert table.asked == 0


def test_a_live_session_is_believed_for_a_moment_and_an_ended_one_is_refused_after_it() -> None:
    table, clock = Table(), Clock()
    checked = EndedSessions(table, clock=clock)
    assert not refused(checked)
    table.over.add("session-1")
    assert not refused(checked)
    assert table.asked == 1
    clock.now = 1.0
    assert refused(checked)
    assert refused(checked)


def test_the_cache_answers_in_the_tables_place_for_half_an_hour() -> None:
    table, memory, clock = Table(), Memory(), Clock()
    checked = EndedSessions(table, memory, clock=clock)
    for second in range(3):
        clock.now = second
        assert not refused(checked)
    assert table.asked == 1
    assert memory.values == {"session:session-1": LIVE}
    assert memory.ttls == {CACHE_TTL_S} == {1800}


def test_a_sign_out_overwrites_what_the_cache_holds() -> None:
    table, memory, clock = Table(), Memory(), Clock()
    elsewhere, checked = EndedSessions(table, memory), EndedSessions(table, memory, clock=clock)
    assert not refused(checked)
    table.over.add("session-1")
    elsewhere.end("session-1")
    clock.now = 1.0
    assert refused(checked)


def test_a_question_that_was_under_way_does_not_undo_a_sign_out() -> None:
    memory = Memory()

    class SignedOutMeanwhile(Table):
        def ended(self, sessions: Sequence[str]) -> Mapping[str, bool]:
            memory.values[key_of(sessions[0])] = ENDED
            return dict.fromkeys(sessions, False)

    assert not refused(EndedSessions(SignedOutMeanwhile(), memory, remember_s=0))
    assert memory.values[key_of("session-1")] == ENDED


@pytest.mark.parametrize("rubbish", [b"", b"?", b"true"])
def test_a_value_of_another_kind_is_no_answer(rubbish: bytes) -> None:
    table, memory = Table(), Memory()
    memory.values[key_of("session-1")] = rubbish
    table.over.add("session-1")
    assert refused(EndedSessions(table, memory))


def test_without_the_cache_the_table_is_asked() -> None:
    table, memory = Table(), Memory()
    memory.aside = True
    table.over.add("session-1")
    assert refused(EndedSessions(table, memory))


def test_without_cache_and_table_a_function_that_has_a_cache_goes_on() -> None:
    table, memory = Table(), Memory()
    memory.aside = table.gone = True
    assert not refused(EndedSessions(table, memory))
    assert memory.values == {}


def test_without_the_table_a_function_that_has_no_cache_asks_to_come_back() -> None:
    table = Table()
    table.gone = True
    with pytest.raises(ApiError, match="unavailable"):
        EndedSessions(table).check(CALLER)


def test_only_so_many_sessions_are_remembered() -> None:
    table = Table()
    checked = EndedSessions(table, remembered=2, clock=lambda: 0.0)
    for name in ("a", "b", "c", "a"):
        checked.check(Caller("ada", frozenset(), frozenset(), 0, name))
    assert table.asked == 4


def of(session: str) -> Caller:
    return Caller("ada", frozenset(), frozenset(), 0, session)


def test_without_a_cache_those_who_came_lately_are_looked_up_together_and_once() -> None:
    table, clock = Table(), Clock()
    checked = EndedSessions(table, clock=clock)
    for moment, name in ((0.0, "a"), (0.1, "b"), (0.9, "late")):
        clock.now = moment
        assert not refused(checked, of(name))
    clock.now = 1.0
    for name in ("a", "b", "late"):
        assert not refused(checked, of(name))
    # The second had come a moment after the first, whose second had hardly begun.
    assert table.questions == [["a"], ["b"], ["late", "a", "b"]]
    clock.now = 2.0
    assert not refused(checked, of("b"))
    assert table.questions[3:] == [["b", "a", "late"]]
    clock.now = 3.0
    assert not refused(checked, of("b"))
    # Whoever has not come since the last question is left out of the next.
    assert table.questions[4:] == [["b"]]


def test_callers_of_long_ago_are_not_looked_up() -> None:
    table, clock = Table(), Clock()
    checked = EndedSessions(table, clock=clock)
    for moment, name in ((0.0, "a"), (0.0, "b"), (60.0, "b")):
        clock.now = moment
        assert not refused(checked, of(name))
    assert table.questions[2:] == [["b"]]


def test_with_a_cache_in_use_the_table_is_asked_for_one_alone_and_for_all_when_it_is_aside() -> None:
    table, memory, clock = Table(), Memory(), Clock()
    checked = EndedSessions(table, memory, clock=clock)
    for name in ("a", "b"):
        assert not refused(checked, of(name))
    memory.values.clear()
    clock.now = 1.0
    for name in ("a", "b"):
        assert not refused(checked, of(name))
    assert table.questions == [["a"], ["b"], ["a"], ["b"]]
    memory.aside = True
    clock.now = 2.0
    assert not refused(checked, of("a"))
    assert table.questions[4:] == [["a", "b"]]


def test_one_that_has_ended_is_refused_though_it_was_looked_up_with_another() -> None:
    table, clock = Table(), Clock()
    checked = EndedSessions(table, clock=clock)
    for name in ("a", "b"):
        assert not refused(checked, of(name))
    table.over.add("b")
    clock.now = 1.0
    assert not refused(checked, of("a"))
    assert refused(checked, of("b"))


def test_no_question_is_about_more_than_a_few() -> None:
    table, clock = Table(), Clock()
    checked = EndedSessions(table, clock=clock)
    for number in range(2 * TOGETHER):
        checked.check(of(f"s{number}"))
    clock.now = 1.0
    checked.check(of("s0"))
    assert len(table.questions[-1]) == TOGETHER
    assert len(set(table.questions[-1])) == TOGETHER


@pytest.mark.parametrize("aside", [True, False])
def test_what_a_busy_table_leaves_out_is_not_known(aside: bool) -> None:
    table, memory, clock = Table(), Memory(), Clock()
    memory.aside = aside
    alone, behind = EndedSessions(table, clock=clock), EndedSessions(table, memory, clock=clock)
    table.busy.add("a")
    with pytest.raises(ApiError, match="unavailable"):
        alone.check(of("a"))
    assert not refused(behind, of("a"))
    assert memory.values == {}
    table.busy.clear()
    for name in ("a", "b"):
        assert not refused(alone, of(name))
    table.busy.add("b")
    clock.now = 1.0
    assert not refused(alone, of("a"))
    with pytest.raises(ApiError, match="unavailable"):
        alone.check(of("b"))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["ask", "end", "wait"])), max_size=40))
def test_whoever_else_asks_a_second_after_a_sign_out_nobody_gets_in(steps: list[tuple[str, str]]) -> None:
    table, clock = Table(), Clock()
    checked = EndedSessions(table, clock=clock)
    ended = dict[str, float]()
    for name, step in steps:
        if step == "ask":
            late = name in ended and clock.now >= ended[name] + 1.0
            assert refused(checked, of(name)) or not late
        elif step == "end":
            table.over.add(name)
            ended.setdefault(name, clock.now)
        else:
            clock.now += 0.3
    clock.now += 1
    assert {name for name in "abc" if refused(checked, of(name))} == table.over


@given(st.lists(st.sampled_from(["ask", "end", "second", "cache goes", "cache comes", "cache forgets"]), max_size=40))
def test_a_second_after_a_sign_out_nobody_gets_in(steps: list[str]) -> None:
    table, memory, clock = Table(), Memory(), Clock()
    here, there = EndedSessions(table, memory, clock=clock), EndedSessions(table, memory, clock=clock)
    for step in steps:
        if step == "ask":
            refused(here)
        elif step == "end" and not memory.aside:
            table.over.add("session-1")
            there.end("session-1")
        elif step == "second":
            clock.now += 1
        elif step.startswith("cache"):
            memory.aside = step == "cache goes"
            if step == "cache forgets":
                memory.values.clear()
    clock.now += 1
    assert refused(here) == ("session-1" in table.over)


class Answering:
    """DynamoDB as the table's store calls it."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer = answer
        self.operation = ""
        self.request: dict[str, Any] = {}

    def call(self, operation: str, payload: Any) -> dict[str, Any]:
        self.operation, self.request = operation, payload
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def row(session: str, **more: Any) -> dict[str, Any]:
    return {"sessionId": {"S": session}, **more}


ENDED_AT = {"endedAt": {"S": "2026"}}


@pytest.mark.parametrize(("answer", "over"), [({}, False), ({"Item": {}}, False), ({"Item": ENDED_AT}, True)])
def test_the_table_tells_an_ended_session_from_a_live_and_an_unknown_one(answer: dict[str, Any], over: bool) -> None:
    service: Any = Answering(answer)
    assert SessionsTable(service, "sessions").ended(["one"]) == {"one": over}
    assert service.operation == "GetItem"
    assert service.request["Key"] == {"sessionId": {"S": "one"}}
    assert service.request["ConsistentRead"] is True


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({}, {"one": False, "two": False}),
        ({"Responses": {"sessions": [row("two")]}}, {"one": False, "two": False}),
        ({"Responses": {"sessions": [row("two", **ENDED_AT)]}, "UnprocessedKeys": {}}, {"one": False, "two": True}),
        ({"UnprocessedKeys": {"sessions": {"Keys": [row("one")]}}}, {"two": False}),
    ],
)
def test_the_table_tells_several_in_one_answer(answer: dict[str, Any], told: dict[str, bool]) -> None:
    service: Any = Answering(answer)
    assert SessionsTable(service, "sessions").ended(["one", "two"]) == told
    assert service.operation == "BatchGetItem"
    asked = service.request["RequestItems"]["sessions"]
    assert asked["Keys"] == [{"sessionId": {"S": "one"}}, {"sessionId": {"S": "two"}}]
    assert asked["ConsistentRead"] is True


@pytest.mark.parametrize("sessions", [["one"], ["one", "two"]])
def test_a_table_that_does_not_answer_is_unavailable(sessions: list[str]) -> None:
    service: Any = Answering(ValueError("no JSON"))
    with pytest.raises(ApiError, match="unavailable"):
        SessionsTable(service, "sessions").ended(sessions)
