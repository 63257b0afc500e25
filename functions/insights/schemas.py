"""Bodies of the insights route, and what a language model has to answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.insights.terms import Language
from functions.shared.schemas import Answer, Body, example

LONGEST = 5000
"""Characters; a review is a few hundred, and Comprehend takes 5,000 bytes at once."""

Line = Annotated[str, Field(min_length=1, max_length=300)]
Lines = Annotated[list[Line], Field(max_length=8)]
Share = Annotated[float, Field(ge=0, le=1)]


class InsightsRequest(Body):
    """What a customer wrote."""

    model_config = example({"text": "The cream works, but I had a headache after two days. I wish it came in a tube."})
    text: Annotated[str, Field(min_length=1, max_length=LONGEST, pattern=r"\S")]
    language: Annotated[Language, Field(description="Detected where it is left out")] | None = None


class Sentiment(Answer):
    """How the customer feels."""

    label: Literal["positive", "negative", "neutral", "mixed"]
    score: Annotated[Share, Field(description="How sure that is")]


class Concern(Answer):
    """Something about safety, as an engine reads it."""

    concern: Line
    severity: Literal["low", "medium", "high"]


class Reading(BaseModel):
    """What the language model has to answer: exactly this, or it is asked once more."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    sentiment: Sentiment
    unmet_needs: Annotated[Lines, Field(alias="unmetNeeds")]
    safety_concerns: Annotated[list[Concern], Field(alias="safetyConcerns", max_length=8)]
    recommendations: Lines


class AdverseEvent(Answer):
    """An event that the text tells of; found by words, so a person has to look at it."""

    term: str
    system: str
    serious: Annotated[bool, Field(description="In the sense of ICH E2A")]
    quote: str
    start: Annotated[int, Field(ge=0, description="Where the quote begins in the text, in characters")]


class Entity(Answer):
    """A thing that is named in the text."""

    text: str
    type: str
    score: Share


class Usage(Answer):
    """What the answer cost."""

    input_tokens: Annotated[int, Field(ge=0)] = 0
    output_tokens: Annotated[int, Field(ge=0)] = 0
    cost_usd: Annotated[float, Field(ge=0)] = 0.0


class Insights(Answer):
    """What the text tells. Adverse events are there whatever happens to the rest."""

    model_config = example(
        {
            "insightId": "7f1e6c1a-8f6c-4b8e-9c1d-2a1b3c4d5e6f",
            "language": "en",
            "adverseEvents": [
                {"term": "headache", "system": "nervous", "serious": False, "quote": "headache", "start": 30}
            ],
            "status": "complete",
            "engine": "bedrock",
            "emulated": False,
            "sentiment": {"label": "mixed", "score": 0.8},
            "unmetNeeds": ["a tube in place of a jar"],
            "safetyConcerns": [{"concern": "headache after two days of use", "severity": "medium"}],
            "recommendations": ["ask about the headache and report it"],
            "entities": [],
            "keyPhrases": [],
            "masked": {},
            "usage": {"inputTokens": 412, "outputTokens": 96, "costUsd": 0.0009},
            "processingTime": 1712.4,
            "timestamp": "2026-01-31T12:00:00.000Z",
        }
    )
    insight_id: str
    language: Language
    adverse_events: list[AdverseEvent]
    status: Annotated[
        Literal["complete", "unavailable", "blocked", "limited"],
        Field(
            description="unavailable: no engine answered in time; blocked: by the guardrail; "
            "limited: the day's limit is used up"
        ),
    ]
    engine: Literal["bedrock", "comprehend"]
    emulated: Annotated[bool, Field(description="True where a stand-in answered, as in the sandbox")] = False
    sentiment: Sentiment | None = None
    unmet_needs: Annotated[list[str], Field(default_factory=list)]
    safety_concerns: Annotated[list[Concern], Field(default_factory=list)]
    recommendations: Annotated[list[str], Field(default_factory=list)]
    entities: Annotated[list[Entity], Field(default_factory=list)]
    key_phrases: Annotated[list[str], Field(default_factory=list)]
    masked: Annotated[
        dict[str, int], Field(description="Kinds of personal data taken out before the text left, and how many")
    ]
    usage: Usage
    processing_time: Annotated[float, Field(ge=0, description="ms in the function")]
    timestamp: str
