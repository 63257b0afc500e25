"""Amazon Comprehend as the engine: sentiment, entities and key phrases; no needs and no recommendations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from functions.insights.logic import Analysis, EngineError
from functions.insights.terms import Language
from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service

_LONGEST_BYTES: Final = 5000
"""Of DetectSentiment."""
_PII_LANGUAGES: Final = ("en", "es")
_MOST: Final = 20


class Comprehend:
    """Reads a text by Comprehend's own models."""

    name: Literal["comprehend"] = "comprehend"

    def __init__(self, service: Service, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._service, self._clock = service, clock

    def estimate(self, _text: str) -> int:
        """Comprehend counts characters, and has no daily limit here."""
        return 0

    def language(self, text: str, deadline: float) -> str | None:
        """The dominant language, as a code of ISO 639."""
        found = self._detect("DetectDominantLanguage", {"Text": cut(text)}, deadline).get("Languages", [])
        return str(max(found, key=lambda row: row["Score"])["LanguageCode"]) if found else None

    def read(self, text: str, language: Language, deadline: float) -> Analysis:
        """Sentiment, entities and key phrases, without what Comprehend takes for personal data.

        Raises:
            EngineError: an answer did not come in time.
        """
        asked = {"Text": cut(text), "LanguageCode": language}
        sentiment = self._detect("DetectSentiment", asked, deadline)
        entities = self._detect("DetectEntities", asked, deadline)["Entities"]
        phrases = self._detect("DetectKeyPhrases", asked, deadline)["KeyPhrases"]
        personal = []
        if language in _PII_LANGUAGES:
            personal = self._detect("DetectPiiEntities", asked, deadline)["Entities"]
        hidden = [(row["BeginOffset"], row["EndOffset"]) for row in personal]
        label = str(sentiment["Sentiment"]).lower()
        score = sentiment["SentimentScore"][label.capitalize()]
        found = {
            "sentiment": {"label": label, "score": share(score)},
            "entities": [
                {"text": row["Text"], "type": row["Type"], "score": share(row["Score"])}
                for row in entities
                if not overlaps(row, hidden)
            ][:_MOST],
            "key_phrases": [row["Text"] for row in phrases if not overlaps(row, hidden)][:_MOST],
        }
        return Analysis(found, emulated=sentiment.get("Emulated") is True)

    def _detect(self, operation: str, asked: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        left_s = deadline - self._clock()
        if left_s <= 0:
            raise EngineError("no time left")
        try:
            return self._service.call(operation, asked, timeout_s=left_s)
        except AwsError as error:
            raise EngineError(error.code or str(error.status)) from error
        except (AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            raise EngineError(type(error).__name__) from error


def cut(text: str) -> str:
    """As much of a text as Comprehend takes."""
    return text.encode()[:_LONGEST_BYTES].decode(errors="ignore")


def share(score: Any) -> float:
    """A score between 0 and 1, whatever rounding made of it."""
    return min(1.0, max(0.0, float(score)))


def overlaps(row: Mapping[str, Any], hidden: list[tuple[int, int]]) -> bool:
    """Whether a finding touches personal data."""
    return any(row["BeginOffset"] < end and begin < row["EndOffset"] for begin, end in hidden)
