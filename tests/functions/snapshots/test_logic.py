"""Snapshots and their copies over hours, with times that AWS takes as it likes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.snapshots.logic import Snapshot, Snapshots, moment_of, name_of

PREFIX = "mlplatform-prod"
START = 1_800_000_000.0
EVERY_S, KEPT, TICK_S = 1200, 3, 300


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Region:
    """Snapshots that become whole after a while; deleting one whose copy is under way is the test's failure."""

    clock: Clock
    takes_s: float
    status: str
    rows: dict[str, tuple[Snapshot, float]] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    fails: int = 0

    def found(self) -> list[Snapshot]:
        return [
            row if row.status == "failed" or self.clock() < ready else replace(row, status="available")
            for row, ready in self.rows.values()
        ]

    def take(self, name: str) -> None:
        taken = moment_of(name, PREFIX)
        assert taken is not None
        assert name not in self.rows
        status, self.fails = ("failed", self.fails - 1) if self.fails else (self.status, 0)
        self.rows[name] = (Snapshot(name, f"arn:{name}", status, taken), self.clock() + self.takes_s)

    def copy(self, snapshot: Snapshot) -> None:
        self.take(snapshot.name)

    def delete(self, name: str) -> None:
        self.deleted.append(name)
        del self.rows[name]


def world(take_s: float = 60, copy_s: float = 120) -> tuple[Clock, Region, Region, Snapshots]:
    clock = Clock()
    here, there = Region(clock, take_s, "creating"), Region(clock, copy_s, "copying")
    return clock, here, there, Snapshots(here, there, PREFIX, EVERY_S, KEPT, clock)


def whole(region: Region) -> list[str]:
    return sorted(row.name for row in region.found() if row.status == "available")


def test_a_snapshot_is_taken_then_copied_then_measured() -> None:
    clock, here, there, work = world()
    first = work.run({})
    assert first == {"outcome": f"taking {name_of(PREFIX, START)}", "version": ""}
    clock.now += TICK_S
    assert work.run({})["outcome"] == f"copying {name_of(PREFIX, START)}"
    clock.now += TICK_S
    last = work.run({})
    assert last == {
        "outcome": "nothing to do",
        "version": name_of(PREFIX, START),
        "measured": {"DatabaseCopyAge": 2.0 * TICK_S},
    }
    assert whole(here) == whole(there) == [name_of(PREFIX, START)]


def test_a_second_call_at_the_same_moment_finds_nothing_left_to_do() -> None:
    clock, _, _, work = world()
    work.run({})
    assert work.run({})["outcome"] == "nothing to do"
    clock.now += TICK_S
    work.run({})
    assert work.run({})["outcome"] == "nothing to do"


def test_what_is_being_copied_stays_here_until_it_is_there() -> None:
    clock, here, there, work = world(copy_s=10 * TICK_S)
    for _ in range(11):
        work.run({})
        clock.now += TICK_S
    assert name_of(PREFIX, START) in here.rows
    # Two newer ones were taken meanwhile; the newest of them goes next.
    clock.now += TICK_S
    work.run({})
    assert whole(there) == [name_of(PREFIX, START)]
    assert [row.name for row in there.found() if row.status == "copying"] == [whole(here)[-1]]


@pytest.mark.parametrize("place", ["here", "there"])
def test_what_failed_is_removed_and_tried_again(place: str) -> None:
    clock, here, there, work = world()
    {"here": here, "there": there}[place].fails = 1
    for _ in range(8):
        work.run({})
        clock.now += TICK_S
    assert whole(there)
    assert not [row for row in (*here.found(), *there.found()) if row.status == "failed"]


@given(
    take_s=st.floats(0, 2 * TICK_S),
    copy_s=st.floats(0, EVERY_S),
    skipped=st.sets(st.integers(0, 60), max_size=3),
)
def test_the_newest_copy_is_never_older_than_its_making_takes(take_s: float, copy_s: float, skipped: set[int]) -> None:
    clock, here, there, work = world(take_s, copy_s)
    # A look too late at each of: due, whole, copied; and what the clock left out.
    most = EVERY_S + take_s + copy_s + (3 + 3 * len(skipped)) * TICK_S
    for tick in range(72):
        if tick not in skipped:
            before = whole(there)
            answer = work.run({})
            assert not before or before[-1] in there.rows
            if "measured" in answer:
                assert answer["measured"]["DatabaseCopyAge"] <= most
            assert len(whole(there)) <= KEPT + 1
            assert len(here.rows) <= 3
        clock.now += TICK_S
    assert whole(there)


@given(st.floats(0, 4_000_000_000))
def test_a_name_says_when(moment: float) -> None:
    name = name_of(PREFIX, moment)
    assert moment_of(name, PREFIX) == int(moment)
    assert len(name_of("p" * 46, moment)) <= 63


@pytest.mark.parametrize(
    "name",
    [
        "mlplatform-prod-final",
        "other-at20270115080000",
        "mlplatform-prod-at2027011508000",
        "mlplatform-prod-at20271315080000",
    ],
    ids=["someone-s", "another-stack-s", "too-short", "no-such-month"],
)
def test_names_of_others_are_left_alone(name: str) -> None:
    assert moment_of(name, PREFIX) is None
