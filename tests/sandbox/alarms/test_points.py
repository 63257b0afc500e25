"""Data points: counted by period, with extremes, sums and percentiles, for a day."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.alarms.measured.points import COARSE_KEPT_S, FINE_KEPT_S, Points, Series
from sandbox.alarms.measured.summary import StatisticError, Summary, statistic

SERIES = Series.of("us-east-1", "AWS/Lambda", "Duration", {"FunctionName": "f"})


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def summary(*values: float) -> Summary:
    found = Summary()
    for value in values:
        found.add(value)
    return found


def test_statistics_of_a_period() -> None:
    found = summary(1, 2, 3, 10)
    read = {name: statistic(name)(found) for name in ("Sum", "SampleCount", "Average", "Minimum", "Maximum")}
    assert read == {"Sum": 16, "SampleCount": 4, "Average": 4, "Minimum": 1, "Maximum": 10}


def test_a_percentile_is_the_value_below_which_so_many_are() -> None:
    found = summary(*range(1, 101))
    assert [statistic(name)(found) for name in ("p50", "p95", "p99.5", "p100")] == [50, 95, 100, 100]


@given(values=st.lists(st.floats(0.001, 1e6), min_size=1, max_size=50), rank=st.integers(1, 100))
def test_a_percentile_is_off_by_a_hundredth_at_most(values: list[float], rank: int) -> None:
    exact = sorted(values)[max(0, -(-rank * len(values) // 100) - 1)]
    assert statistic(f"p{rank}")(summary(*values)) == pytest.approx(exact, rel=0.01)


def test_a_statistic_that_is_not_known_is_named() -> None:
    with pytest.raises(StatisticError, match=r"statistic 'IQM' is not known here; allowed: Sum, .* and p0 to p100"):
        statistic("IQM")


def test_windows_end_at_a_moment_and_the_newest_is_the_first() -> None:
    clock = Clock()
    points = Points(clock)
    for back_s, value in ((30, 1.0), (90, 2.0), (100, 3.0), (200, 9.0)):
        points.add(SERIES, [value], at=clock.now - back_s)
    found = points.windows(SERIES, clock.now, 60, 2)
    assert {age: row.total for age, row in found.items()} == {0: 1.0, 1: 5.0}


def test_what_is_old_is_kept_by_the_minute_and_then_forgotten() -> None:
    clock = Clock()
    points = Points(clock)
    points.add(SERIES, [7.0], unit="Milliseconds")
    clock.now += FINE_KEPT_S + 120
    points.tidy()
    wide = points.windows(SERIES, clock.now, 3600, 1)
    assert wide[0].total == 7.0
    clock.now += COARSE_KEPT_S + 120
    points.tidy()
    assert points.windows(SERIES, clock.now, 86_400 * 2, 1) == {}
    assert points.series() == {SERIES: "Milliseconds"}


def test_a_set_of_statistics_keeps_its_sum_and_extremes() -> None:
    points = Points(clock := Clock())
    points.add_set(SERIES, (4, 20, 1, 12), at=clock.now - 1)
    found = points.windows(SERIES, clock.now, 60, 1)[0]
    assert (found.count, found.total, found.least, found.most) == (4, 20, 1, 12)


@given(moments=st.lists(st.floats(0.2, 599.8), max_size=60), length_s=st.sampled_from([0.6, 3.0, 60.0]))
def test_no_value_is_lost_or_counted_twice(moments: list[float], length_s: float) -> None:
    points = Points(clock := Clock())
    for back_s in moments:
        points.add(SERIES, [1.0], at=clock.now - back_s)
    found = points.windows(SERIES, clock.now, length_s, int(600 / length_s))
    assert sum(row.count for row in found.values()) == len(moments)
