"""JSON that means one thing only: what two parsers could read differently, or one could choke on, is refused first."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

from functions.shared.errors import ApiError, Detail

DEPTH = 32
"""Lists and objects inside each other; no schema of ours has more than six."""
DIGITS = 64
"""Longest number, as it is written: far more than a double tells apart."""
SHORT = 300
"""A body of so few characters has no number that only its length makes too large; in a longer one they are measured."""

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
"""Brackets, and texts, whose brackets do not count."""
_FIGURES = bytes.maketrans(b"0123456789.eE+-", b"0" * 15)
_LONG = b"0" * (DIGITS + 1)
"""What may be a number that is too long, once all its characters are the same: no search that counts is as quick."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Control characters that no text needs; tab and line ends stay."""


def check(text: str) -> None:
    """Refuses a body that is no JSON, or that is JSON in a way that only harms.

    Args:
        text: the body.

    Raises:
        ApiError: `invalid_json`, with the reason where the body is JSON after all.
    """
    if text.count("[") + text.count("{") > DEPTH and depth(text) > DEPTH:
        raise refused(f"nested deeper than {DEPTH}; flatten it")
    quick = "\\" not in text and "\x7f" not in text and (len(text) <= SHORT or not long(text))
    if quick and plain(text):
        return
    try:
        text.encode()
        found = _DECODER.decode(text)
    except UnicodeEncodeError as error:
        raise ApiError("invalid_json", why="half a surrogate pair") from error
    except json.JSONDecodeError as error:
        # The exception quotes the body; where it broke is all that may leave.
        raise ApiError("invalid_json", why=f"{type(error).__name__} at {error.pos}") from None
    if any(_CONTROL.search(part) for part in texts(found)):
        raise refused("a text has control characters; leave out all but tab and line ends")


def long(text: str) -> bool:
    """Whether a body may have a number that is too long."""
    return _LONG in text.encode(errors="surrogatepass").translate(_FIGURES)


def plain(text: str) -> bool:
    """Whether a body without long numbers is beyond doubt: JSON with as many names in its objects as it has colons.

    A name that appears twice is there once after parsing, so a colon is left over; one in a text is too, and is looked
    at closely for nothing. It takes a fourth of the time that a parser with hooks needs.
    """
    try:
        found = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):
        # A TypeError is how half a surrogate pair is told.
        return False
    return names(found) == text.count(":")


def names(value: Any) -> int:
    """How many names all objects of a parsed body have together; an infinity counts as one too many."""
    total = len(value) if type(value) is dict else 0
    for inner in value.values() if type(value) is dict else value if type(value) is list else (value,):
        kind = type(inner)
        if kind is dict or kind is list:
            total += names(inner)
        elif kind is float and inner - inner != 0:
            total += 1
    return total


def depth(text: str) -> int:
    """How deep lists and objects lie inside each other, without parsing; more than `DEPTH` is not counted further."""
    level = deepest = 0
    for found in _BRACKETS.finditer(text):
        mark = found[0]
        if mark in "[{":
            level += 1
            deepest = max(deepest, level)
            if deepest > DEPTH:
                break
        elif mark in "]}":
            level -= 1
    return deepest


def texts(value: Any) -> Iterator[str]:
    """Every text of a parsed body, names of fields included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def refused(why: str) -> ApiError:
    """The answer to JSON that is not taken; the reason names no value of the caller's."""
    return ApiError("invalid_json", [Detail("body", why)], why=why)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refused("a name appears twice in one object; give each once")
    return found


def _no_constant(name: str) -> float:
    raise refused(f"{name} is no JSON; give a finite number")


def _whole(text: str) -> int:
    if len(text) > DIGITS:
        raise refused(f"a number has more than {DIGITS} digits; write it shorter")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if len(text) > DIGITS or math.isinf(value):
        raise refused(f"a number is beyond what a double holds, or longer than {DIGITS} digits")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole, parse_float=_fraction
)
