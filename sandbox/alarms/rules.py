"""The rule of a composite alarm: `(ALARM("a") OR ALARM("b")) AND NOT OK("c")`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<word>AND|OR|NOT|TRUE|FALSE|ALARM|OK|INSUFFICIENT_DATA)\b|(?P<mark>[()])|\"(?P<quoted>[^\"]+)\""
    r"|'(?P<single>[^']+)'|(?P<bare>[^\s()\"']+))",
    re.IGNORECASE,
)
_STATES: Final = ("ALARM", "OK", "INSUFFICIENT_DATA")

States = Mapping[str, str]
"""Name of an alarm → its state."""


class RuleError(ValueError):
    """A rule that CloudWatch would not take; the text shows where."""


@dataclass(frozen=True)
class Rule:
    """A rule that was read."""

    text: str
    names: tuple[str, ...]
    """Alarms that it asks about."""
    holds: Callable[[States], bool]
    """Whether it holds; KeyError names an alarm that there is not."""


def read(text: str) -> Rule:
    """The rule in a text; RuleError when it is none."""
    return _Reader(text).rule()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._names: dict[str, None] = {}

    def rule(self) -> Rule:
        holds = self._either()
        if self._at < len(self._tokens):
            raise self._wrong(f"nothing should follow, but {self._tokens[self._at][1]!r} does")
        return Rule(self._text, tuple(self._names), holds)

    def _either(self) -> Callable[[States], bool]:
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda states: any(part(states) for part in parts)

    def _both(self) -> Callable[[States], bool]:
        parts = [self._one()]
        while self._take("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda states: all(part(states) for part in parts)

    def _one(self) -> Callable[[States], bool]:
        if self._take("NOT"):
            inner = self._one()
            return lambda states: not inner(states)
        if self._take("("):
            inner = self._either()
            self._close()
            return inner
        if self._take("TRUE"):
            return lambda _states: True
        if self._take("FALSE"):
            return lambda _states: False
        for state in _STATES:
            if self._take(state):
                return self._asked(state)
        raise self._wrong("an alarm's state, NOT, TRUE, FALSE or a bracket should stand")

    def _asked(self, state: str) -> Callable[[States], bool]:
        if not self._take("("):
            raise self._wrong(f"a bracket should follow {state}")
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "name":
            raise self._wrong("the name of an alarm should stand")
        # An ARN names an alarm as well as its name does.
        name = self._tokens[self._at][1].rpartition(":alarm:")[2]
        self._at += 1
        self._close()
        self._names[name] = None
        return lambda states: states[name] == state

    def _take(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("word", word):
            self._at += 1
            return True
        return False

    def _close(self) -> None:
        if not self._take(")"):
            raise self._wrong("a bracket should be closed")

    def _wrong(self, why: str) -> RuleError:
        near = self._tokens[self._at][1] if self._at < len(self._tokens) else "its end"
        return RuleError(f"alarm rule {self._text!r}: {why}, at {near!r}")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = list[tuple[str, str]](), 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RuleError(f"alarm rule {text!r}: cannot be read from {text[at : at + 20]!r} on")
        at = match.end()
        word = match["word"] or match["mark"]
        if word:
            found.append(("word", word.upper()))
        else:
            found.append(("name", match["quoted"] or match["single"] or match["bare"]))
    return found
