"""Lambda's runtime API (2018-06-01) for one function instance, as AWS's runtime client speaks it."""

from __future__ import annotations

import asyncio
import json
from typing import Protocol, cast

PREFIX = b"/2018-06-01/runtime/"
MAX_HEAD = 2 * 1024 * 1024
"""The client sends a whole stack trace as a header."""
MAX_BODY = 64 * 1024 * 1024
"""Far above what Lambda takes, so that a function that answers too much gets Lambda's error instead of a reset."""

_OK = b'{"status":"OK"}'


class Runtime(Protocol):
    """What the API tells and asks; the instance implements it."""

    def wants(self, api: RuntimeApi) -> None:
        """The runtime is ready for an invocation, to be sent by `api.send`."""

    def works_on(self, request_id: str) -> bool:
        """Whether such an invocation is running."""

    def answered(self, body: bytes) -> None:
        """The handler's answer."""

    def failed(self, body: bytes) -> None:
        """The handler's error, as JSON."""

    def init_failed(self, body: bytes) -> None:
        """The handler could not be imported."""


class RuntimeApi(asyncio.Protocol):
    """One connection of a runtime. Parsed by hand: this lies on the path of every request."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        # A cast: the transports of uvloop are no subclasses.
        self.transport = cast("asyncio.Transport", transport)
        # An event of 6 MB goes out in one piece; there is nobody to slow down.
        self.transport.set_write_buffer_limits(high=MAX_BODY)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Nothing can be sent any more; the end of the process is noticed elsewhere."""
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Takes what arrived and answers each request that is complete."""
        if not self._buffer:
            # Nearly always one whole request in one piece, which needs no buffer.
            used = self._take(data)
            if used == len(data):
                return
            data = data[used:]
        self._buffer += data
        while self._buffer and (used := self._take(self._buffer)):
            del self._buffer[:used]

    def send(self, head: bytes, body: bytes) -> bool:
        """Answers the request for the next invocation; `head` holds header lines. False when the runtime has gone."""
        if self.transport is None or self.transport.is_closing():
            return False
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
            % (len(body), head, body),
        )
        return True

    def _take(self, content: bytes | bytearray) -> int:
        """Answers the first request in what has arrived; gives its bytes, 0 while it is not whole."""
        end = content.find(b"\r\n\r\n")
        if end < 0:
            return self._refuse(content, 431, "request header too large") if len(content) > MAX_HEAD else 0
        head = bytes(content[:end])
        length = 0 if head.startswith(b"GET ") else _length(head)
        if length is None or length > MAX_BODY:
            return self._refuse(content, 411 if length is None else 413, "give a Content-Length of at most 64 MB")
        start, stop = end + 4, end + 4 + length
        if len(content) < stop:
            return 0
        self._route(head, bytes(content[start:stop]))
        return stop

    def _route(self, head: bytes, body: bytes) -> None:
        target = head.split(b" ", 2)[1]
        if not target.startswith(PREFIX):
            self._reply(404, {"errorType": "NotFound", "errorMessage": "unknown path"})
            return
        match target[len(PREFIX) :].split(b"/"):
            case [b"invocation", b"next"]:
                self.runtime.wants(self)
            case [b"invocation", request_id, b"response"]:
                if self._accept(request_id):
                    self.runtime.answered(body)
            case [b"invocation", request_id, b"error"]:
                if self._accept(request_id):
                    self.runtime.failed(body)
            case [b"init", b"error"]:
                self.runtime.init_failed(body)
                self._write(202, _OK)
            case _:
                self._reply(404, {"errorType": "NotFound", "errorMessage": "unknown path"})

    def _accept(self, request_id: bytes) -> bool:
        """Whether a result is of the running invocation. The runtime hears so first: it goes on meanwhile."""
        known = self.runtime.works_on(request_id.decode())
        if known:
            self._write(202, _OK)
        else:
            self._reply(400, {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"})
        return known

    def _reply(self, status: int, document: dict[str, str]) -> None:
        self._write(status, json.dumps(document).encode())

    def _write(self, status: int, body: bytes) -> None:
        if self.transport is not None:
            self.transport.write(
                b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (status, len(body), body),
            )

    def _refuse(self, content: bytes | bytearray, status: int, message: str) -> int:
        """Ends the connection; all that has come counts as taken."""
        self._reply(status, {"errorType": "InvalidRequest", "errorMessage": message})
        if self.transport is not None:
            self.transport.close()
        return len(content)


def _length(head: bytes) -> int | None:
    """The declared length of a body; None when it comes in chunks or the number cannot be read."""
    lower = head.lower()
    if b"\r\ntransfer-encoding: chunked" in lower:
        return None
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    value = lower[at + 17 :].split(b"\r\n", 1)[0].strip()
    return int(value) if value.isdigit() else None
