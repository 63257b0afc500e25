"""Connections to the local endpoint stay open, whatever their requests hold, and end with it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest

from sandbox.cloud import Cloud, serving

ASKED = list[tuple[str, bytes]]


@pytest.fixture
def asked() -> ASKED:
    return []


@pytest.fixture
def cloud(asked: ASKED) -> Iterator[Cloud]:
    made = Cloud()

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        asked.append((path, b"" if path == "/unread" else environ["wsgi.input"].read()))
        if path == "/broken":
            raise KeyError("nothing here")
        if path == "/lost":
            raise ConnectionResetError("the region is lost")
        status = "204 No Content" if path == "/none" else "200 OK"
        start_response(status, [("Content-Length", "5"), ("X-Path", path)])
        return [b""] if path == "/none" else [b"he", b"llo"]

    made.wrap(lambda _inner: answer)
    made.start(0)
    yield made
    made.stop()


@pytest.fixture
def kept(cloud: Cloud) -> Iterator[HTTPConnection]:
    connection = HTTPConnection("127.0.0.1", cloud.port, timeout=5)
    yield connection
    connection.close()


def ask(connection: HTTPConnection, path: str, body: bytes | None = None, method: str = "POST") -> HTTPResponse:
    connection.request(method, path, body)
    return connection.getresponse()


def said(cloud: Cloud, content: bytes) -> bytes:
    """All that comes back until the other side ends the connection."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(content)
        return connection.makefile("rb").read()


def test_a_connection_answers_one_request_after_the_other(kept: HTTPConnection, asked: ASKED) -> None:
    paths = ["/one", "/unread", "/none", "/two"]
    way = None
    for path in paths:
        answer = ask(kept, path, b'{"a": 1}')
        assert answer.getheader("X-Path") == path
        assert answer.headers.get_all("Content-Length") == ["5"]
        assert answer.read() == (b"" if path == "/none" else b"hello")
        way = way or kept.sock
        assert kept.sock is way
    assert asked == [(path, b"" if path == "/unread" else b'{"a": 1}') for path in paths]


def test_an_answer_to_head_tells_a_length_and_has_no_body(kept: HTTPConnection) -> None:
    answer = ask(kept, "/one", method="HEAD")
    assert (answer.getheader("Content-Length"), answer.read()) == ("5", b"")
    assert ask(kept, "/two").read() == b"hello"


def test_two_requests_in_one_piece_are_two(cloud: Cloud, asked: ASKED) -> None:
    one = b"POST /one HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
    told = said(cloud, one + one.replace(b"/one", b"/two").replace(b"Host: x", b"Connection: close"))
    assert told.count(b"200 OK") == 2
    assert asked == [("/one", b"ab"), ("/two", b"ab")]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"GET /one HTTP/1.0\r\n\r\n", b"200"),
        (b"POST /one HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"200"),
        (b"POST /unread HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", b"200"),
        (b"POST /one HTTP/1.1\r\nContent-Length: two\r\n\r\nab", b"400"),
        (b"POST /one HTTP/1.1\r\nContent-Length: -2\r\n\r\nab", b"400"),
    ],
)
def test_a_request_whose_end_is_not_certain_is_the_last(
    cloud: Cloud, asked: ASKED, content: bytes, status: bytes
) -> None:
    told = said(cloud, content)
    assert told.split(b" ", 2)[1] == status
    assert b"Connection: close" in told
    assert asked == (
        [] if status == b"400" else [(content.split()[1].decode(), b"ab" if b"POST /one" in content else b"")]
    )


def test_half_a_request_reaches_nobody(cloud: Cloud, asked: ASKED) -> None:
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(b"POST /one HTTP/1.1\r\nContent-Length: 9\r\n\r\nab")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert asked == []


def test_a_caller_that_waits_with_its_body_is_told_to_send_it(cloud: Cloud, asked: ASKED) -> None:
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(b"PUT /one HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        answer = connection.makefile("rb")
        assert answer.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert answer.readline() == b"\r\n"
        connection.sendall(b"ab")
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        answer.close()
    assert asked == [("/one", b"ab")]


def test_a_failure_is_500_and_logged_and_the_next_request_is_answered(
    kept: HTTPConnection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = ask(kept, "/broken", b"x")
    assert (answer.status, answer.read()) == (500, b"the local cloud failed; its log tells how")
    assert "POST /broken failed" in caplog.text
    assert "nothing here" in caplog.text
    assert ask(kept, "/two").read() == b"hello"


def test_a_lost_region_answers_nothing(cloud: Cloud) -> None:
    assert said(cloud, b"POST /lost HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def test_connections_above_the_limit_are_closed_after_their_answer(
    cloud: Cloud, kept: HTTPConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "KEPT", 1)
    ask(kept, "/one").read()
    other = HTTPConnection("127.0.0.1", cloud.port, timeout=5)
    answer = ask(other, "/two")
    assert (answer.getheader("Connection"), answer.read()) == ("close", b"hello")
    other.close()


def test_connections_end_with_the_cloud(cloud: Cloud, kept: HTTPConnection) -> None:
    ask(kept, "/one").read()
    cloud.stop()
    assert kept.sock is not None
    assert kept.sock.recv(1) == b""
