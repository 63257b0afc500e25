"""A text to insights: adverse events first and by itself, then an engine within what is left of time and money."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from functions.insights import adverse
from functions.insights.language import detect
from functions.insights.masking import mask
from functions.insights.schemas import Insights, InsightsRequest, Usage
from functions.insights.terms import LANGUAGES, Language
from functions.shared.errors import ApiError, Detail

Status = Literal["complete", "unavailable", "blocked", "limited"]


class EngineError(Exception):
    """No answer; `why` is for the log and holds nothing of the text."""

    def __init__(
        self, why: str, *, blocked: bool = False, usage: tuple[int, int] = (0, 0), emulated: bool = False
    ) -> None:
        super().__init__(why)
        self.why, self.blocked, self.usage, self.emulated = why, blocked, usage, emulated


@dataclass(frozen=True)
class Analysis:
    """What an engine found: members of `Insights`, and what it took."""

    found: Mapping[str, Any]
    input_tokens: int = 0
    output_tokens: int = 0
    emulated: bool = False


class Engine(Protocol):
    """Reads a text whose personal data is masked."""

    @property
    def name(self) -> Literal["bedrock", "comprehend"]:
        """What it is called in answers."""

    def estimate(self, text: str) -> int:
        """Tokens that reading it can take at most; 0 where the engine counts none."""

    def language(self, text: str, deadline: float) -> str | None:
        """The language of a text that is not told apart here; None where the engine does not tell either."""

    def read(self, text: str, language: Language, deadline: float) -> Analysis:
        """What it says, before a moment of the monotonic clock; EngineError where it does not."""


class Budget(Protocol):
    """Tokens that each caller may use a day."""

    def take(self, caller: str, tokens: int) -> bool:
        """Counts tokens before they are used; False where the day's limit does not hold so many."""

    def give_back(self, caller: str, tokens: int) -> None:
        """Takes off what was counted and not used."""


@dataclass(frozen=True)
class Prices:
    """USD for a million tokens."""

    input_usd: float
    output_usd: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """USD."""
        return round((input_tokens * self.input_usd + output_tokens * self.output_usd) / 1e6, 6)


@dataclass(frozen=True)
class Reader:
    """Answers the route; one a process."""

    engine: Engine
    budget: Budget
    prices: Prices
    new_id: Callable[[], str]
    deadline_s: float = 2.6
    clock: Callable[[], float] = field(default=time.monotonic)

    def insights(self, request: InsightsRequest, caller: str, now: str) -> tuple[Insights, str]:
        """The answer, and why the engine has no part in it (for the log; empty where it has).

        Raises:
            ApiError: `unsupported_language` where the text is in none of the three languages.
        """
        began = self.clock()
        masked, counts = mask(request.text)
        language = request.language or detect(request.text) or self._told(masked, began + self.deadline_s)
        events = adverse.find(request.text, language)
        status, analysis, why = self._ask(masked, language, caller, began + self.deadline_s)
        usage = Usage(
            input_tokens=analysis.input_tokens,
            output_tokens=analysis.output_tokens,
            cost_usd=self.prices.cost(analysis.input_tokens, analysis.output_tokens),
        )
        made = Insights.model_validate(
            {
                **analysis.found,
                "insight_id": self.new_id(),
                "language": language,
                "adverse_events": [vars(event) for event in events],
                "status": status,
                "engine": self.engine.name,
                "emulated": analysis.emulated,
                "masked": counts,
                "usage": usage,
                "processing_time": round((self.clock() - began) * 1000, 3),
                "timestamp": now,
            }
        )
        return made, why

    def _told(self, masked: str, deadline: float) -> Language:
        """The language by the engine's word."""
        try:
            found = self.engine.language(masked, deadline)
        except EngineError:
            found = None
        for language in LANGUAGES:
            if found == language:
                return language
        allowed = ", ".join(LANGUAGES)
        remark = f"cannot be told from the text; allowed: {allowed}; write in one of them, or say which it is"
        raise ApiError("unsupported_language", [Detail("language", remark)])

    def _ask(self, text: str, language: Language, caller: str, deadline: float) -> tuple[Status, Analysis, str]:
        reserved = self.engine.estimate(text)
        try:
            if reserved and not self.budget.take(caller, reserved):
                return "limited", Analysis({}), "the caller's tokens of the day are used up"
            analysis = self.engine.read(text, language, deadline)
        except EngineError as error:
            self._settle(caller, reserved, sum(error.usage))
            status: Status = "blocked" if error.blocked else "unavailable"
            return status, Analysis({}, *error.usage, emulated=error.emulated), error.why
        self._settle(caller, reserved, analysis.input_tokens + analysis.output_tokens)
        return "complete", analysis, ""

    def _settle(self, caller: str, reserved: int, used: int) -> None:
        if reserved > used:
            self.budget.give_back(caller, reserved - used)
