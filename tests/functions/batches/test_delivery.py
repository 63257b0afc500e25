"""One POST to a stranger: the address that was checked is the one that is called, and little is read of the answer."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.callbacks.delivery import FailedError, Poster, resolved
from functions.shared.batches.outward import RefusedError
from tests.functions.support.certificates import certificate

UNUSED = ssl.create_default_context()
URL, PUBLIC = "https://app.example.org/hook?a=1", "93.184.215.14"


class Server:
    """A receiver on this machine, which answers with given bytes and keeps what it was sent."""

    def __init__(self, folder: Path, answer: bytes, *, names: tuple[str, ...] = ("app.example.org",)) -> None:
        public, private = certificate(folder, *names)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(public, private)
        self.trust = ssl.create_default_context(cafile=str(public))
        self._answer, self.got = answer, b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with closing(self._listener), suppress(OSError):
            plain, _ = self._listener.accept()
            with self.context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(5)
                while b'"}' not in self.got:
                    part = connection.recv(4096)
                    if not part:
                        return
                    self.got += part
                connection.sendall(self._answer)

    def close(self) -> None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self.thread.join(5)


@contextmanager
def receiver(folder: Path, answer: bytes, **more: tuple[str, ...]) -> Iterator[Server]:
    made = Server(folder, answer, **more)
    try:
        yield made
    finally:
        made.close()


def poster(server: Server, addresses: list[str], called: list[str]) -> Poster:
    """Asks a resolver that a test answers for, and reaches the receiver by whichever address is called."""

    def connect(address: str, timeout_s: float) -> socket.socket:
        called.append(address)
        return socket.create_connection(("127.0.0.1", server.port), timeout_s)

    return Poster(resolve=lambda _: addresses, connect=connect, context=server.trust)


def sent(server: Server, called: list[str]) -> int:
    return poster(server, [PUBLIC], called).post(URL, {"X-Signature": "v1=0"}, b'{"batchId": "b"}')


def test_a_callback_reaches_the_address_that_was_checked_under_its_name(tmp_path: Path) -> None:
    called: list[str] = []
    with receiver(tmp_path, b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        assert sent(server, called) == 204
    head, _, body = server.got.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert called == [PUBLIC]
    assert lines[0] == "POST /hook?a=1 HTTP/1.1"
    assert {"Host: app.example.org", "Content-Length: 16", "Connection: close", "X-Signature: v1=0"} <= set(lines)
    assert body == b'{"batchId": "b"}'


def test_a_redirect_is_an_answer_and_no_direction(tmp_path: Path) -> None:
    called: list[str] = []
    with receiver(tmp_path, b"HTTP/1.1 302 Found\r\nLocation: https://169.254.169.254/\r\n\r\n") as server:
        assert sent(server, called) == 302
    assert called == [PUBLIC]


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 999 Odd\r\n", b"HTTP/1.1 200" + b"x" * 100_000, b"HTTP/2 200\r\n\r\n"]
)
def test_what_is_no_http_is_a_failure_and_is_not_read_to_its_end(tmp_path: Path, answer: bytes) -> None:
    with receiver(tmp_path, answer) as server, pytest.raises(FailedError, match=r"not HTTP|Error"):
        sent(server, [])


def test_a_certificate_for_another_name_is_a_failure(tmp_path: Path) -> None:
    with receiver(tmp_path, b"", names=("other.example.org",)) as server, pytest.raises(FailedError, match="SSLCert"):
        sent(server, [])
    assert server.got == b""


def test_an_answer_in_drops_ends_at_the_time_limit(tmp_path: Path) -> None:
    times = iter([0.0, 3.0])
    with receiver(tmp_path, b"HTTP/1.1 2") as server:
        base = poster(server, [PUBLIC], [])
        slow = Poster(resolve=base.resolve, connect=base.connect, context=base.context, clock=lambda: next(times, 99.0))
        with pytest.raises(FailedError, match=r"in time"):
            slow.post(URL, {}, b'{"a": "b"}')


def nobody(address: str, _timeout_s: float) -> socket.socket:
    raise AssertionError(f"{address} was called")


def refused(addresses: list[str]) -> Poster:
    return Poster(resolve=lambda _: addresses, connect=nobody, context=UNUSED)


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["169.254.169.254"], [PUBLIC, "10.0.0.1"], ["fd00:ec2::254"], ["::ffff:10.0.0.1"], ["no address"]],
)
def test_a_name_that_leads_inside_is_not_called(addresses: list[str]) -> None:
    with pytest.raises(RefusedError, match="public internet"):
        refused(addresses).post(URL, {}, b"{}")


@given(st.lists(st.ip_addresses(), min_size=1, max_size=3))
def test_no_address_that_is_not_global_is_ever_called(
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
) -> None:
    called: list[str] = []

    def connect(address: str, _timeout_s: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    made = Poster(resolve=lambda _: [str(address) for address in addresses], connect=connect, context=UNUSED)
    with pytest.raises((RefusedError, FailedError)):
        made.post(URL, {}, b"{}")
    assert all(ipaddress.ip_address(address).is_global for address in called)
    assert not called or all(address.is_global for address in addresses)


def test_a_name_is_resolved_once_so_that_a_second_answer_leads_nowhere(tmp_path: Path) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    called: list[str] = []
    with receiver(tmp_path, b"HTTP/1.1 200 OK\r\n\r\n") as server:
        base = poster(server, [], called)
        made = Poster(resolve=lambda _: next(answers), connect=base.connect, context=base.context)
        assert made.post(URL, {}, b'{"a": "b"}') == 200
    assert called == [PUBLIC]


def unknown(_host: str) -> list[str]:
    raise socket.gaierror


@pytest.mark.parametrize("resolve", [unknown, lambda _host: []])
def test_a_name_without_an_address_is_tried_again(resolve: Callable[[str], list[str]]) -> None:
    made = Poster(resolve=resolve, connect=nobody, context=UNUSED)
    with pytest.raises(FailedError, match="no address"):
        made.post(URL, {}, b"{}")


def test_the_systems_resolver_gives_each_address_once() -> None:
    assert resolved("127.0.0.1") == ["127.0.0.1"]
