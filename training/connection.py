"""One HTTP/1.1 connection of the serving process: requests in, answers out, with nothing in between.

A general server and its interface cost several times what the prediction itself does. Here each request is answered
in the callback that completes it, and one write sends the answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import httptools

LARGEST_BODY = 6 * 1024 * 1024
"""As much as the framework container takes."""

LARGEST_DISCARDED = 64 * 1024 * 1024
"""A larger body is read and dropped, since a caller cut off while it sends never sees the answer; beyond this it is."""

LARGEST_HEAD = 64 * 1024

LOOK_OUT_S = 50e-6
"""Waking a sleeping process takes about as long on a virtual machine as a prediction does."""

Headers = dict[bytes, bytes]
Answer = Callable[[str, bytes, Headers, bytes], tuple[int, bytes]]
"""Method, path, headers (names in lower case) and body of a request → status and body: JSON, or a Page."""


class Page(bytes):
    """A body that is no JSON."""

    media = b"text/plain; version=0.0.4; charset=utf-8"
    """What it is: figures for Prometheus."""


HEADS = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
    "content-length: ".encode("ascii")
    for status in HTTPStatus
}
"""How an answer of each status begins, up to its length."""

CLOSE = b"connection: close\r\n"


class Pool:
    """The connections that are open."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()
        self.drained = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._look_until = 0.0
        self.looking = False
        """Whether the process is awake for the next request."""

    def look_out(self) -> None:
        """Looks for the next request without sleeping for a moment: one that follows at once waits for no wake-up."""
        self._look_until = time.monotonic() + LOOK_OUT_S
        if not self.looking:
            self.looking = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        self.looking = time.monotonic() < self._look_until
        if self.looking:
            self._loop.call_soon(self._look)

    def close_unused(self, before: float) -> None:
        """Closes connections that were last used before a moment."""
        for connection in [one for one in self.connections if one.last_used < before]:
            connection.close()

    def end(self) -> None:
        """Closes each connection as soon as what it has begun is answered; `drained` is set after the last."""
        self.drained.clear()
        for connection in tuple(self.connections):
            connection.end()
        if not self.connections:
            self.drained.set()

    def remove(self, connection: Connection) -> None:
        """Forgets a closed connection."""
        self.connections.discard(connection)
        if not self.connections:
            self.drained.set()


class Connection(asyncio.Protocol):
    """Parses what arrives and answers each request in order."""

    def __init__(self, answer: Answer, pool: Pool) -> None:
        self._answer = answer
        self._pool = pool
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._ending = self._refused = False
        self._discarded = 0
        self.last_used = time.monotonic()
        self._reset()

    def end(self) -> None:
        """Closes now when idle, else after the answer to the request that has begun."""
        self._ending = True
        if self._refused or not self._begun:
            self.close()

    def close(self) -> None:
        """Closes once what was written is sent."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)
        self._pool.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """Called by the event loop."""
        self._pool.remove(self)
        self._transport = None

    def pause_writing(self) -> None:
        """A caller that does not read its answers gets no more of them."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Goes on where `pause_writing` stopped."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        self.last_used = time.monotonic()
        if self._refused:
            self._discarded += len(data)
            if self._discarded > LARGEST_DISCARDED:
                self.close()
            return
        if not self._headers_done:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.close()  # it was answered; another protocol is not spoken here
        except httptools.HttpParserError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"not HTTP: {error}")
        if not self._headers_done and self._head_size > LARGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"headers larger than {LARGEST_HEAD} bytes")

    def _reset(self) -> None:
        self._url = b""
        self._headers: Headers = {}
        self._pieces: list[bytes] = []
        self._size = self._head_size = 0
        self._headers_done = self._begun = False

    def on_message_begin(self) -> None:
        """Called by the parser, as all that follow."""
        self._begun = True

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """Tells a caller that waits for it to send the body."""
        self._headers_done = True
        if self._headers.get(b"expect", b"").lower() == b"100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A piece of the body; kept up to the limit, dropped beyond it, cut off far beyond it."""
        self._size += len(body)
        if self._size <= LARGEST_BODY:
            self._pieces.append(body)
        elif self._size > LARGEST_DISCARDED:
            self._refuse(*too_large())

    def on_message_complete(self) -> None:
        """Answers the request."""
        if self._transport is None or self._transport.is_closing() or self._refused:
            return
        if self._size > LARGEST_BODY:
            status, message = too_large()
            code, body = int(status), error_body(message)
        else:
            content = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            method = self._parser.get_method().decode("ascii")
            code, body = self._answer(method, self._url.partition(b"?")[0], self._headers, content)
        keep = self._parser.should_keep_alive() and not self._ending
        self._write(code, body, ending=b"" if keep else CLOSE)
        if keep:
            self._pool.look_out()
        else:
            self.close()
        self._reset()

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        """Ends this side of the connection; the other is read on, or the caller would lose the answer as it sends."""
        if self._transport is not None and not self._transport.is_closing() and not self._refused:
            self._refused = True
            self._write(int(status), error_body(message), ending=CLOSE)
            self._transport.write_eof()

    def _write(self, status: int, body: bytes, *, ending: bytes) -> None:
        if self._transport is not None:
            head = HEADS[status]
            if type(body) is Page:
                head = head.replace(b"application/json", body.media)
            self._transport.write(b"%b%d\r\n%b\r\n%b" % (head, len(body), ending, body))


def too_large() -> tuple[HTTPStatus, str]:
    """The refusal of a body over the limit."""
    message = f"the body is larger than {LARGEST_BODY} bytes; send fewer instances at once"
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message


def error_body(message: str) -> bytes:
    """An error as the server's callers get it."""
    return json.dumps({"error": message}, ensure_ascii=False).encode("utf-8", "replace")
