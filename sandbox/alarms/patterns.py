"""Patterns of metric filters: terms, and CloudWatch's conditions on members of JSON lines.

Understood are words, `{ $.member = value && (…) || … }` with =, !=, <, <=, >, >=, `*` in texts, IS and NOT EXISTS; what
else CloudWatch has (regular expressions, columns between spaces, lists by index) is refused by name.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from sandbox.lambdas.encode import decode

Fits = Callable[[Any], bool]
"""Whether a line's document fits."""

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<mark>&&|\|\||[()])|(?P<member>\$(?:\.[\w-]+)+)|(?P<sign>!=|<=|>=|=|<|>)"
    r'|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[\w.*:/@-]+))'
)
_NUMBERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING: Final = object()
_STATES: Final[Mapping[str, Fits]] = {
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
    "IS NULL": lambda value: value is None,
    "NOT EXISTS": lambda value: value is _MISSING,
}


class PatternError(ValueError):
    """A pattern that is not understood here."""


def read(pattern: str) -> Callable[[str], bool]:
    """Whether a line fits a pattern.

    Raises:
        PatternError: it holds what is not understood here.
    """
    text = pattern.strip()
    if text.startswith("{") and text.endswith("}"):
        fits = _Reader(text[1:-1]).whole()
        return lambda line: _of_json(line, fits)
    if text.startswith(("{", "[", "%")):
        raise PatternError(f"pattern {pattern!r} is not understood here; allowed: words, or {{ $.member = value }}")
    needed, unwanted, any_of = list[str](), list[str](), list[str]()
    for sign, word in re.findall(r'([?-]?)("(?:[^"\\]|\\.)*"|\S+)', text):
        {"": needed, "-": unwanted, "?": any_of}[sign].append(word.strip('"'))
    return lambda line: (
        all(word in line for word in needed)
        and not any(word in line for word in unwanted)
        and (not any_of or bool(needed) or any(word in line for word in any_of))
    )


def _of_json(line: str, fits: Fits) -> bool:
    """A line that is no JSON object fits no condition."""
    if not line.startswith("{"):
        return False
    try:
        return fits(document(line))
    except ValueError:
        return False


@lru_cache(maxsize=1)
def document(line: str) -> Any:
    """A line as JSON, read once for all patterns that are tried on it; ValueError when it is none."""
    return decode(line)


class _Reader:
    """Reads conditions from the left; && binds closer than ||."""

    def __init__(self, text: str) -> None:
        self._text, self._tokens, place = text, list[tuple[str, str]](), 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise PatternError(f"pattern {{{text}}}: {text[place:].strip()!r} is not understood here")
            self._tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
            place = found.end()

    def whole(self) -> Fits:
        """All of it."""
        fits = self._any()
        if self._tokens:
            raise self._wrong("an end")
        return fits

    def _any(self) -> Fits:
        parts = [self._all()]
        while self._taken("||"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda document: any(fits(document) for fits in parts)

    def _all(self) -> Fits:
        parts = [self._one()]
        while self._taken("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda document: all(fits(document) for fits in parts)

    def _one(self) -> Fits:
        if self._taken("("):
            fits = self._any()
            if not self._taken(")"):
                raise self._wrong(")")
            return fits
        member = self._next("member", "a member such as $.status")
        kind, found = self._tokens[0] if self._tokens else ("", "")
        if kind == "word":
            self._tokens.pop(0)
            state = f"{found} {self._next('word', 'IS TRUE, IS NULL or NOT EXISTS')}"
            if state not in _STATES:
                raise PatternError(f"{state!r} is not understood here; allowed: {', '.join(_STATES)}")
            holds = _STATES[state]
            return lambda document: holds(_member(document, member))
        sign = self._next("sign", "=, !=, <, <=, > or >=")
        kind, found = self._tokens.pop(0) if self._tokens else ("", "")
        if kind not in {"text", "word"}:
            raise PatternError(f"{found!r} after {member} {sign} is no value; allowed: a number, or a text")
        return _comparison(member, sign, found)

    def _taken(self, mark: str) -> bool:
        if self._tokens[:1] == [("mark", mark)]:
            self._tokens.pop(0)
            return True
        return False

    def _next(self, kind: str, wanted: str) -> str:
        if not self._tokens or self._tokens[0][0] != kind:
            raise self._wrong(wanted)
        return self._tokens.pop(0)[1]

    def _wrong(self, wanted: str) -> PatternError:
        found = self._tokens[0][1] if self._tokens else "the end"
        return PatternError(f"pattern {{{self._text}}}: {found!r} where {wanted} is allowed")


def _comparison(member: str, sign: str, given: str) -> Fits:
    """A number is compared with numbers, a text with texts, in which `*` stands for anything."""
    number = _number(given)
    if sign in _NUMBERS:
        if number is None:
            raise PatternError(f"{member} {sign} {given}: allowed: a number")
        compare = _NUMBERS[sign]
        return lambda document: _is_number(value := _member(document, member)) and compare(value, number)
    text = given[1:-1] if given.startswith('"') else given
    wanted = sign == "="

    def fits(document: Any) -> bool:
        value = _member(document, member)
        if value is _MISSING:
            return False
        if number is not None and not given.startswith('"'):
            return (_is_number(value) and value == number) is wanted
        return (isinstance(value, str) and _alike(value, text)) is wanted

    return fits


def _alike(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]").replace("?", "[?]")) if "*" in pattern else value == pattern


def _member(document: Any, path: str) -> Any:
    for name in path.split(".")[1:]:
        if not isinstance(document, Mapping) or name not in document:
            return _MISSING
        document = document[name]
    return document


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
