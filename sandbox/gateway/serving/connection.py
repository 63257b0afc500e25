"""HTTP/1.1 with one caller: requests taken apart as they come, answered in their order, each in one write."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, Protocol, cast

import httptools

from sandbox.gateway.context.exchange import Header
from sandbox.gateway.serving.writing import CONTINUE, MALFORMED, Reply, written

MAX_BODY = 10 * 1024 * 1024
"""Bytes that API Gateway takes of a body."""
MAX_LINES = 1 << 16
"""Bytes of a request's first line and headers at which they are not even looked at any more."""
MAX_DISCARD = 64 * 1024 * 1024
QUIET_S = 0.5
"""How much of a body that is too large is still read, and after which silence no more, so that its sender sees the
answer."""
MAX_WAITING = 16
"""Requests that may wait behind the one that is being answered; a caller that sends more is read no further."""

LOG = logging.getLogger(__name__)


class Turn(Protocol):
    """One request from its head to its answer."""

    refusal: Reply | None
    """The answer where the head is enough to refuse it."""

    async def answer(self, body: bytes) -> Reply:
        """The answer to the whole request."""

    def refuse(self, kind: str, status: int) -> Reply:
        """The answer to a request that is given up."""


class Application(Protocol):
    """What answers; `sandbox.gateway.chain.App` implements it."""

    body_s: float
    """How long a caller may take from the first byte of a request to its last."""

    def turn(self, verb: str, target: bytes, headers: list[Header], source: str, version: str) -> Turn:
        """A request whose head is there. ValueError for an address that is none."""


class Connection(asyncio.Protocol):
    """One connection. Everything runs on the event loop."""

    def __init__(self, application: Application, every: set[Connection], loop: asyncio.AbstractEventLoop) -> None:
        self._application, self._every, self._loop = application, every, loop
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._source = ""
        self._waiting: deque[tuple[Turn | None, bytes, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begun = False
        """A request has begun to arrive and has not ended."""
        self._deaf = False
        """What comes now is thrown away: the last answer is on its way."""
        self._discarded = 0
        self._turn: Turn | None = None
        self._room: asyncio.Future[None] | None = None
        """Waited for while the caller does not read its answers."""
        self.heard = True
        """Something came since the server looked last."""
        self.gone: asyncio.Future[None] = loop.create_future()
        """Done when the connection is closed."""

    @property
    def idle(self) -> bool:
        """Nothing is being answered or arriving."""
        return self._task is None and not self._begun

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        # A cast: the transports of uvloop are no subclasses.
        self._transport = cast("asyncio.Transport", transport)
        self._source = str((transport.get_extra_info("peername") or ("127.0.0.1",))[0])
        self._every.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        """Nothing can be answered any more; what runs goes on for its own sake."""
        self._every.discard(self)
        self.gone.set_result(None)
        self._waiting.clear()
        self._deaf = True
        self._end_wait()
        self.resume_writing()

    def pause_writing(self) -> None:
        """The caller reads more slowly than it asks."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """There is room for more answers."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Takes what arrived."""
        self.heard = True
        if self._deaf:
            self._discard(len(data))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # Nothing is spoken here but HTTP; the request was answered as any other, and is the last.
            self._deaf = True
        except httptools.HttpParserError as error:
            if not isinstance(error, httptools.HttpParserCallbackError) or isinstance(error.__context__, ValueError):
                self._queue(None, b"", last=True)
            else:
                LOG.exception("a request could not be begun")
                self.abort()
        if self._begun and self._timer is None and not self._deaf:
            self._timer = self._loop.call_later(self._application.body_s, self._late)

    def finish(self) -> None:
        """Closes after what is being answered."""
        self._deaf = True
        if self._task is None:
            self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._begun = True
        self._target, self._lines = b"", 0
        self._headers: list[Header] = []
        self._parts: list[bytes] = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._target += url
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._headers.append((name.lower(), value))
        self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """The head is there: what it tells may be enough to refuse the request."""
        if self._deaf:
            return
        verb = self._parser.get_method().decode("latin-1")
        version = f"HTTP/{self._parser.get_http_version()}"
        self._turn = self._application.turn(verb, self._target, self._headers, self._source, version)
        if self._turn.refusal is not None:
            self._queue(self._turn, b"", last=True)
        elif self._task is None and (b"expect", b"100-continue") in self._headers:
            self._transport.write(CONTINUE)

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        if self._deaf or self._turn is None:
            return
        self._parts.append(part)
        self._size += len(part)
        if self._size > MAX_BODY:
            self._give_up("REQUEST_TOO_LARGE", 413)

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._begun = False
        self._end_wait()
        if self._deaf:
            return
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._queue(self._turn, body, last=not self._parser.should_keep_alive())

    def _count(self, size: int) -> None:
        self._lines += size
        if self._lines > MAX_LINES:
            raise ValueError("the head is too long")

    def _give_up(self, kind: str, status: int) -> None:
        if self._turn is not None:
            self._turn.refusal = self._turn.refuse(kind, status)
            self._queue(self._turn, b"", last=True)

    def _late(self) -> None:
        """The caller took too long: over its body it is told so; without a head there is nobody to tell."""
        self._timer = None
        if self._turn is None:
            self.finish()
        else:
            self._give_up("DEFAULT_4XX", 408)

    def _queue(self, turn: Turn | None, body: bytes, *, last: bool) -> None:
        """Answers a request when all earlier ones are; None stands for bytes that are no request."""
        self._turn = None
        self._deaf = self._deaf or last
        self._waiting.append((turn, body, last))
        if self._task is None:
            self._task = self._loop.create_task(self._answer())
        elif len(self._waiting) > MAX_WAITING:
            self._transport.pause_reading()

    async def _answer(self) -> None:
        """Answers what waits."""
        try:
            while self._waiting:
                turn, body, last = self._waiting.popleft()
                if turn is None:
                    self._write(MALFORMED)
                else:
                    self._write(written(turn.refusal or await turn.answer(body), last=last))
                if last:
                    self._leave()
                elif len(self._waiting) == MAX_WAITING and not self._transport.is_closing():
                    self._transport.resume_reading()
                if self._room is not None:
                    await self._room
        except Exception:
            # An answer that cannot be given must not leave its caller waiting.
            LOG.exception("a request could not be answered")
            self._transport.abort()
        finally:
            self._task = None
        if self._deaf and self._timer is None and not self._transport.is_closing():
            self._transport.close()

    def _write(self, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(content)

    def _leave(self) -> None:
        """Waits for the rest of a request that is not read: an answer is lost with a connection closed before."""
        self._end_wait()
        if self._begun and not self._transport.is_closing():
            self._timer = self._loop.call_later(QUIET_S, self._transport.close)

    def _discard(self, size: int) -> None:
        """Throws away what nobody reads, for as long as it comes."""
        self._discarded += size
        if self._discarded > MAX_DISCARD:
            self._transport.close()
        elif self._timer is not None:
            self._end_wait()
            self._timer = self._loop.call_later(QUIET_S, self._transport.close)

    def _end_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
