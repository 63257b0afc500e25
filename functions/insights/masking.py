"""Takes personal data out of a text before it leaves the function: what it was is counted, never kept."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

_CARD: Final = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_NAME: Final = (
    r"(?:(?i:my name is|i am called|me llamo|mi nombre es|je m['\u2019]appelle|mon nom est|mr\.?|mrs\.?|ms\.?|dr\.?|"
    r"señora?|sra?\.|mme\.?|monsieur|madame))\s+"
    r"(?P<name>[A-ZÀ-ÖØ-Þ][\w'\u2019-]+(?:\s+(?:de|la|del|van|von|du|le)?\s*[A-ZÀ-ÖØ-Þ][\w'\u2019-]+){0,3})"
)
_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("EMAIL", re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    ("URL", re.compile(r"\b(?:https?://|www\.)\S{1,2000}", re.IGNORECASE)),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")),
    ("SSN", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    (
        "NATIONAL_ID",
        re.compile(r"\b(?:\d{8}[A-Z]|[XYZ]\d{7}[A-Z]|[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3}(?: ?\d{2})?)\b"),
    ),
    ("IP_ADDRESS", re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")),
    ("DATE", re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19|20)\d{2}\b|\b(?:19|20)\d{2}-\d{2}-\d{2}\b")),
    ("PHONE", re.compile(r"(?<![\w.])(?:\+|00)?\d{1,4}(?:[ .()/-]{0,2}\d{2,4}){2,5}(?![\w])")),
    ("NAME", re.compile(_NAME)),
)


def mask(text: str) -> tuple[str, dict[str, int]]:
    """The text with `[KIND]` in place of personal data, and how many of each kind there were."""
    counts: Counter[str] = Counter()

    def card(match: re.Match[str]) -> str:
        if not luhn(match.group()):
            return match.group()
        counts["CARD"] += 1
        return "[CARD]"

    text = _CARD.sub(card, text)
    for kind, pattern in _PATTERNS:

        def replaced(match: re.Match[str], kind: str = kind) -> str:
            counts[kind] += 1
            if kind != "NAME":
                return f"[{kind}]"
            return match.group()[: match.start("name") - match.start()] + "[NAME]"

        text = pattern.sub(replaced, text)
    return text, dict(sorted(counts.items()))


def luhn(number: str) -> bool:
    """Whether digits are a card's number: its last digit checks the others (ISO/IEC 7812)."""
    digits = [int(character) for character in number if character.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
