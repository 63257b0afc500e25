"""Reads feedback by rules, where AWS would ask a language model: simple, always the same, and honest about it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

_GOOD: Final = (
    "love good great excellent happy perfect works recommend thank best easy soft nice amor encanta bien bueno buena "
    "excelente feliz perfecto recomiendo gracias mejor facil suave adore bon bonne parfait heureuse heureux merci "
    "meilleur facile doux"
)
_BAD: Final = (
    "bad hate terrible awful pain headache rash broken worse worst refund never disappointed sick dizzy malo mala odio "
    "horrible dolor peor roto nunca mareos decepcionada decepcionado mauvais deteste affreux douleur pire casse jamais "
    "decu decue vertiges mal"
)
_WORDS: Final = {"positive": frozenset(_GOOD.split()), "negative": frozenset(_BAD.split())}
_NEEDS: Final = re.compile(
    r"(?:i wish|i would like|i need|it should|please add|ojala|me gustaria|necesito|deberia|j aimerais|je voudrais|"
    r"il faudrait|il manque)\s+(?P<need>[^.!?;\n]{3,120})"
)
_HARMS: Final = re.compile(
    r"\b(?:headache|rash|dizz\w*|pain|fever|bleed\w*|faint\w*|hospital\w*|allerg\w*|mareo\w*|dolor|fiebre|sangr\w*|"
    r"desmay\w*|vertige\w*|douleur\w*|fievre|saign\w*|evanou\w*)\b"
)
_GRAVE: Final = re.compile(r"bleed|faint|hospital|sangr|desmay|saign|evanou")
_NAMES: Final = re.compile(r"\b(?:[A-Z][\w-]+)(?:\s[A-Z][\w-]+)*")
_PHRASES: Final = re.compile(
    r"\b(?:the|a|an|my|el|la|los|las|un|una|mi|le|les|une|mon|ma)\s+\w+(?:\s\w+)?", re.IGNORECASE
)
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_LANGUAGES: Final = {
    "en": frozenset(["the", "and", "is", "was", "it", "my", "of", "to", "with", "for"]),
    "es": frozenset(["el", "la", "los", "que", "de", "y", "con", "para", "muy", "es"]),
    "fr": frozenset(["le", "la", "les", "des", "et", "est", "une", "avec", "pour", "je"]),
    "de": frozenset(["der", "die", "das", "und", "ist", "ich", "mit", "sehr", "nicht", "ein"]),
}


@dataclass(frozen=True)
class Sentiment:
    """How a text sounds."""

    label: str
    shares: dict[str, float]


def plain(text: str) -> str:
    """Lower case, without accents and apostrophes."""
    letters = unicodedata.normalize("NFD", text.lower())
    return re.sub("['\u2019]", " ", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def sentiment(text: str) -> Sentiment:
    """By the words that are good or bad."""
    words = re.findall(r"\w+", plain(text))
    good, bad = (sum(word in _WORDS[kind] for word in words) for kind in ("positive", "negative"))
    weights = {"positive": good + 0.1, "negative": bad + 0.1, "neutral": 0.5, "mixed": min(good, bad) * 2 + 0.05}
    total = sum(weights.values())
    shares = {kind: round(weight / total, 4) for kind, weight in weights.items()}
    return Sentiment(max(shares, key=shares.__getitem__), shares)


def feedback(text: str) -> dict[str, Any]:
    """What a language model is asked for: sentiment, needs, concerns, recommendations."""
    found, lower = sentiment(text), plain(text)
    needs = [match["need"].strip() for match in _NEEDS.finditer(lower)][:8]
    harms = list(dict.fromkeys(match.group() for match in _HARMS.finditer(lower)))[:8]
    severities = {harm: "high" if _GRAVE.search(harm) else "medium" for harm in harms}
    advice = [f"look into: {harm}" for harm in harms] + [f"consider: {need}" for need in needs]
    return {
        "sentiment": {"label": found.label, "score": found.shares[found.label]},
        "unmetNeeds": needs,
        "safetyConcerns": [{"concern": harm, "severity": severity} for harm, severity in severities.items()],
        "recommendations": advice[:8],
    }


def language(text: str) -> list[dict[str, Any]]:
    """Languages by their small words, the likeliest first."""
    words = re.findall(r"\w+", plain(text))
    counts = {code: sum(word in small for word in words) + 0.1 for code, small in _LANGUAGES.items()}
    total = sum(counts.values())
    rows = [{"LanguageCode": code, "Score": round(count / total, 4)} for code, count in counts.items()]
    return sorted(rows, key=lambda row: -float(row["Score"]))


def spans(pattern: str, text: str) -> list[dict[str, Any]]:
    """Findings as Comprehend gives them: `entities`, `phrases` or `personal`."""
    expression = {"entities": _NAMES, "phrases": _PHRASES, "personal": _EMAIL}[pattern]
    kinds = {"entities": {"Type": "OTHER"}, "phrases": {}, "personal": {"Type": "EMAIL"}}[pattern]
    return [
        {**kinds, "BeginOffset": match.start(), "EndOffset": match.end(), "Text": match.group(), "Score": 0.9}
        for match in expression.finditer(text)
    ]
