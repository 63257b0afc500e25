"""X-Ray's filter expressions, as far as the platform's own use them: conditions that all hold."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.tracing.store import Trace

Fits = Callable[[Trace], bool]

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_CONDITION: Final = re.compile(
    r'(?P<name>[a-z]+(?:\.\w+|\["?\w+"?\])?)(?:\s*(?P<sign>=|!=|>=|<=|>|<)\s*(?P<value>"[^"]*"|-?[\d.]+|true|false))?'
)
_ALLOWED: Final = (
    "error, fault, ok, throttle, partial; responsetime, duration and http.status compared with a number; "
    'annotation[name] = "value" or another value; joined by AND'
)


class FilterError(ValueError):
    """An expression that is not understood here."""


def read(expression: str) -> Fits:
    """What an expression says of a trace; without any, all fit.

    Raises:
        FilterError: a part of it is not among those that are judged here.
    """
    parts = [part for part in re.split(r"\s+AND\s+", expression.strip()) if part]
    conditions = [_condition(part.strip()) for part in parts]
    return lambda trace: all(holds(trace) for holds in conditions)


def _condition(part: str) -> Fits:
    found = _CONDITION.fullmatch(part)
    if found is None:
        raise _unknown(part)
    name, sign = found["name"], found["sign"]
    if sign is None:
        flags: Mapping[str, Fits] = {
            "error": lambda trace: trace.flagged("error"),
            "fault": lambda trace: trace.flagged("fault"),
            "throttle": lambda trace: trace.flagged("throttle"),
            "ok": lambda trace: not (trace.flagged("error") or trace.flagged("fault")),
            "partial": lambda trace: any(part.get("in_progress") for part in trace.documents.values()),
        }
        if name not in flags:
            raise _unknown(part)
        return flags[name]
    compare, value = _COMPARE[sign], _value(found["value"])
    noted = re.fullmatch(r'annotation(?:\.|\["?)(\w+)(?:"?\])?', name)
    if noted:
        return lambda trace: any(_holds(compare, one, value) for one in trace.annotations().get(noted[1], []))
    numbers: Mapping[str, Callable[[Trace], Any]] = {
        "responsetime": _response_s,
        "duration": lambda trace: trace.took_s,
        "http.status": _status,
    }
    if name not in numbers or isinstance(value, str):
        raise _unknown(part)
    return lambda trace: _holds(compare, numbers[name](trace), value)


def _holds(compare: Callable[[Any, Any], bool], one: Any, other: Any) -> bool:
    """Text is compared with text alone, and nothing with what a trace does not have."""
    return one is not None and isinstance(one, str) == isinstance(other, str) and compare(one, other)


def _response_s(trace: Trace) -> float:
    top = trace.segments()[0]
    return float(top.get("end_time", top["start_time"])) - float(top["start_time"])


def _status(trace: Trace) -> Any:
    return ((trace.segments()[0].get("http") or {}).get("response") or {}).get("status")


def _value(text: str) -> str | float | bool:
    if text.startswith('"'):
        return text[1:-1]
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text)
    except ValueError:
        raise FilterError(f"{text!r} is no number; allowed: such as 0.5") from None


def _unknown(part: str) -> FilterError:
    return FilterError(f"filter expression {part!r} is not understood here; allowed: {_ALLOWED}")
