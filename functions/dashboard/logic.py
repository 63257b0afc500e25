"""Figures of several tables in one answer: kept for a moment, and without a part whose table does not answer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, TypeVar

from pydantic import BaseModel

from functions.dashboard.schemas import (
    LiveModel,
    ModelFigures,
    Part,
    PredictionFigures,
    RecentPrediction,
    Stats,
    UsageFigures,
)
from functions.shared.cache.kept import Memory, keep, recall
from functions.shared.errors import ApiError

DAYS: Final = 7
RECENT: Final = 5
Shown = TypeVar("Shown", bound=BaseModel)
Item = Mapping[str, Any]


class Tables(Protocol):
    """Where figures come from; each method ends with ApiError `unavailable` or `throttled` where it cannot tell."""

    def models(self) -> tuple[Sequence[Item], Item | None]:
        """Every trained model, and the live one."""

    def predictions(self, user_id: str, since: str) -> tuple[Sequence[Item], bool]:
        """A user's predictions, the newest first, and whether these are all."""

    def tokens(self, user_id: str, at: datetime) -> int:
        """Tokens that a user has used on a day."""


class Figures:
    """Collects the parts.

    Args:
        tables: where figures come from.
        memory: keeps each part for `keep_s`; without it each call asks the tables.
        clock: the time, in UTC.
        daily_tokens: what a user may use a day.
        keep_s: seconds.
    """

    def __init__(
        self, tables: Tables, memory: Memory, clock: Callable[[], datetime], *, daily_tokens: int, keep_s: int
    ) -> None:
        self._tables, self._memory, self._clock = tables, memory, clock
        self._daily_tokens, self._keep_s = daily_tokens, keep_s

    def stats(self, user_id: str) -> tuple[Stats, list[str]]:
        """The figures for a user, and for the log why parts are missing."""
        at = self._clock()
        wanted: dict[Part, Callable[[], BaseModel]] = {
            "models": lambda: self._kept("models", ModelFigures, lambda: models_of(*self._tables.models())),
            "predictions": lambda: self._kept(
                f"predictions:{user_id}", PredictionFigures, lambda: self._asked(user_id, at)
            ),
            "usage": lambda: self._kept(f"usage:{user_id}", UsageFigures, lambda: self._used(user_id, at)),
        }
        made = {part: attempt(make) for part, make in wanted.items()}
        found = {part: value for part, value in made.items() if not isinstance(value, ApiError)}
        reasons = [f"{part}: {value.why or value.code}" for part, value in made.items() if isinstance(value, ApiError)]
        moment = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown: dict[str, Any] = dict(found.items())
        return Stats(timestamp=moment, unavailable=[part for part in made if part not in found], **shown), reasons

    def _kept(self, name: str, kind: type[Shown], make: Callable[[], Shown]) -> Shown:
        """A part as the cache has it, or made; one of an older form is made again."""
        key = f"dashboard:{name}"
        known = recall(self._memory, key, kind)
        if known is not None:
            return known
        made = make()
        keep(self._memory, key, made, self._keep_s)
        return made

    def _asked(self, user_id: str, at: datetime) -> PredictionFigures:
        days = [(at - timedelta(days=back)).date().isoformat() for back in range(DAYS)]
        items, complete = self._tables.predictions(user_id, days[-1])
        return predictions_of(items, days, complete=complete)

    def _used(self, user_id: str, at: datetime) -> UsageFigures:
        return UsageFigures(insights_tokens=self._tables.tokens(user_id, at), insights_tokens_limit=self._daily_tokens)


def attempt(make: Callable[[], Shown]) -> Shown | ApiError:
    """A part, or why there is none."""
    try:
        return make()
    except ApiError as problem:
        return problem


def models_of(items: Sequence[Item], live: Item | None) -> ModelFigures:
    """Figures of the trained models."""
    shown = None
    if live is not None:
        figures = live.get("metrics") or {}
        shown = LiveModel(
            version=str(live["version"]),
            algorithm=str(live.get("algorithm", "")),
            created_at=str(live.get("createdAt", "")),
            metrics={name: float(value) for name, value in figures.items() if isinstance(value, (int, float))},
        )
    return ModelFigures(total=len(items), by_status=dict(Counter(str(item["status"]) for item in items)), live=shown)


def predictions_of(items: Sequence[Item], days: Sequence[str], *, complete: bool) -> PredictionFigures:
    """Figures of a user's predictions, the newest first."""
    by_day = Counter(str(item["createdAt"])[:10] for item in items)
    return PredictionFigures(
        total=len(items),
        complete=complete,
        by_day={day: by_day[day] for day in days},
        by_model=dict(Counter(str(item["modelVersion"]) for item in items)),
        recent=[recent(item) for item in items[:RECENT]],
    )


def recent(item: Item) -> RecentPrediction:
    """One prediction."""
    result = json.loads(item["result"])
    return RecentPrediction(
        prediction_id=str(item["predictionId"]),
        created_at=str(item["createdAt"]),
        model_version=str(item["modelVersion"]),
        prediction=result["prediction"],
        confidence=result["confidence"],
    )
