"""JSON on the path of every request: orjson where it is installed, the standard library's otherwise."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from typing import Any

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _standard(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8", errors="surrogatepass")


def _choose() -> Callable[[Any], bytes]:
    if importlib.util.find_spec("orjson") is None:
        return _standard
    import orjson

    def fast(value: Any) -> bytes:
        try:
            return orjson.dumps(value)
        except TypeError:
            # Half a surrogate pair: the standard library writes what orjson refuses.
            return _standard(value)

    return fast


encode: Callable[[Any], bytes] = _choose()
"""A value as compact JSON."""
