"""JSON on the path of every request: orjson where it is installed, the standard library's otherwise."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _standard(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", errors="surrogatepass")


def _choose() -> tuple[Callable[[Any], bytes], Callable[[str | bytes], Any]]:
    if importlib.util.find_spec("orjson") is None:
        return _standard, json.loads
    import orjson

    def fast(value: Any) -> bytes:
        try:
            return orjson.dumps(value)
        except TypeError:
            # Half a surrogate pair: the standard library writes what orjson refuses.
            return _standard(value)

    def read(text: str | bytes) -> Any:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            # Half a surrogate pair again; what is no JSON at all gets its error here.
            return json.loads(text)

    return fast, read


encode, decode = _choose()
"""A value as compact JSON, and back; ValueError for what is no JSON."""
