"""The functions of metric math."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sandbox.alarms.metric_math.values import Context, MathError, Points, Value, series

Function = Callable[[Context, Sequence[Value], Sequence[str]], Value]
"""Takes the context, the arguments' values and their texts."""


def _each(act: Callable[[float], float]) -> Function:
    """A function of one number, applied to each data point."""

    def applied(_context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
        value = _only(given, texts)
        if isinstance(value, float):
            return act(value)
        found = series(value)
        if found is None:
            raise MathError(f"{texts[0]!r} is a list; allowed: a number or a metric")
        return {age: act(point) for age, point in found.items()}

    return applied


def _over(act: Callable[[Sequence[float]], float]) -> Function:
    """A function of many numbers: over time for one metric, across for a list of metrics."""

    def applied(_context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
        value = _only(given, texts)
        if isinstance(value, float):
            return act([value])
        found = series(value)
        if found is not None:
            if not found:
                return {}
            return act(list(found.values()))
        rows = [row for row in (series(part) for part in _listed(value)) if row is not None]
        ages = {age for row in rows for age in row}
        return {age: act([row[age] for row in rows if age in row]) for age in ages}

    return applied


def _listed(value: Value) -> Sequence[Value]:
    if isinstance(value, float | Mapping):
        raise MathError("a list of metrics should stand, such as [a, b]")
    return value


def _if(_context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    if len(given) not in {2, 3}:
        raise MathError(f"IF takes a condition and one or two values, not {len(given)} arguments: {', '.join(texts)}")
    condition, yes = given[0], given[1]
    no: Value = given[2] if len(given) == 3 else {}
    if isinstance(condition, float):
        return yes if condition else no
    known = series(condition)
    if known is None:
        raise MathError(f"the condition {texts[0]!r} of IF is a list; allowed: a number or a metric")
    found: dict[int, float] = {}
    for age, point in known.items():
        chosen = _at(yes if point else no, age)
        if chosen is not None:
            found[age] = chosen
    return found


def _at(value: Value, age: int) -> float | None:
    if isinstance(value, float):
        return value
    found = series(value)
    if found is None:
        raise MathError("a value of IF is a list; allowed: a number or a metric")
    return found.get(age)


def _fill(context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    if len(given) != 2:
        raise MathError(f"FILL takes a metric and what stands for missing data, not {len(given)} arguments")
    if texts[1] in {"REPEAT", "LINEAR"}:
        raise MathError(f"FILL with {texts[1]} is not evaluated here; give a number")
    value, filling = given
    if isinstance(value, list | tuple):
        return [_filled(part, filling, context.count) for part in value if isinstance(part, Mapping)]
    return value if isinstance(value, float) else _filled(series(value) or {}, filling, context.count)


def _filled(row: Points, filling: Value, count: int) -> Points:
    found = dict(row)
    for age in range(count):
        chosen = row.get(age, _at(filling, age))
        if chosen is not None:
            found[age] = chosen
    return found


def _rate(context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    row = series(_only(given, texts)) or {}
    return {age: (row[age] - row[age + 1]) / context.period_s for age in row if age + 1 in row}


def _difference(_context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    row = series(_only(given, texts)) or {}
    return {age: row[age] - row[age + 1] for age in row if age + 1 in row}


def _running(_context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    row, total, found = series(_only(given, texts)) or {}, 0.0, dict[int, float]()
    for age in sorted(row, reverse=True):
        total += row[age]
        found[age] = total
    return found


def _period(context: Context, _given: Sequence[Value], _texts: Sequence[str]) -> Value:
    return float(context.period_s)


def _metrics(context: Context, _given: Sequence[Value], _texts: Sequence[str]) -> Value:
    return list(context.every())


def _count(_context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    value = _only(given, texts)
    return 1.0 if isinstance(value, float | Mapping) else float(len(value))


def _time_series(context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    value = _only(given, texts)
    if not isinstance(value, float):
        raise MathError(f"TIME_SERIES takes a number, not {texts[0]!r}")
    return dict.fromkeys(range(context.count), value)


def _band(context: Context, given: Sequence[Value], texts: Sequence[str]) -> Value:
    width = given[1] if len(given) > 1 else 2.0
    if not given or not isinstance(width, float):
        raise MathError("ANOMALY_DETECTION_BAND takes a metric's id and a number of standard deviations")
    return context.band(texts[0], width)


def _only(given: Sequence[Value], texts: Sequence[str]) -> Value:
    if len(given) != 1:
        raise MathError(f"one argument should stand, not {len(given)}: {', '.join(texts)}; put metrics in [brackets]")
    return given[0]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "ABS": _each(abs),
    "ANOMALY_DETECTION_BAND": _band,
    "AVG": _over(statistics.fmean),
    "CEIL": _each(lambda value: float(math.ceil(value))),
    "DIFF": _difference,
    "FILL": _fill,
    "FLOOR": _each(lambda value: float(math.floor(value))),
    "IF": _if,
    "MAX": _over(max),
    "METRICS": _metrics,
    "METRIC_COUNT": _count,
    "MIN": _over(min),
    "PERIOD": _period,
    "RATE": _rate,
    "RUNNING_SUM": _running,
    "STDDEV": _over(statistics.pstdev),
    "SUM": _over(math.fsum),
    "TIME_SERIES": _time_series,
}
"""Those that are evaluated here."""
