"""The cache before a real Redis: nine faults cost a bounded delay and never an error."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from functions.shared.cache.breaker import Cache, Limits
from functions.shared.cache.resp import Connection, ConnectionLostError, Dialer, RefusedError
from tests.functions.support.faults import FAULTS, Answering, FaultyProxy
from tests.functions.support.redis import Server, real_redis

GENEROUS = Limits(call_s=2, answer_s=2, slow_s=1, probe_s=2, pause_s=0.01, longest_pause_s=0.05, full_s=0.2)
"""For tests of what happens, not of how long it takes."""
PATIENT = Limits(call_s=2, answer_s=2, slow_s=0.1, pause_s=3600)
"""An answer of the slow proxy is late, and still in time."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with real_redis() as running:
        yield running


def dialer(port: int, password: bytes = b"") -> Dialer:
    return Dialer("127.0.0.1", port, password=lambda: password, tls=False)


@contextmanager
def cache_at(port: int, limits: Limits = GENEROUS, password: Callable[[], bytes] = bytes) -> Iterator[Cache]:
    cache = Cache(Dialer("127.0.0.1", port, password=password, tls=False), limits)
    try:
        yield cache
    finally:
        cache.close()


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def test_a_value_is_kept_and_found(server: Server) -> None:
    with cache_at(server.port) as cache:
        assert cache.put("greeting", b"good\r\n$9\r\nday", 60)
        assert cache.get("greeting") == b"good\r\n$9\r\nday"
        assert cache.get("nothing") is None


def test_a_value_of_half_a_megabyte_comes_back_whole(server: Server) -> None:
    value = bytes(range(256)) * 2048
    with cache_at(server.port) as cache:
        assert cache.put("large", value, 60)
        assert cache.get("large") == value


def test_a_value_ends_with_its_time_and_a_missing_one_only_is_put(server: Server) -> None:
    with cache_at(server.port) as cache:
        assert cache.put("once", b"first", 1, if_missing=True)
        assert not cache.put("once", b"second", 1, if_missing=True)
        assert cache.get("once") == b"first"
        assert until(lambda: cache.get("once") is None)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_never_an_error_and_the_cache_comes_back(fault: str, server: Server) -> None:
    with FaultyProxy(server.port) as proxy, cache_at(proxy.port, Limits()) as cache:
        assert until(lambda: cache.put("k", b"v", 60) and cache.get("k") == b"v")
        proxy.break_by(fault)
        reads_work = fault in ("failover", "full")
        for _ in range(30):
            assert cache.get("k") in ((b"v", None) if reads_work else (None,))
            assert not cache.put("new", b"v", 60)
        proxy.mend()
        assert until(lambda: cache.get("k") == b"v")
        assert until(lambda: cache.put("new", b"v", 60))


@pytest.mark.parametrize("fault", ["hung", "half answer", "slow"])
def test_a_silent_redis_holds_up_one_call_only(fault: str, server: Server) -> None:
    with FaultyProxy(server.port) as proxy:
        dial = CountingDial(dialer(proxy.port))
        cache = Cache(dial, Limits(pause_s=3600))
        assert until(lambda: cache.put("k", b"v", 60))
        proxy.break_by(fault)
        for _ in range(20):
            cache.get("k")
        assert not cache.available
        assert dial.dialled == 1
        cache.close()


class CountingDial:
    """Counts the connections that are opened."""

    def __init__(self, inner: Dialer) -> None:
        self.inner, self.dialled = inner, 0

    def prepare(self) -> None:
        self.inner.prepare()

    def __call__(self, timeout_s: float) -> Connection:
        self.dialled += 1
        return self.inner(timeout_s)


def test_a_connection_that_was_closed_while_idle_is_replaced_without_a_miss(server: Server) -> None:
    with cache_at(server.port) as cache, cache_at(server.port) as other:
        assert cache.put("k", b"v", 60)
        assert other._call(b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes") is not None
        assert cache.get("k") == b"v"


def test_two_late_answers_in_a_row_put_the_cache_aside_and_only_the_first_is_waited_for(server: Server) -> None:
    with FaultyProxy(server.port) as proxy, cache_at(proxy.port, PATIENT) as cache:
        assert cache.put("k", b"v", 60)
        proxy.break_by("slow")
        assert cache.get("k") == b"v"
        assert cache.available
        assert cache.get("k") is None
        assert (cache.available, cache.trouble) == (False, "slow")


def test_a_late_answer_alone_changes_nothing(server: Server) -> None:
    with FaultyProxy(server.port) as proxy, cache_at(proxy.port, PATIENT) as cache:
        assert cache.put("k", b"v", 60)
        for _ in range(2):
            proxy.break_by("slow")
            assert cache.get("k") == b"v"
            proxy.mend()
            assert cache.get("k") == b"v"
        assert cache.available


def test_a_process_that_looks_late_does_not_blame_redis(server: Server) -> None:
    connection = Connection(Busy(fileno=socket.create_connection(("127.0.0.1", server.port)).detach()))
    assert connection.call(b"PING", timeout_s=2, soon_s=0.02) == b"PONG"
    assert not connection.late
    connection.close()


class Busy(socket.socket):
    """A socket whose process gets no processor between asking and looking."""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """What came while the process stood still."""
        time.sleep(0.05)
        return super().recv(size, flags)


def test_a_full_redis_is_read_but_not_written_for_a_while() -> None:
    with real_redis("--maxmemory", "1", "--maxmemory-policy", "noeviction") as full, cache_at(full.port) as cache:
        assert not cache.put("k", b"v", 60)
        assert cache.available
        assert cache.get("k") is None


def test_a_rotated_password_is_asked_for_again() -> None:
    passwords = [b"old", b"new", b"new"]
    with (
        real_redis("--requirepass", "new") as guarded,
        cache_at(guarded.port, password=lambda: passwords.pop(0)) as cache,
    ):
        assert cache.get("k") is None
        assert not cache.available
        assert until(lambda: cache.put("k", b"v", 60))
        assert len(passwords) == 1


def test_a_killed_redis_is_found_again_on_the_same_port() -> None:
    with real_redis() as first:
        port = first.port
        with cache_at(port) as cache:
            assert cache.put("k", b"v", 60)
            first.process.kill()
            first.process.wait()
            assert cache.get("k") is None
            with real_redis(port=port):
                assert until(lambda: cache.put("k", b"v", 60))


def test_a_password_that_cannot_be_had_means_no_cache() -> None:
    def lost() -> bytes:
        raise ConnectionLostError("secret")

    with cache_at(1, password=lost) as cache:
        assert cache.get("k") is None
        assert cache.trouble == "secret"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"$-2\r\n", ConnectionLostError),
        (b"$99999999\r\n", ConnectionLostError),
        (b"$x\r\n", ConnectionLostError),
        (b"$1\r\nabc\r\n", ConnectionLostError),
        (b"$1\r\na\r\n+OK\r\n", ConnectionLostError),
        (b"x" * 5000, ConnectionLostError),
        (b"*1\r\n$1\r\na\r\n", ConnectionLostError),
        (b"-BUSY script\r\n", RefusedError),
    ],
)
def test_an_answer_that_is_not_redis_is_refused(answer: bytes, error: type[Exception]) -> None:
    with Answering(answer) as port:
        connection = dialer(port)(2)
        with pytest.raises(error):
            connection.call(b"GET", b"k", timeout_s=2)
        connection.close()
