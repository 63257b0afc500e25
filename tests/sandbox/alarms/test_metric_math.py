"""Metric math: series by series, with no data point where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.alarms.metric_math import MathError, Value, evaluate
from sandbox.alarms.metric_math.values import NotEnoughDataError
from sandbox.alarms.metric_math.values import Points as Row


@dataclass
class Known:
    """Series that a test names."""

    rows: Mapping[str, Row]
    period_s: float = 60.0
    count: int = 3
    asked: list[str] = field(default_factory=list)

    def value(self, name: str) -> Value:
        if name not in self.rows:
            raise MathError(f"metric {name!r} is not declared; there are: {', '.join(self.rows)}")
        return self.rows[name]

    def every(self) -> Sequence[Row]:
        return list(self.rows.values())

    def band(self, name: str, width: float) -> tuple[Row, Row]:
        if width > 9:
            raise NotEnoughDataError("too wide")
        self.asked.append(name)
        return {0: -width}, {0: width}


KNOWN = Known({"errors": {0: 5.0, 1: 0.0}, "calls": {0: 100.0, 1: 50.0, 2: 10.0}, "none": {}, "zero": {0: 0.0}})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("100 * errors / calls", {0: 5.0, 1: 0.0}),
        ("errors + calls * 2", {0: 205.0, 1: 100.0}),
        ("(errors + calls) * 2", {0: 210.0, 1: 100.0}),
        ("-errors", {0: -5.0, 1: 0.0}),
        ("2 ^ 3 ^ 2", 512.0),
        ("10 - 4 - 3", 3.0),
        ("errors / zero", {}),
        ("errors + none", {}),
        ("IF(calls > 40, 100 * errors / calls, 0)", {0: 5.0, 1: 0.0, 2: 0.0}),
        ("IF(calls > 40 AND errors > 0, 1)", {0: 1.0}),
        ("SUM([errors, calls])", {0: 105.0, 1: 50.0, 2: 10.0}),
        ("SUM([errors, none])", {0: 5.0, 1: 0.0}),
        ("MAX([errors, calls])", {0: 100.0, 1: 50.0, 2: 10.0}),
        ("SUM(calls)", 160.0),
        ("calls / MAX(calls)", {0: 1.0, 1: 0.5, 2: 0.1}),
        ("FILL(errors, 0)", {0: 5.0, 1: 0.0, 2: 0.0}),
        ("FILL(none, 0) + calls", {0: 100.0, 1: 50.0, 2: 10.0}),
        ("errors / PERIOD(errors)", {0: 5 / 60, 1: 0.0}),
        ("RATE(calls)", {0: 50 / 60, 1: 40 / 60}),
        ("DIFF(calls)", {0: 50.0, 1: 40.0}),
        ("RUNNING_SUM(calls)", {2: 10.0, 1: 60.0, 0: 160.0}),
        ("TIME_SERIES(3)", {0: 3.0, 1: 3.0, 2: 3.0}),
        ("CEIL(errors / 2)", {0: 3.0, 1: 0.0}),
        ("METRIC_COUNT(METRICS())", 4.0),
        ("1 < 2 || 1 == 2", 1.0),
    ],
)
def test_expressions(expression: str, value: Value) -> None:
    found = evaluate(expression, KNOWN)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_band_is_drawn_around_the_metric_that_is_named() -> None:
    known = Known({"m": {0: 1.0}})
    assert evaluate("ANOMALY_DETECTION_BAND(m, 2)", known) == ({0: -2.0}, {0: 2.0})
    assert known.asked == ["m"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("error / calls", "metric 'error' is not declared; there are: errors, calls"),
        ("MAXIMUM(errors)", "function MAXIMUM is not evaluated here; there are: ABS, "),
        ("errors +", "a number, a metric or a function should stand, not 'its end'"),
        ("(errors", r"'\)' should stand"),
        ("errors calls", "nothing should follow, but 'calls' does"),
        ("errors $ 2", r"cannot be read from ' \$ 2' on"),
        ("1 / 0", "divides a number by zero"),
        ("FILL(errors, LINEAR)", "FILL with LINEAR is not evaluated here"),
        ("IF(errors)", "IF takes a condition and one or two values"),
        ("SUM(errors, calls)", r"put metrics in \[brackets\]"),
        ("[errors, calls] + 1", "an operator stands between lists"),
        (f"{'(' * 60}1{')' * 60}", "nested deeper than 50 levels"),
    ],
)
def test_what_cannot_be_evaluated_says_why(expression: str, words: str) -> None:
    with pytest.raises(MathError, match=words):
        evaluate(expression, KNOWN)


@given(text=st.text(alphabet="errors calls0123+-*/^(),<>=![]& FILMAXSU", max_size=40))
def test_any_text_gives_a_value_or_a_reason(text: str) -> None:
    try:
        found = evaluate(text, KNOWN)
    except (MathError, NotEnoughDataError):
        return
    assert isinstance(found, float | Mapping | list | tuple)
