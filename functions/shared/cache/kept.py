"""Answers that are kept in the cache for a while: figures for half a minute, reference data for a day."""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

REFERENCE_S: Final = 86_400
"""How long reference data are kept: what is the same for everybody, and written once for each version of it."""
MODEL: Final = "model"
"""Kind of reference data: what a model version is, of the endpoint that serves it."""
Shown = TypeVar("Shown", bound=BaseModel)


class Memory(Protocol):
    """A cache that never fails (functions.shared.cache.breaker.Cache)."""

    def get(self, key: str) -> bytes | None:
        """The value, or None."""

    def put(self, key: str, value: bytes, ttl_s: int) -> bool:
        """Keeps a value; False where it could not."""


def reference_key(owner: str, kind: str, version: str) -> str:
    """Where the cache has reference data: whose they are, what they are, and which version of them."""
    return f"reference:{owner}:{kind}:{version}"


def recall(memory: Memory, key: str, kind: type[Shown]) -> Shown | None:
    """What the cache has; None for nothing, and for what an older version of the code has kept in another form."""
    known = memory.get(key)
    if not known:
        return None
    try:
        return kind.model_validate_json(known)
    except ValidationError:
        return None


def keep(memory: Memory, key: str, value: BaseModel, ttl_s: int) -> None:
    """Keeps an answer in the form in which `recall` reads it."""
    memory.put(key, value.model_dump_json(by_alias=True, exclude_none=True).encode(), ttl_s)


def forget(memory: Memory, key: str) -> bool:
    """Makes the next one ask the source; False where the cache could not be told."""
    return memory.put(key, b"", 1)
