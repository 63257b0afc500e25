"""A request that is sent twice is done once: `Idempotency-Key` (docs/decisions/0020-the-door.md).

A key belongs to one caller, one route and one request. The first request claims it, its answer is kept for a day, and
whoever sends the same again gets that answer. A request that ends without one leaves the claim open for a repetition,
which makes what it makes under the same id.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from uuid import uuid4

from pydantic import BaseModel
from pydantic_core import to_json

from functions.shared.errors import ApiError, Detail

HEADER = "idempotency-key"
KEPT_S = 86_400
"""How long a key counts."""
CLAIM_S = 35
"""How long a request may take: longer than a function runs, so that nobody takes over from one that is alive."""
LARGEST_ANSWER = 256 * 1024
"""Bytes of an answer that is kept; a table's item holds 400 KB."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Record:
    """What is known of a key."""

    digest: str
    """Of the request that it came with."""
    made_id: str
    """Id for what the request makes."""
    owner: str
    """Who has claimed it: another one for each try."""
    claimed_until: int
    """Second until which nobody else tries."""
    status: int = 0
    """Of the answer; 0 while there is none."""
    body: str = ""
    headers: Mapping[str, str] | None = None
    """Of the answer, beside those that every answer has."""


class Records(Protocol):
    """What keeps records; an ApiError `unavailable` where it cannot."""

    def begin(self, name: str, record: Record, now: int, ends: int) -> Record | None:
        """Writes a record where none counts any more; else gives the one that is there."""

    def take_over(self, name: str, before: Record, owner: str, until: int) -> bool:
        """Claims a record that was left; False where somebody else was faster."""

    def finish(self, name: str, record: Record) -> None:
        """Writes the claim's end, and the answer where there is one, if the owner is still the same."""


@dataclass(frozen=True)
class Reply:
    """An answer, or what was kept of it."""

    status: int
    body: str
    headers: Mapping[str, str]


class Idempotency:
    """Runs operations once for each key."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records, self._clock = records, clock

    def claim(self, key: str, *, user_id: str, route: str, request: Any) -> Claim | Reply:
        """The right to run the operation, or the answer that was given before.

        Args:
            key: the header's value.
            user_id: whose key it is.
            route: method and path of the route.
            request: everything that makes the request this one, as plain data or models.

        Raises:
            ApiError: `invalid_request` for a key that is none, `key_reused`, `key_in_use`, `unavailable`.
        """
        if not _KEY.fullmatch(key):
            message = "give 1 to 255 characters of ASCII without spaces, such as a UUID"
            raise ApiError("invalid_request", [Detail("Idempotency-Key", message)])
        name = sha256(f"{user_id}\n{route}\n{key}".encode()).hexdigest()
        now = int(self._clock())
        record = Record(digest_of(request), str(uuid4()), uuid4().hex, now + CLAIM_S)
        known = self._records.begin(name, record, now, now + KEPT_S)
        if known is None:
            return Claim(self._records, name, record)
        if known.digest != record.digest:
            raise ApiError("key_reused")
        if known.status:
            return Reply(known.status, known.body, {**(known.headers or {}), "Idempotent-Replayed": "true"})
        if known.claimed_until > now or not self._records.take_over(name, known, record.owner, record.claimed_until):
            raise ApiError("key_in_use")
        taken = Record(known.digest, known.made_id, record.owner, record.claimed_until)
        return Claim(self._records, name, taken)


class Claim:
    """The right to run one operation."""

    def __init__(self, records: Records, name: str, record: Record) -> None:
        self._records, self._name, self._record = records, name, record

    @property
    def made_id(self) -> str:
        """Id for what the operation makes; the same for each try under one key."""
        return self._record.made_id

    def keep(self, reply: Reply) -> str:
        """Keeps the answer; why it could not, or nothing. The caller gets the answer all the same."""
        if len(reply.body.encode()) > LARGEST_ANSWER:
            return self._end(status=0, body="", headers={}) or "too large"
        return self._end(status=reply.status, body=reply.body, headers=reply.headers)

    def leave(self) -> str:
        """Leaves the claim to the next try, since this one has no answer worth keeping."""
        return self._end(status=0, body="", headers={})

    def _end(self, *, status: int, body: str, headers: Mapping[str, str]) -> str:
        mine = self._record
        try:
            self._records.finish(self._name, Record(mine.digest, mine.made_id, mine.owner, 0, status, body, headers))
        except ApiError as problem:
            return problem.why or problem.code
        return ""


def digest_of(request: Any) -> str:
    """The same text for the same request, however its body was written."""
    return sha256(to_json(ordered(request))).hexdigest()


def ordered(value: Any) -> Any:
    """Plain data with the names of objects in order."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {name: ordered(value[name]) for name in sorted(value)}
    return [ordered(inner) for inner in value] if isinstance(value, (list, tuple)) else value
