"""Where the time of a call goes, for X-Ray: its parts are noted while it runs, and sent in one datagram at its end.

Lambda runs a daemon beside each function that takes them, and says of each call whether it is sampled. A document tells
names, times, codes and numbers; a caller's input, a token or the text of an exception has no way into it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from functions.shared.errors import ApiError

MOST: Final = 100
"""Parts that one call tells; of those that follow it tells how many they were."""
LARGEST: Final = 60_000
"""Bytes of a document; the daemon takes no datagram above 64 KB."""
FRAMES: Final = 12
SHOWN: Final[Mapping[str, str]] = {
    "cache": "cache",
    "code": "code",
    "modelVersion": "model_version",
    "replayed": "replayed",
    "route": "route",
}
"""Of what the log says of a request, what a trace is found by → its annotation."""
_HEADER: Final = b'{"format": "json", "version": 1}\n'
_NOT_IN_NAMES: Final = re.compile(r"[^\w .:/%&#=+\\@-]", re.ASCII)

Noted = str | int | float | bool


class Part:
    """A stretch of a call's time, to be used by `with`; what begins before it ends belongs to it.

    This class itself tells nothing: it stands in for the parts of a call that is not sampled.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        return

    def note(self, **values: Noted) -> None:
        """Adds annotations, by which traces are found; no personal data."""

    def answered(self, status: int) -> None:
        """Notes the HTTP status that it ended with: an error of the caller's, a throttle, a fault of ours."""

    def tell(self, status: int, notes: Mapping[str, Any], correlated: str) -> None:
        """Notes how a request was answered, as far as traces are looked for by it."""


OFF: Final = Part()


class _Sampled(Part):
    """One that is told, to the call that it is a part of."""

    def __init__(self, name: str, call: _Call | None, blocks: Mapping[str, Any]) -> None:
        self.call, self.parts = call, list[dict[str, Any]]()
        self._notes: dict[str, Noted] = {}
        self._token: Token[_Sampled | None] | None = None
        self._within: _Sampled | None = None
        self.document = {"name": _NOT_IN_NAMES.sub("-", name)[:200], "id": secrets.token_hex(8), **blocks}

    def __enter__(self) -> Self:
        self._within, self._token = _OPEN.get(), _OPEN.set(self)
        self.document["start_time"] = time.time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.document["end_time"] = time.time()
        if self._token is not None:
            _OPEN.reset(self._token)
        if error is not None:
            self.document |= failed(error)
        if self._notes:
            self.document["annotations"] = self._notes
        if self.parts:
            self.document["subsegments"] = self.parts
        self.end(self._within)

    def note(self, **values: Noted) -> None:
        self._notes |= values

    def answered(self, status: int) -> None:
        self.document |= {"http": {"response": {"status": status}}, **flags(status)}

    def tell(self, status: int, notes: Mapping[str, Any], correlated: str) -> None:
        self.answered(status)
        self.note(correlation_id=correlated, **{name: notes[key] for key, name in SHOWN.items() if key in notes})

    def end(self, within: _Sampled | None) -> None:
        """Belongs to what it began in."""
        if within is not None:
            within.parts.append(self.document)


class _Call(_Sampled):
    """The whole of a call; sends what its parts told."""

    def __init__(self, name: str, trace: Mapping[str, str], daemon: str) -> None:
        super().__init__(name, None, {"type": "subsegment", "trace_id": trace["Root"], "parent_id": trace["Parent"]})
        self._daemon, self.told, self.left_out = daemon, 0, 0

    def end(self, within: _Sampled | None) -> None:
        """Sends it all in one datagram; without its parts, where they are too much for one."""
        del within
        if self.left_out:
            self.document["metadata"] = {"default": {"partsLeftOut": self.left_out}}
        content = json.dumps(self.document).encode()
        if len(content) > LARGEST:
            self.document.pop("subsegments", None)
            self.document["metadata"] = {"default": {"partsLeftOut": self.told + self.left_out}}
            content = json.dumps(self.document).encode()
        host, _, port = self._daemon.rpartition(":")
        # A datagram to this machine cannot block, and a trace is not worth an error.
        with suppress(OSError, ValueError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(_HEADER + content, (host, int(port)))


_OPEN: ContextVar[_Sampled | None] = ContextVar("open part of a trace", default=None)


def traced(name: str, environ: Mapping[str, str] = os.environ) -> Part:
    """The whole of one call of the function, where Lambda says that it is sampled and a daemon listens."""
    header = environ.get("_X_AMZN_TRACE_ID", "")
    if "Sampled=1" not in header:
        return OFF
    trace = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    daemon = environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
    if not daemon or not trace.get("Root") or not trace.get("Parent"):
        return OFF
    return _Call(name, trace, daemon)


def part(name: str, blocks: Mapping[str, Any] | None = None) -> Part:
    """A part of the call under way.

    Args:
        name: what it waits for, such as `cache`.
        blocks: further members of X-Ray's document: `namespace`, which is `aws` or `remote` for what is called over
            the network, and `aws` or `sql`.
    """
    within = _OPEN.get()
    if within is None:
        return OFF
    call = within if isinstance(within, _Call) else within.call
    if call is None or call.told >= MOST:
        if call is not None:
            call.left_out += 1
        return OFF
    call.told += 1
    return _Sampled(name, call, blocks or {})


def current() -> Part:
    """The part of the call under way that began last."""
    return _OPEN.get() or OFF


def flags(status: int) -> dict[str, bool]:
    """What X-Ray calls an HTTP status."""
    if status >= 500:
        return {"fault": True}
    return {"error": True, **({"throttle": True} if status == 429 else {})} if status >= 400 else {}


def failed(error: BaseException) -> dict[str, Any]:
    """What a document tells of an exception: what it means, its type and its places, never its text."""
    stack, place = list[dict[str, Any]](), error.__traceback__
    while place is not None:
        code = place.tb_frame.f_code
        stack.append({"path": Path(code.co_filename).name, "line": place.tb_lineno, "label": code.co_name})
        place = place.tb_next
    exception = {"id": secrets.token_hex(8), "type": type(error).__name__, "stack": stack[-FRAMES:][::-1]}
    # Errors of AWS carry their status, as ours do in their row.
    status = error.row.status if isinstance(error, ApiError) else int(getattr(error, "status", 500))
    return {**flags(status), "cause": {"exceptions": [exception]}}
