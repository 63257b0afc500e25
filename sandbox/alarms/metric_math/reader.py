"""Reads an expression and evaluates it on the way, as a calculator does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sandbox.alarms.metric_math.functions import FUNCTIONS
from sandbox.alarms.metric_math.values import Context, MathError, Points, Value, combine, series

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<mark>==|!=|<=|>=|&&|\|\||[-+*/^(),<>\[\]]))"
)
_WORDS: Final = {"AND": "&&", "OR": "||"}
_DEEPEST: Final = 50


def _power(left: float, right: float) -> float | None:
    try:
        found = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return found if isinstance(found, float) else None


_LEVELS: Final[Sequence[Mapping[str, Callable[[float, float], float | None]]]] = (
    {"||": lambda left, right: float(bool(left or right))},
    {"&&": lambda left, right: float(bool(left and right))},
    {
        "==": lambda left, right: float(left == right),
        "!=": lambda left, right: float(left != right),
        "<": lambda left, right: float(left < right),
        ">": lambda left, right: float(left > right),
        "<=": lambda left, right: float(left <= right),
        ">=": lambda left, right: float(left >= right),
    },
    {"+": lambda left, right: left + right, "-": lambda left, right: left - right},
    {"*": lambda left, right: left * right, "/": lambda left, right: left / right if right else None},
)
"""Operators from the loosest to the tightest."""


def evaluate(expression: str, context: Context) -> Value:
    """The value of an expression.

    Raises:
        MathError: it cannot be read, or asks for what there is not.
        NotEnoughDataError: a band needs more history.
    """
    reader = _Reader(expression, context)
    value = reader.level(0)
    reader.end()
    return value


class _Reader:
    def __init__(self, text: str, context: Context) -> None:
        self._text, self._context = text, context
        self._tokens = _tokens(text)
        self._at = 0
        self._depth = 0

    def level(self, tightness: int) -> Value:
        """A value with operators of this tightness or tighter."""
        if tightness == len(_LEVELS):
            return self._powered()
        found = self.level(tightness + 1)
        while self._peek() in _LEVELS[tightness]:
            act = _LEVELS[tightness][self._next()]
            found = combine(found, self.level(tightness + 1), act)
        return found

    def end(self) -> None:
        """Refuses what stands after the value."""
        if self._at < len(self._tokens):
            raise self._wrong(f"nothing should follow, but {self._peek()!r} does")

    def _powered(self) -> Value:
        found = self._one()
        return combine(found, self._powered(), _power) if self._skip("^") else found

    def _one(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"it is nested deeper than {_DEEPEST} levels")
        try:
            return self._atom()
        finally:
            self._depth -= 1

    def _atom(self) -> Value:
        if self._skip("-"):
            return combine(0.0, self._one(), lambda left, right: left - right)
        if self._skip("("):
            found = self.level(0)
            self._expect(")")
            return found
        if self._skip("["):
            return self._list()
        token = self._next()
        if token and (token[0].isdigit() or token[0] == "."):
            return float(token)
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise self._wrong(f"a number, a metric or a function should stand, not {token or 'its end'!r}")
        return self._call(token) if self._skip("(") else self._named(token)

    def _named(self, name: str) -> Value:
        # What stands for missing data is a word, not a metric.
        return {} if name in {"REPEAT", "LINEAR"} else self._context.value(name)

    def _list(self) -> Value:
        rows: list[Points] = []
        while True:
            found = series(self.level(0))
            if found is None:
                raise self._wrong("a list holds something else than metrics")
            rows.append(found)
            if not self._skip(","):
                self._expect("]")
                return rows

    def _call(self, name: str) -> Value:
        function = FUNCTIONS.get(name.upper())
        if function is None:
            raise self._wrong(f"function {name} is not evaluated here; there are: {', '.join(FUNCTIONS)}")
        given, texts = list[Value](), list[str]()
        while not self._skip(")"):
            start = self._at
            # The metric that a band is drawn around is told by its id, not by its value.
            given.append(self.level(0))
            texts.append("".join(self._tokens[start : self._at]))
            if not self._skip(","):
                self._expect(")")
                break
        return function(self._context, given, texts)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _skip(self, token: str) -> bool:
        if self._peek() == token:
            self._at += 1
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._skip(token):
            raise self._wrong(f"{token!r} should stand, not {self._peek() or 'its end'!r}")

    def _wrong(self, why: str) -> MathError:
        return MathError(f"expression {self._text!r}: {why}")


def _tokens(text: str) -> list[str]:
    found, at = list[str](), 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise MathError(f"expression {text!r}: cannot be read from {text[at : at + 20]!r} on")
        at = match.end()
        token = match["number"] or match["name"] or match["mark"]
        found.append(_WORDS.get(token, token))
    return found
