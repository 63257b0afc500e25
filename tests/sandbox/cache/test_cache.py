"""A declared cache is a real Redis that wants its token, speaks TLS and can be lost and found again."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from sandbox.cache import Caches
from sandbox.cloud import Cloud
from sandbox.processes import inherited

TOKEN = 'a token with # " \\ and ünicode'


@pytest.fixture
def caches(tmp_path: Path) -> Iterator[Caches]:
    made = Caches(Cloud(), tmp_path / "cache")
    yield made
    made.close()


def connect(caches: Caches, port: int, **options: Any) -> redis.Redis:
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "password": TOKEN,
        "ssl": True,
        "ssl_ca_certs": str(caches.ca_file),
        "ssl_check_hostname": True,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "retry": None,
        "protocol": 2,
    }
    return redis.Redis(**{**settings, **options})


def test_values_pass_through_tls_in_both_directions(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port) as client:
        large = os.urandom(3_000_000)
        client.set("key", large)
        assert client.get("key") == large
        assert client.get("nothing") is None


def test_many_connections_do_not_mix_their_answers(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    clients = [connect(caches, port) for _ in range(20)]
    for number, client in enumerate(clients):
        client.set(f"k{number}", number)
    expected = [str(number).encode() for number in range(20)]
    assert [client.get(f"k{number}") for number, client in enumerate(clients)] == expected
    for client in clients:
        client.close()


def test_wrong_token_is_refused(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port, password="other") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_missing_token_is_refused(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port, password=None) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_unknown_authority_is_refused_by_the_client(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port, ssl_ca_certs=None) as client, pytest.raises(redis.ConnectionError, match="certificate"):
        client.ping()


def test_plain_text_is_not_answered_when_encryption_is_declared(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port, ssl=False) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def test_without_encryption_plain_text_is_answered(caches: Caches) -> None:
    _, port = caches.create(tls=False)
    with connect(caches, port, ssl=False, password=None) as client:
        assert client.ping()


def test_token_without_encryption_is_an_error(caches: Caches) -> None:
    with pytest.raises(ValueError, match="auth token without transit encryption"):
        caches.create(TOKEN, tls=False)


def test_second_cache_of_the_same_name_is_an_error(caches: Caches) -> None:
    caches.create(TOKEN)
    with pytest.raises(ValueError, match="exists already"):
        caches.create(TOKEN)


def test_memory_limit_holds(caches: Caches) -> None:
    _, port = caches.create(TOKEN, memory_mb=8, policy="noeviction")
    with connect(caches, port) as client:
        client.set("small", b"x")
        with pytest.raises(redis.ResponseError, match="maxmemory"):
            client.set("large", b"x" * 9_000_000)


def test_killed_cache_refuses_and_returns_empty_on_the_same_port(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port) as client:
        client.set("key", "value")
        caches.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("key")
        caches.restart()
        assert client.get("key") is None


def test_paused_cache_hangs_until_it_is_resumed(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    with connect(caches, port, socket_timeout=1) as client:
        client.set("key", "value")
        caches.pause()
        with pytest.raises(redis.TimeoutError):
            client.get("key")
        caches.resume()
        assert client.get("key") == b"value"


def test_certificates_hold_to_the_strict_rules_and_the_key_is_private(caches: Caches) -> None:
    context = ssl.create_default_context(cafile=str(caches.ca_file))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    _, port = caches.create(TOKEN)
    with connect(caches, port) as client:
        client.ping()
    with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname="127.0.0.1"):
        pass
    assert stat.S_IMODE((caches.ca_file.parent / "server.key").stat().st_mode) == 0o600


def test_child_process_trusts_the_authority_by_its_environment(caches: Caches) -> None:
    _, port = caches.create(TOKEN)
    code = f"""
import socket, ssl
with socket.create_connection(("127.0.0.1", {port})) as raw:
    ssl.create_default_context().wrap_socket(raw, server_hostname="localhost").close()
"""
    subprocess.run([sys.executable, "-c", code], env=inherited() | caches.environment(), check=True, timeout=10)


def test_nothing_is_left_when_the_sandbox_is_killed(tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import pathlib, time
        from sandbox.cache import Caches
        from sandbox.cloud import Cloud
        caches = Caches(Cloud(), pathlib.Path({str(tmp_path)!r}))
        caches.create("token")
        print(*[process.pid for process in caches._processes.running], flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    until = time.monotonic() + 5
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < until, pids
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not waited for does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()[:1] not in {"", "Z"}
