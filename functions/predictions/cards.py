"""What the live model is: its card, which the table is asked for once a day and version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from functions.predictions.schemas import ModelInfo
from functions.shared.cache.kept import MODEL, REFERENCE_S, Memory, keep, recall, reference_key
from functions.shared.errors import ApiError


class Models(Protocol):
    """The registry, as far as it tells of the live model."""

    def live(self) -> dict[str, Any] | None:
        """The live model's item."""


class ModelCards:
    """Cards by version: what a version is never changes, but for since when it is live, and the release forgets that.

    Args:
        models: asked where the cache has no card.
        memory: keeps cards; without it the table is asked each time.
        live: the live version as the cache knows it; empty where it does not.
        endpoint: whose cards they are.
    """

    def __init__(self, models: Models, memory: Memory, live: Callable[[], str], endpoint: str) -> None:
        self._models, self._memory, self._live, self._endpoint = models, memory, live, endpoint

    def live(self) -> ModelInfo:
        """The card of the live model.

        Raises:
            ApiError: no model is live, or the table cannot tell.
        """
        version = self._live()
        known = recall(self._memory, self._key(version), ModelInfo) if version else None
        if known is not None:
            return known
        item = self._models.live()
        if item is None:
            raise ApiError("no_live_model")
        card = of(item)
        # By its own version: the cache may not know yet that another one is live.
        keep(self._memory, self._key(card.model_version), card, REFERENCE_S)
        return card

    def _key(self, version: str) -> str:
        return reference_key(self._endpoint, MODEL, version)


def of(item: dict[str, Any]) -> ModelInfo:
    """The card of an item of the models table."""
    figures = item.get("metrics")
    return ModelInfo(
        model_version=item["version"],
        algorithm=item.get("algorithm", ""),
        created_at=item.get("createdAt", ""),
        live_since=item["liveSince"],
        metrics={name: value for name, value in (figures or {}).items() if isinstance(value, float)},
    )
