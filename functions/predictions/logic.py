"""How a prediction is found: from the cache, else from the model; and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from pydantic_core import from_json, to_json

from functions.shared.errors import ApiError, Detail

WHOLE = 2.0**53
"""Whole numbers below this are the same as float and as int."""


@dataclass(frozen=True)
class ModelAnswer:
    """What the endpoint said about one row."""

    version: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """A prediction, and whether it came from the cache: hit, miss, off or bypass."""

    prediction_id: str
    result: Mapping[str, Any]
    version: str
    source: str


class Model(Protocol):
    """The live model."""

    def ask(self, features: Mapping[str, Any]) -> ModelAnswer:
        """Its answer for one row; ApiError where it has none."""


class Memory(Protocol):
    """A cache that never fails (functions.shared.cache.breaker.Cache)."""

    @property
    def available(self) -> bool:
        """Whether it is in use."""

    def get(self, key: str) -> bytes | None:
        """The value, or None."""

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        """Keeps a value."""


class Records(Protocol):
    """Where predictions are kept."""

    def add(self, prediction_id: str, tenant: str, answer: ModelAnswer, features: Mapping[str, Any]) -> None:
        """Keeps one; a failure is logged and counted by the store, since the caller has the answer already."""


def canonical(features: Mapping[str, Any]) -> bytes:
    """The same bytes for the same row: keys sorted, 1.0 as 1."""
    whole = {
        name: int(value)
        for name, value in features.items()
        if type(value) is float and value.is_integer() and -WHOLE < value < WHOLE
    }
    return to_json({name: whole.get(name, features[name]) for name in sorted(features)})


class Predictor:
    """Answers rows; one instance a process.

    Args:
        model: asked where nothing is kept.
        memory: the cache that all processes share.
        records: where new predictions are kept.
        endpoint: whose live version counts.
        new_id: makes the id of a prediction.
        remembered: how many predictions a process remembers by itself, until it asks for the live version again.
        ttl_s: how long the cache keeps a prediction.
        live_ttl_s: how long it keeps a live version that was learned from the model.
        live_memory_s: how long a process believes that a version is live.
        clock: seconds; only differences count.
    """

    def __init__(
        self,
        model: Model,
        memory: Memory,
        records: Records,
        *,
        endpoint: str,
        new_id: Callable[[], str],
        remembered: int = 1000,
        ttl_s: int = 3600,
        live_ttl_s: int = 60,
        live_memory_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model, self._memory, self._records, self._new_id = model, memory, records, new_id
        self._recent, self._remembered = dict[str, Found](), remembered
        self._ttl_s, self._live_ttl_s, self._live_memory_s = ttl_s, live_ttl_s, live_memory_s
        self._live_key = f"live:{endpoint}"
        self._clock = clock
        self._live, self._live_until = "", float("-inf")

    def predict(self, features: Mapping[str, Any], tenant: str, *, bypass: bool = False) -> Found:
        """The prediction for a row.

        Raises:
            ApiError: the model cannot take the row, or cannot answer.
        """
        digest = sha256(canonical(features)).hexdigest()
        live = "" if bypass else self.live_version()
        if live:
            found = self._known(key_of(tenant, live, digest))
            if found:
                return found
        usable = self._memory.available
        answer = self._model.ask(features)
        made = Found(self._new_id(), answer.result, answer.version, source(bypass=bypass, usable=usable))
        self._keep(made, key_of(tenant, answer.version, digest), live)
        self._records.add(made.prediction_id, tenant, answer, features)
        return made

    def live_version(self) -> str:
        """The version that a cached prediction must be of; empty while the cache does not know."""
        now = self._clock()
        if now >= self._live_until:
            self._live = (self._memory.get(self._live_key) or b"").decode(errors="replace")
            self._live_until = now + self._live_memory_s if self._live else now
            self._recent.clear()
        return self._live

    def _known(self, key: str) -> Found | None:
        """What this process remembers, else what the cache has."""
        found = self._recent.get(key) if self._memory.available else None
        if found is None:
            found = read(self._memory.get(key), key)
            if found is not None and len(self._recent) < self._remembered:
                self._recent[key] = found
        return found

    def _keep(self, made: Found, key: str, live: str) -> None:
        # What another process makes is seen when this one asks the cache again; what it makes itself, at once.
        self._recent.pop(key, None)
        self._memory.put(key, written(made, key), self._ttl_s)
        if made.version != live:
            # A missing version is learned. A wrong one (a deployment beside the release step) is put right; for a
            # short time only, since an answer that was under way during a release may name the previous version.
            self._memory.put(self._live_key, made.version.encode(), self._live_ttl_s, if_missing=not live)
            self._live_until = float("-inf")


def source(*, bypass: bool, usable: bool) -> str:
    """How a prediction that the model made came about."""
    if bypass:
        return "bypass"
    return "miss" if usable else "off"


def key_of(tenant: str, version: str, digest: str) -> str:
    """The cache's key of a prediction."""
    return f"p:{tenant}:{version}:{digest}"


def written(made: Found, key: str) -> bytes:
    """A prediction as the cache holds it: below its own key, so that an answer that was mixed up is seen."""
    kept = {"predictionId": made.prediction_id, "result": made.result, "modelVersion": made.version}
    return key.encode() + b"\n" + to_json(kept)


def read(value: bytes | None, key: str) -> Found | None:
    """What `written` wrote, or None for anything else."""
    if value is None or not value.startswith(key.encode() + b"\n"):
        return None
    try:
        kept = from_json(value[len(key) + 1 :])
        return Found(kept["predictionId"], kept["result"], kept["modelVersion"], "hit")
    except (ValueError, KeyError, TypeError):
        return None


def answered(document: Any) -> ModelAnswer:
    """The endpoint's document as an answer.

    Raises:
        ApiError: `model_rejected_input` with the model's remarks on the row, or `model_failed` for another shape.
    """
    try:
        version, row = str(document["modelVersion"]), document["predictions"][0]
        if "errors" in row:
            remarks = [Detail(f"input.{remark['field']}", str(remark["message"])) for remark in row["errors"]]
            raise ApiError("model_rejected_input", remarks)
        result = {name: row[name] for name in ("prediction", "confidence", "alternatives")}
    except (KeyError, IndexError, TypeError) as error:
        raise ApiError("model_failed", why="the answer has another shape") from error
    return ModelAnswer(version, result)
