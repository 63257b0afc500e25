"""Finds adverse events in a text, without any call: by words of three languages, and by what denies them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from functions.insights.terms import LANGUAGES, TERMS, Language, Term

REACH: Final = 5
"""A denial counts for the words up to so many places behind it, within its clause."""

DENIALS: Final[Mapping[Language, frozenset[str]]] = {
    "en": frozenset({"no", "not", "never", "without", "denies", "denied", "neither", "nor", "none", "t"}),
    "es": frozenset({"no", "sin", "nunca", "jamas", "ningun", "ninguna", "tampoco", "ni"}),
    "fr": frozenset({"pas", "sans", "jamais", "aucun", "aucune", "ni", "nullement"}),
}
"""Words that say that something did not happen; `t` is what is left of didn't."""

NO_DENIAL: Final = re.compile(r"\b(?:not only|no solo|pas seulement|no longer works?)\b")
_CLAUSE_END: Final = re.compile(r"[.;:!?\n,]|\b(?:but|however|although|pero|sino|aunque|mais|cependant)\b")
_WORD: Final = re.compile(r"\w+")
_BY_GROUP: Final[Mapping[str, Term]] = {f"t{number}": term for number, term in enumerate(TERMS)}
"""Name of a group of the pattern → what it stands for."""


@dataclass(frozen=True)
class Event:
    """One event, once, where it is first told of."""

    term: str
    system: str
    serious: bool
    quote: str
    """The words of the text."""
    start: int
    """Where they begin, in characters."""


def folded(text: str) -> str:
    """Lower case and without accents, of the same length: places in it are places in the text."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0].lower()
    if len(base) != 1:
        return character
    return base if base.isalnum() or base in ".;:!?\n," else " "


def find(text: str, language: Language | None = None) -> list[Event]:
    """The events that a text tells of, in its order; of every language where none is known."""
    plain = folded(text)
    found: dict[str, Event] = {}
    for spoken in (language,) if language else LANGUAGES:
        for match in pattern(spoken).finditer(plain):
            term = _BY_GROUP[match.lastgroup or ""]
            before = found.get(term.name)
            if (before and before.start <= match.start()) or denied(plain, match.start(), match.group(), spoken):
                continue
            quote = text[match.start() : match.end()]
            found[term.name] = Event(term.name, term.system, term.serious, quote, match.start())
    return sorted(found.values(), key=lambda event: (event.start, event.term))


def denied(plain: str, start: int, words: str, language: Language) -> bool:
    """Whether the clause says, before a place, that it did not happen."""
    if DENIALS[language] & set(words.split()):
        return False  # the event is a denial itself, such as what did not work
    clause = NO_DENIAL.sub(" ", _CLAUSE_END.split(plain[max(0, start - 120) : start])[-1])
    return not DENIALS[language].isdisjoint(_WORD.findall(clause)[-REACH:])


@lru_cache
def pattern(language: Language) -> re.Pattern[str]:
    """Every word of a language in one expression."""
    groups = []
    for name, term in _BY_GROUP.items():
        phrases = getattr(term, language).split("|")
        spoken = "|".join(re.escape(phrase).replace(r"\*", r"\w*").replace(r"\ ", r"\W+") for phrase in phrases)
        groups.append(f"(?P<{name}>{spoken})")
    return re.compile(rf"\b(?:{'|'.join(groups)})\b")
