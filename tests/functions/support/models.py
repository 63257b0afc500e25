"""Models and stores that stand in for AWS; they count what they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from functions.predictions.logic import ModelAnswer
from functions.shared.errors import ApiError

RESULT = {"prediction": "yes", "confidence": 0.92, "alternatives": [{"value": "no", "confidence": 0.08}]}


class CountingModel:
    """A model that says yes, and keeps what is recorded."""

    def __init__(self, version: str = "v1", fails: ApiError | None = None) -> None:
        self.version, self.fails = version, fails
        self.asked: list[Mapping[str, Any]] = []
        self.recorded: list[str] = []

    def ask(self, features: Mapping[str, Any]) -> ModelAnswer:
        self.asked.append(features)
        if self.fails:
            raise self.fails
        return ModelAnswer(self.version, RESULT)

    def add(self, prediction_id: str, tenant: str, answer: ModelAnswer, features: Mapping[str, Any]) -> None:
        self.recorded.append(f"{tenant} {prediction_id} {answer.version} {len(features)}")


class Memory:
    """A cache in this process."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.ttl: dict[str, int] = {}
        self.hidden: set[str] = set()
        """Keys that come in only after they were asked for."""
        self.available = True

    def get(self, key: str) -> bytes | None:
        return self.values.get(key) if self.available and key not in self.hidden else None

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        if not self.available or (if_missing and key in self.values):
            return False
        self.values[key], self.ttl[key] = value, ttl_s
        return True


class NoModels:
    """Cards of models where none is live."""

    def live(self) -> NoReturn:
        raise ApiError("no_live_model")
