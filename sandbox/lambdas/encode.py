"""JSON on the path of every request: orjson where it is installed, the standard library's otherwise."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from typing import Any, Protocol

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _standard(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", errors="surrogatepass")


class Decode(Protocol):
    """Reads JSON."""

    def __call__(self, text: bytes | str, otherwise: Callable[[Any], Any] = json.loads) -> Any:
        """The value; `otherwise` reads what the quick reader refuses, and raises ValueError for what is no JSON."""


def _slow(text: bytes | str, otherwise: Callable[[Any], Any] = json.loads) -> Any:
    return otherwise(text)


def _choose() -> tuple[Callable[[Any], bytes], Decode]:
    if importlib.util.find_spec("orjson") is None:
        return _standard, _slow
    import orjson

    def fast(value: Any) -> bytes:
        try:
            return orjson.dumps(value)
        except TypeError:
            # Half a surrogate pair: the standard library writes what orjson refuses.
            return _standard(value)

    def quick(text: bytes | str, otherwise: Callable[[Any], Any] = json.loads) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            # Half a surrogate pair again, or a number that only the standard library holds.
            return otherwise(text)

    return fast, quick


encode, decode = _choose()
"""A value as compact JSON, and back."""
