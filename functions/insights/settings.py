"""What the insights function is told by its environment."""

from __future__ import annotations

from dataclasses import dataclass

from functions.shared.identity.settings import TokenSettings


@dataclass(frozen=True, kw_only=True)
class Settings(TokenSettings):
    """The engine, its limits and its prices, beside whose tokens count."""

    engine: str
    """bedrock or comprehend."""
    model_id: str
    """Model or inference profile of Bedrock."""
    guardrail_id: str = ""
    """Guardrail that reads what goes in and comes out; none when empty."""
    guardrail_version: str = "DRAFT"
    """Version of the guardrail."""
    counters_table: str
    """Table that counts each caller's tokens of the day."""
    daily_tokens: int = 200000
    """Tokens that one caller may use a day (UTC)."""
    max_tokens: int = 500
    """Longest answer of the model, in tokens."""
    input_price_usd: float = 1.0
    """Price of a million input tokens."""
    output_price_usd: float = 5.0
    """Price of a million output tokens."""
    deadline_ms: int = 2600
    """When the function answers, whether or not the engine has."""
    repair_ms: int = 900
    """Time that must be left to ask the model once more."""
