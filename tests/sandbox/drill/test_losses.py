"""The report of losses equals the true difference, whatever the lag and the pauses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.drill.losses import Lost, Write, compare, recovery_point_s, unexpected


class Replica:
    """A second region that receives each write after a lag, and nothing while copying is paused."""

    def __init__(self, writes: list[Write], lag_s: float, pauses: list[tuple[float, float]], lost_at: float) -> None:
        self.items: dict[str, str] = {}
        for write in writes:
            arrives = write.at + lag_s
            for begin, end in sorted(pauses):
                if begin <= arrives < end:
                    arrives = end
            if arrives < lost_at:
                self.items[write.id] = write.value

    def read(self, write: Write) -> str | None:
        return self.items.get(write.id)


moments = st.integers(0, 1000).map(float)
spans = st.tuples(moments, st.integers(0, 300)).map(lambda span: (span[0], span[0] + span[1]))


@given(
    times=st.lists(moments, max_size=60),
    lag_s=st.integers(0, 100).map(float),
    pauses=st.lists(spans, max_size=3),
    lost_at=moments,
)
def test_the_losses_are_exactly_what_did_not_arrive(
    times: list[float], lag_s: float, pauses: list[tuple[float, float]], lost_at: float
) -> None:
    writes = [Write("items", f"i{number}", f"v{number}", at) for number, at in enumerate(times) if at <= lost_at]
    replica = Replica(writes, lag_s, pauses, lost_at)
    lost = compare(writes, replica.read)
    assert {row.write for row in lost} == {write for write in writes if write.id not in replica.items}
    assert [row.write.at for row in lost] == sorted(row.write.at for row in lost)
    if not pauses:
        assert {row.write for row in lost} == {write for write in writes if write.at + lag_s >= lost_at}
        assert recovery_point_s(lost, lost_at) <= lag_s
    ages = [lost_at - row.write.at for row in lost]
    assert recovery_point_s(lost, lost_at) == max(ages, default=0.0)


def test_a_value_that_differs_is_damaged_and_no_value_is_missing() -> None:
    write = Write("items", "a", "1", 5.0)
    assert compare([write], lambda _: "2") == [Lost(write, "damaged")]
    assert compare([write], lambda _: None) == [Lost(write, "missing")]
    assert compare([write], lambda _: "1") == []


def test_writes_that_are_lost_after_the_failure_count_too() -> None:
    write = Write("items", "a", "1", 5.0)
    assert recovery_point_s([Lost(write, "missing")], 3.0) == 0.0
    assert recovery_point_s([Lost(write, "missing"), Lost(replace(write, at=1.0), "missing")], 3.0) == 4.0
    assert recovery_point_s([Lost(replace(write, at=1.0), "missing")], 3.0) == 2.0


OLD, NEW = Write("items", "old", "1", 10.0), Write("items", "new", "2", 99.5)


@pytest.mark.parametrize(
    ("gone", "waiting", "lag_s", "says"),
    [
        pytest.param([NEW], {"new"}, 1.0, [], id="just-what-waited"),
        pytest.param([], {"new"}, 1.0, ["new was on its way and is in the second region all the same"], id="there"),
        pytest.param([OLD], set(), 100.0, ["old is lost, although it was not on its way any more"], id="not-waiting"),
        pytest.param(
            [OLD],
            {"old"},
            1.0,
            ["old was acknowledged 90.0 s before the failure, longer ago than the lag of 1 s, and is lost"],
            id="late",
        ),
        pytest.param([OLD, NEW], {"old", "new"}, None, [], id="paused-on-purpose"),
        pytest.param([OLD], {"old", "new"}, None, ["new was on its way and is in the second"], id="paused-and-there"),
        pytest.param([], {"later"}, 1.0, [], id="taken-after-the-failure"),
    ],
)
def test_exactly_what_waited_is_lost(
    gone: list[Write], waiting: set[str], lag_s: float | None, says: list[str]
) -> None:
    found = unexpected([OLD, NEW], [Lost(write, "missing") for write in gone], waiting, 100.0, lag_s)
    assert len(found) == len(says)
    assert all(line.startswith(words) for line, words in zip(found, says, strict=True))
