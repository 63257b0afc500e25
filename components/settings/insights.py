"""Settings of the reading of feedback, and what must hold between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from components.settings.reading import matching, ranged

_AREAS: Final = {
    "us.": ("us-",),
    "eu.": ("eu-",),
    "apac.": ("ap-",),
    "jp.": ("ap-northeast-",),
    "au.": ("ap-southeast-",),
    "ca.": ("ca-",),
}
"""Beginning of an inference profile → beginnings of the regions that have it; `global.` is everywhere."""


@dataclass(frozen=True, kw_only=True)
class Insights:
    """What reads customers' feedback, and how much of it."""

    engine: Literal["bedrock", "comprehend"] = "bedrock"
    """A language model of Bedrock, or Comprehend, which finds no needs and gives no advice."""
    model_id: str = matching(
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?",
        "a model or an inference profile of Bedrock such as us.anthropic.claude-haiku-4-5-20251001-v1:0",
    )
    """Model or inference profile; the account must have been given access to it."""
    guardrail: bool = True
    """Whether a guardrail reads what goes in and comes out."""
    daily_tokens: int = ranged(200_000, 2_000, 1_000_000_000)
    """Tokens that one caller may use a day."""
    max_tokens: int = ranged(500, 100, 4_000)
    """Longest answer of the model; each hundred take about half a second."""
    input_price_usd: float = ranged(1.0, 0, 1_000)
    """Price of a million input tokens of the model."""
    output_price_usd: float = ranged(5.0, 0, 1_000)
    """Price of a million output tokens of the model."""

    def problems(self, region: str) -> list[str]:
        """What would not work in a region."""
        area = next((area for area in _AREAS if self.model_id.startswith(area)), None)
        if self.engine != "bedrock" or area is None or region.startswith(_AREAS[area]):
            return []
        places = " and ".join(_AREAS[area])
        allowed = "a profile that begins with the region's own area, or with global."
        found = f"insights.modelId is {self.model_id!r}, a profile for {places}…, while the region is {region}"
        return [f"{found}; allowed: {allowed}; change it"]
