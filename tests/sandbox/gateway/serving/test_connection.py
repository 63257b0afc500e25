"""HTTP/1.1 by itself: an application that answers with what it was asked, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.gateway import Server
from sandbox.gateway.context import Answer
from sandbox.gateway.context.exchange import Header
from sandbox.gateway.serving.connection import MAX_BODY, MAX_LINES, MAX_WAITING
from sandbox.gateway.serving.writing import Reply
from sandbox.lambdas.loop import LoopThread


class Echo:
    """Answers with verb, target and body; waits first where it is told to."""

    def __init__(self, wait: threading.Event, begun: threading.Event, target: bytes, verb: str) -> None:
        self.refusal: Reply | None = None
        self._wait, self._begun, self._told = wait, begun, verb.encode() + b" " + target
        if target == b"/refused":
            self.refusal = self.refuse("DEFAULT_4XX", 431)

    async def answer(self, body: bytes) -> Reply:
        self._begun.set()
        # What was asked last would be answered first, if answers did not wait for each other.
        await asyncio.sleep(0.02 if self._told.endswith(b"/0") else 0)
        if b"/wait" in self._told:
            await asyncio.to_thread(self._wait.wait, 10)
        if b"/bug" in self._told:
            raise RuntimeError("on purpose")
        return Reply(Answer(200, ((b"content-type", b"text/plain"),), self._told + b" " + body))

    def refuse(self, kind: str, status: int) -> Reply:
        return Reply(Answer(status, (), kind.encode()))


class Echoes:
    """The application."""

    body_s = 0.2

    def __init__(self) -> None:
        self.wait, self.begun = threading.Event(), threading.Event()

    def turn(self, verb: str, target: bytes, headers: list[Header], source: str, version: str) -> Echo:
        if not target.startswith(b"/"):
            raise ValueError("the address is none")
        return Echo(self.wait, self.begun, target, verb)


class Place:
    """The application, served."""

    def __init__(self) -> None:
        self.edge, self.application = LoopThread(), Echoes()
        self.server = Server(self.application, self.edge, 0)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=10)

    def ask(self, content: bytes) -> bytes:
        """All that comes back until the connection is closed."""
        with self.connect() as connection:
            connection.sendall(content)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.server.close()
    made.edge.close()


def read(connection: socket.socket, count: int) -> bytes:
    """So many answers of 200."""
    found = b""
    while found.count(b"HTTP/1.1 200") < count or not found.endswith(b" ."):
        part = connection.recv(65536)
        assert part, found
        found += part
    return found


def test_more_requests_than_may_wait_are_answered_in_their_order(place: Place) -> None:
    count = 5 * MAX_WAITING
    requests = b"".join(b"POST /%d HTTP/1.1\r\nContent-Length: 1\r\n\r\n." % number for number in range(count))
    with place.connect() as connection:
        connection.sendall(requests)
        found = read(connection, count)
    told = [part.split(b" ", 1)[0] for part in found.split(b"\r\n\r\nPOST /")[1:]]
    assert told == [b"%d" % number for number in range(count)]


def test_callers_at_the_same_time_get_their_own_answers(place: Place) -> None:
    def caller(name: int) -> None:
        with place.connect() as connection:
            for number in range(50):
                body = b"%d-%d ." % (name, number)
                head = b"POST /%d/%d HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (name, number, len(body))
                connection.sendall(head + body)
                assert read(connection, 1).endswith(b"\r\n\r\nPOST /%d/%d %d-%d ." % (name, number, name, number))

    with ThreadPoolExecutor(16) as callers:
        for done in [callers.submit(caller, name) for name in range(1, 17)]:
            done.result(30)


def test_a_body_in_pieces_of_a_byte_is_one_body(place: Place) -> None:
    with place.connect() as connection:
        for byte in b"POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\na \r\n1\r\n.\r\n0\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert read(connection, 1).endswith(b"POST /1 a .")


def test_caller_that_asks_first_is_told_to_go_on(place: Place) -> None:
    with place.connect() as connection:
        connection.sendall(b"POST /1 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b".")
        assert read(connection, 1).endswith(b"POST /1 .")


@pytest.mark.parametrize(
    "content",
    [
        b"GET /1 HTTP/1.0\r\n\r\n",
        b"GET /1 HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /1 HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nbytes of another protocol",
    ],
    ids=["HTTP/1.0", "close", "upgrade"],
)
def test_connection_ends_where_no_more_can_come(place: Place, content: bytes) -> None:
    found = place.ask(content)
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")
    assert found.endswith(b"GET /1 ")


def test_head_has_the_length_of_a_body_that_it_does_not_have(place: Place) -> None:
    found = place.ask(b"HEAD /1 HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"content-length: 8\r\n" in found


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET nowhere HTTP/1.1\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\n\r\n", 400),
        (b"GET /1 HTTP/1.1\r\nLong: " + b"x" * MAX_LINES + b"\r\n\r\n", 400),
        (b"GET /refused HTTP/1.1\r\n\r\n", 431),
        (b"GET /refused HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345", 431),
        (b"POST /1 HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345", 408),
        (b"POST /1 HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1) + b"x" * (MAX_BODY + 1), 413),
    ],
    ids=["no address", "star", "long head", "refused", "refused with a body", "never ends", "large"],
)
def test_what_is_refused_is_answered_and_the_connection_closed(place: Place, content: bytes, status: int) -> None:
    found = place.ask(content)
    assert found.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close\r\n" in found


def test_head_that_never_ends_is_not_waited_for(place: Place) -> None:
    assert place.ask(b"GET /1 HTTP/1.1\r\nHos") == b""


def test_a_bug_of_the_application_ends_the_connection_and_no_other(place: Place) -> None:
    with place.connect() as connection:
        connection.sendall(b"GET /bug HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    assert place.ask(b"GET /1 HTTP/1.0\r\n\r\n").endswith(b"GET /1 ")


def test_what_is_being_answered_is_answered_when_the_server_closes(place: Place) -> None:
    with place.connect() as connection, ThreadPoolExecutor(1) as pool:
        connection.sendall(b"POST /wait HTTP/1.1\r\nContent-Length: 1\r\n\r\n.")
        assert place.application.begun.wait(10)
        closed = pool.submit(place.server.close)
        place.application.wait.set()
        assert read(connection, 1).endswith(b"POST /wait .")
        assert connection.recv(10) == b""
        closed.result(10)
    with pytest.raises(ConnectionRefusedError):
        place.connect()
