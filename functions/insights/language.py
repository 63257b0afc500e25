"""Which of the three languages a text is in, by the small words that every sentence has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.insights.adverse import find, folded
from functions.insights.terms import LANGUAGES, Language

_TEXTS: Final[Mapping[Language, str]] = {
    "en": (
        "the and of to is was it i my me you your we they this that these for with on in at from not are were have has "
        "had be been but after very so when would will can could did do does there what which who how than then its "
        "if an by as about just"
    ),
    "es": (
        "el la los las de que y en un una por con para no se me mi es fue era muy pero como mas lo su al del he ha "
        "este esta esto estoy estaba tengo tuve hay cuando despues desde si yo le les nos sin sobre todo porque "
        "tambien ya usted ustedes ser son"
    ),
    "fr": (
        "le la les des de et est un une je j mon ma mes il elle nous vous ils que qui pour avec dans sur pas ne n ce "
        "cette c ai a ete etait tres mais plus au aux du en se sa son ses leur apres depuis quand si tout bien "
        "avons avez ont suis sont"
    ),
}
_SMALL: Final = {language: frozenset(text.split()) for language, text in _TEXTS.items()}
_SIGNS: Final[Mapping[Language, str]] = {"en": "", "es": "ñ¿¡áíóú", "fr": "çœèêëîïùûàâ"}
_ENOUGH: Final = 0.22
"""Share of a text's words that are small words of its language: a third or more in prose, a few in related ones."""
_FEWEST: Final = 2
"""One small word is often one of several languages."""


def detect(text: str) -> Language | None:
    """The language of a text; None where it cannot be told, or is another one."""
    words = [word.strip(".;:!?,") for word in folded(text).split()]
    lower = text.lower()
    counts: dict[Language, int] = {}
    for language in LANGUAGES:
        small = sum(word in _SMALL[language] for word in words)
        counts[language] = small + sum(lower.count(sign) for sign in _SIGNS[language])
    best, second = sorted(LANGUAGES, key=counts.__getitem__, reverse=True)[:2]
    enough = max(_FEWEST, _ENOUGH * len(words))
    if counts[best] >= enough and counts[best] > counts[second]:
        return best
    told = [language for language in LANGUAGES if find(text, language)]
    return told[0] if len(told) == 1 else None
