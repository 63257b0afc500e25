"""What a drill spoils: parts of both kinds, the same ones when it is asked again."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.drill.kinds import damage
from sandbox.drill.losses import Write


def _writes(count: int) -> list[Write]:
    return [Write("items", f"i{number}", f"value {number}", float(number)) for number in range(count)]


@given(count=st.integers(2, 60), seed=st.integers(0, 2**33))
def test_there_is_something_to_mend_of_each_kind(count: int, seed: int) -> None:
    writes = _writes(count)
    damaged, deleted = damage.choose(writes, seed)
    assert damaged
    assert deleted
    assert not {write.id for write in damaged} & {write.id for write in deleted}
    assert {*damaged, *deleted} <= {*writes}


@given(count=st.integers(0, 60), seed=st.integers(0, 2**33))
def test_the_same_moment_gives_the_same_victims(count: int, seed: int) -> None:
    assert damage.choose(_writes(count), seed) == damage.choose(_writes(count), seed)


def test_what_is_too_little_to_spoil_is_taken_as_it_is() -> None:
    assert damage.choose([], 7) == ([], [])
    assert damage.choose(_writes(1), 7) == (_writes(1), [])


def test_the_moment_to_go_back_to_is_a_whole_second_that_has_ended() -> None:
    moment = damage.last_good()
    assert isinstance(moment, int)
    assert moment <= time.time() - 1
    assert damage.told(1_700_000_000.9) == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize(
    ("memory", "words"),
    [
        pytest.param({}, [], id="nothing-was-chosen"),
        pytest.param(
            {"damaged": ["a"], "deleted": ["b", "c"]},
            ["up to 3 items of t, all of the drill's own, are damaged or deleted"],
            id="chosen",
        ),
    ],
)
def test_an_interrupted_drill_says_what_may_be_spoilt(memory: dict[str, list[str]], words: list[str]) -> None:
    assert damage.left(memory, "items of t") == words
