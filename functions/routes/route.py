"""A row of the table of routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from functions.shared.door.retirement import Retirement
from functions.shared.errors import NOT_THERE_YET

SIGNED_IN = ("aws.cognito.signin.user.admin",)
"""The scope of every token that a person signs in for; access tokens of other clients carry `platform/…` instead."""


@dataclass(frozen=True)
class Header:
    """A request header that a route understands."""

    name: str
    description: str
    max_length: int = 255


IF_MATCH = Header(
    "If-Match", 'ETag of the version that is changed, such as `"3"`, or `*` for any; needed, and another version is 409'
)
IF_NONE_MATCH = Header("If-None-Match", "ETag of an earlier answer; 304 without a body where nothing has changed")


ONCE = Header("Idempotency-Key", "Requests with the same key and body are done once within a day, and answered alike")


@dataclass(frozen=True)
class Route:
    """One operation of the API."""

    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
    path: str
    capability: str
    """Folder of functions/ that answers."""
    operation: str
    """Name of the operation in its handler, and its operationId."""
    summary: str
    tag: str
    response: type[BaseModel] | None
    status: int = 200
    scopes: tuple[str, ...] = ()
    """Any of these is enough; none means public."""
    groups: tuple[str, ...] = ()
    """Members of any of these may; none means everybody who is signed in."""
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    tagged: bool = False
    """Answers carry an ETag; a GET answers 304 to a caller that sends it again in If-None-Match."""
    headers: tuple[Header, ...] = ()
    errors: tuple[str, ...] = ()
    """Codes of functions.shared.errors.ERRORS that are this route's own."""
    throttle_rps: float = 100
    """Requests a second at most, over all callers."""
    throttle_burst: int = 200
    cache_s: int = 0
    """How long the gateway may keep an answer; 0 is not at all."""
    media: str = "application/json"
    """What an answer is; a page for a browser has no schema."""
    once: bool = False
    """Requests with one Idempotency-Key are done once, and answered alike. Its answers are kept for a day, so none may
    hold a token or a secret; and its caller is signed in, since a key belongs to somebody."""
    retires: Retirement | None = None
    """When the route goes away, and what is there in its place."""

    @property
    def planned(self) -> bool:
        """Whether it is announced and not there yet: each right request is answered by 501."""
        return self.status == NOT_THERE_YET

    @property
    def key(self) -> str:
        """How a handler knows the route from the gateway's event: method and resource."""
        return f"{self.method} {self.path}"
