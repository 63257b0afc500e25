"""Headers of every answer, whoever gives it: the functions, and the gateway for errors of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Final

SAFE: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
"""What a browser is told of an answer that is made for one caller: not kept, not guessed at, never in the clear."""

CORRELATION: Final = "X-Correlation-Id"
"""What a caller names its request by, across services; the request's own id where it does not."""

PACE: Final = "x-amzn-waf-pace"
"""Header by which the firewall marks what a caller asks above its rate; lower case, as functions read headers. Nobody
gains by sending it, since it only refuses, and the firewall writes over it."""

CORRELATED: Final[ContextVar[str]] = ContextVar("correlation id", default="")
"""That of the request under way, for whoever is asked on its behalf."""

TOKEN_WINDOW_S: Final = 60
"""Over which the firewall counts what is asked with one token: the shortest window that it has."""

EXPOSED: Final = (
    *("Deprecation", "ETag", "Idempotent-Replayed", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "Sunset"),
    *(CORRELATION, "X-Request-Id"),
)
"""Headers of an answer that a page of another origin may read."""

ANY: Final = "*"
"""In place of an origin: pages of all."""

_CORRELATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)


def for_pages(origin: str) -> dict[str, str]:
    """What pages of an origin are told, so that they may read an answer (CORS)."""
    # The answer differs by the origin, so a cache between must not give one page's answer to another.
    varies = {} if origin == ANY else {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": ",".join(EXPOSED), **varies}


def correlation(given: str | None, request_id: str) -> str:
    """The caller's correlation id where it is one, so that nothing else gets into logs and headers."""
    return given if given and _CORRELATION.fullmatch(given) else request_id
