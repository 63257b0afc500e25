"""Whether a token's session was ended: asked of the cache, else of the table, and remembered for a moment.

A token proves itself until it expires, whatever happened to its session since; this is what makes a sign-out count at
once. docs/decisions/0008-ended-sessions.md says what happens when cache and table are gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from functions.shared.aws.calls import AwsError, AwsTimeoutError, AwsUnreachableError, Service
from functions.shared.errors import ApiError
from functions.shared.identity.tokens import Caller

LIVE, ENDED = b"live", b"ended"
CACHE_TTL_S = 1800
"""How long the cache keeps a session's state."""
TOGETHER = 25
"""Sessions that one question to the table is about; it would take a hundred, and be as slow as its slowest."""


class SessionMemory(Protocol):
    """A cache that never fails (functions.shared.cache.breaker.Cache)."""

    @property
    def available(self) -> bool:
        """Whether it is in use."""

    def get(self, key: str) -> bytes | None:
        """The value, or None."""

    def put(self, key: str, value: bytes, ttl_s: int, *, if_missing: bool = False) -> bool:
        """Keeps a value."""


class Ended(Protocol):
    """What knows for certain."""

    def ended(self, sessions: Sequence[str]) -> Mapping[str, bool]:
        """Whether each session was ended, for those that it can tell; ApiError `unavailable` when it can tell none."""


class SessionsTable:
    """The sessions table; one of its items exists for each sign-in by this API."""

    def __init__(self, service: Service, table: str) -> None:
        self._service, self._table = service, table

    def ended(self, sessions: Sequence[str]) -> Mapping[str, bool]:
        """Whether each session was ended; one that the table does not know began elsewhere, and counts.

        A busy table may leave some of several to another question: they are missing here.
        """
        try:
            return self._one(*sessions) if len(sessions) == 1 else self._several(sessions)
        except (AwsError, AwsTimeoutError, AwsUnreachableError, ValueError) as error:
            raise ApiError("unavailable", why="sessions table") from error

    def _one(self, session: str) -> Mapping[str, bool]:
        found = self._service.call("GetItem", {"TableName": self._table, "Key": _item(session), **_READ})
        return {session: "endedAt" in found.get("Item", {})}

    def _several(self, sessions: Sequence[str]) -> Mapping[str, bool]:
        wanted = {self._table: {"Keys": [_item(session) for session in sessions], **_READ}}
        found = self._service.call("BatchGetItem", {"RequestItems": wanted})
        rows = found.get("Responses", {}).get(self._table, [])
        left = found.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
        over = {row["sessionId"]["S"] for row in rows if "endedAt" in row}
        untold = {row["sessionId"]["S"] for row in left}
        return {session: session in over for session in sessions if session not in untold}


def _item(session: str) -> Mapping[str, Any]:
    return {"sessionId": {"S": session}}


_READ: Mapping[str, Any] = {
    "ProjectionExpression": "sessionId, endedAt",
    # A sign-out counts for the request right after it.
    "ConsistentRead": True,
}


@dataclass(slots=True)
class _Seen:
    """A session that was live."""

    until: float
    """Until when that is believed."""
    asked: bool
    """Whether its caller has come since the table was asked."""


class EndedSessions:
    """Refuses callers whose session was ended.

    Args:
        table: what knows for certain. Where no cache answers in its place, it is asked for those who came lately all
            together: a question a second for a process, and not for each of its callers.
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
        self._live: dict[str, _Seen] = {}

    def check(self, caller: Caller) -> None:
        """Ends with `token_revoked` when the caller's session is over."""
        session = caller.session
        if not session:
            return
        now = self._clock()
        seen = self._live.get(session)
        if seen is not None and now < seen.until:
            seen.asked = True
            return
        if self._over(session, now):
            raise ApiError("token_revoked")
        self._believe(session, now, asked=True)

    def end(self, session: str) -> None:
        """Lets the cache tell at once that a session is over; the table has to say so already."""
        self._live.pop(session, None)
        if self._memory is not None:
            self._memory.put(key_of(session), ENDED, CACHE_TTL_S)

    def _over(self, session: str, now: float) -> bool:
        if self._memory is None:
            return self._told(session, now)
        cached = self._memory.get(key_of(session))
        if cached in (LIVE, ENDED):
            return cached == ENDED
        try:
            over = self._told(session, now)
        except ApiError:
            return False
        # Only where nothing is: a sign-out that came between the question and now must not be undone.
        self._memory.put(key_of(session), ENDED if over else LIVE, CACHE_TTL_S, if_missing=True)
        return over

    def _told(self, session: str, now: float) -> bool:
        """What the table says of a session; what it says of others whose time is nearly up is remembered."""
        others = [] if self._memory is not None and self._memory.available else self._due(session, now)
        told = self._table.ended([session, *others])
        for other in others:
            if told.get(other) is False:
                self._believe(other, now, asked=False)
        if session not in told:
            raise ApiError("unavailable", why="sessions table: not processed")
        return told[session]

    def _due(self, session: str, now: float) -> list[str]:
        """Sessions that will be asked about soon: their callers came lately, and half of their time is over."""
        gone, soon = now - self._remember_s, now + self._remember_s / 2
        due = (name for name, seen in self._live.items() if seen.asked and gone < seen.until <= soon)
        return list(islice((name for name in due if name != session), TOGETHER - 1))

    def _believe(self, session: str, now: float, *, asked: bool) -> None:
        if session not in self._live and len(self._live) >= self._remembered:
            del self._live[next(iter(self._live))]
        self._live[session] = _Seen(now + self._remember_s, asked=asked)


def key_of(session: str) -> str:
    """The cache's key of a session's state."""
    return f"session:{session}"
