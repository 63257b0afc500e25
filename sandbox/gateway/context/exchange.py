"""One request, what the steps found out about it, and the answer."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sandbox.gateway.declared import Method, Stage
from sandbox.lambdas.instance import new_id

Header = tuple[bytes, bytes]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English, whatever the language of the machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the caller."""

    status: int
    headers: tuple[Header, ...]
    body: bytes


class GatewayError(Exception):
    """The gateway answers by itself: a kind of gateway response, and what its template may say.

    Args:
        kind: a response type of API Gateway, such as BAD_REQUEST_BODY.
        message: replaces the type's usual message.
        detail: the validation error.
        status: replaces the type's usual status.
    """

    def __init__(self, kind: str, message: str = "", *, detail: str = "", status: int | None = None) -> None:
        super().__init__(message or kind)
        self.kind = kind
        self.message = message
        self.detail = detail
        self.status = status


@dataclass(slots=True)
class Exchange:
    """A request as the steps see it. Each step fills in what later ones need."""

    stage: Stage
    verb: str
    path: str
    """Decoded, without the stage."""
    raw_query: bytes
    headers: list[Header]
    """Lower case names, in the order of arrival."""
    body: bytes = b""
    source: str = "127.0.0.1"
    protocol: str = "HTTP/1.1"
    request_id: str = field(default_factory=new_id)
    extended_id: str = field(default_factory=lambda: f"{random.getrandbits(64):016x}")
    began: float = field(default_factory=time.perf_counter)
    began_s: float = field(default_factory=time.time)
    trace: str = ""
    method: Method | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, str] | None = None
    key: str = ""
    key_id: str = ""
    error: GatewayError | None = None
    integration_status: int = 0
    integration_ms: float = 0.0
    integration_error: str = ""
    function_request: str = ""
    status: int = 0
    """What was answered, and how many bytes; set at the end, for the access log."""
    length: int = 0
    _by_name: dict[bytes, bytes] | None = None

    @property
    def matched(self) -> Method:
        """The method that was found by the step `route`."""
        if self.method is None:
            raise RuntimeError("the step `route` comes first in the chain")
        return self.method

    def header(self, name: bytes) -> str | None:
        """The last value of a header by its lower case name, None when it is absent."""
        if self._by_name is None:
            self._by_name = dict(self.headers)
        value = self._by_name.get(name)
        return None if value is None else value.decode("latin-1")

    def drop(self, name: bytes) -> None:
        """Forgets a header by its lower case name."""
        self.headers = [row for row in self.headers if row[0] != name]
        self._by_name = None

    def media_type(self) -> str:
        """The body's media type without parameters, lower case; JSON when the caller says nothing."""
        value = self.header(b"content-type")
        return media_type(value) if value else "application/json"


@lru_cache(maxsize=256)
def media_type(value: str) -> str:
    """The type in a Content-Type header, lower case and without parameters."""
    return value.split(";", 1)[0].strip().lower()


@lru_cache(maxsize=1024)
def canonical(name: bytes) -> str:
    """A header's name as HTTP/1.1 clients write it; the server gives names in lower case."""
    return "-".join(part.capitalize() for part in name.decode("latin-1").split("-"))


@lru_cache(maxsize=4)
def request_time(second: int) -> str:
    """A moment as the gateway writes it: 21/Nov/2026:05:29:42 +0000."""
    moment = time.gmtime(second)
    return time.strftime(f"%d/{MONTHS[moment.tm_mon - 1]}/%Y:%H:%M:%S +0000", moment)
