"""Whether a token's session was ended: asked of the cache, else of the table, and remembered for a moment.

A token proves itself until it expires, whatever happened to its session since; this is what makes a sign-out count at
once. docs/decisions/0008-ended-sessions.md says what happens when cache and table are gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.errors import ApiError
from functions.shared.identity.tokens import Caller

LIVE, ENDED = b"live", b"ended"
CACHE_TTL_S = 1800
"""How long the cache keeps a session's state."""


class SessionMemory(Protocol):
    """A cache that never fails (functions.shared.cache.breaker.Cache)."""

    def get(self, key: str) -> bytes | None:
        """The value, or None."""

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        """Keeps a value."""


class Ended(Protocol):
    """What knows for certain."""

    def ended(self, session: str) -> bool:
        """Whether a session was ended; ApiError `unavailable` when that cannot be told."""


class SessionsTable:
    """The sessions table; one of its items exists for each sign-in by this API."""

    def __init__(self, service: Service, table: str) -> None:
        self._service, self._table = service, table

    def ended(self, session: str) -> bool:
        """Whether a session was ended; one that the table does not know began elsewhere, and counts."""
        request = {
            "TableName": self._table,
            "Key": {"sessionId": {"S": session}},
            "ProjectionExpression": "endedAt",
            # A sign-out counts for the request right after it.
            "ConsistentRead": True,
        }
        try:
            return "endedAt" in self._service.call("GetItem", request).get("Item", {})
        except (AwsError, AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            raise ApiError("unavailable", why="sessions table") from error


class EndedSessions:
    """Refuses callers whose session was ended.

    Args:
        table: what knows for certain.
        memory: a cache in front of it. A function that has one goes on when neither answers: its tokens live for an
            hour, and its answers must not depend on a cache. Without one such a caller is told to come back.
        remember_s: how long a process believes that a session is live; a sign-out counts at the latest after it.
        clock: seconds; only differences count.
        remembered: sessions that a process remembers.
    """

    def __init__(
        self,
        table: Ended,
        memory: SessionMemory | None = None,
        *,
        remember_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = 4096,
    ) -> None:
        self._table, self._memory = table, memory
        self._remember_s, self._clock, self._remembered = remember_s, clock, remembered
        self._live_until: dict[str, float] = {}

    def check(self, caller: Caller) -> None:
        """Ends with `token_revoked` when the caller's session is over."""
        session = caller.session
        if not session:
            return
        now = self._clock()
        if now < self._live_until.get(session, now):
            return
        if self._over(session):
            raise ApiError("token_revoked")
        if len(self._live_until) >= self._remembered:
            del self._live_until[next(iter(self._live_until))]
        self._live_until[session] = now + self._remember_s

    def end(self, session: str) -> None:
        """Lets the cache tell at once that a session is over; the table has to say so already."""
        self._live_until.pop(session, None)
        if self._memory is not None:
            self._memory.put(key_of(session), ENDED, CACHE_TTL_S)

    def _over(self, session: str) -> bool:
        if self._memory is None:
            return self._table.ended(session)
        cached = self._memory.get(key_of(session))
        if cached in (LIVE, ENDED):
            return cached == ENDED
        try:
            over = self._table.ended(session)
        except ApiError:
            return False
        # Only where nothing is: a sign-out that came between the question and now must not be undone.
        self._memory.put(key_of(session), ENDED if over else LIVE, CACHE_TTL_S, if_missing=True)
        return over


def key_of(session: str) -> str:
    """The cache's key of a session's state."""
    return f"session:{session}"
