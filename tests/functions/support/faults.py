"""A TCP proxy before Redis that can break in the ways that Redis and networks do."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

ERRORS = {
    "auth lost": b"-NOAUTH Authentication required.\r\n",
    "failover": b"-READONLY You can't write against a read only replica.\r\n",
    "full": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
}
FAULTS = ("refused", "hung", "slow", "reset", "half answer", "wrong answer", *ERRORS)
"""Nine faults; failover and full refuse writes only."""


class FaultyProxy:
    """Passes bytes on until it is told to break."""

    def __init__(self, target: int, slow_s: float = 0.3) -> None:
        self._target, self._slow_s, self._fault = target, slow_s, ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._closing = False
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._shut(self._listener)
        self._drop()
        for thread in self._threads:
            thread.join()

    def break_by(self, fault: str) -> None:
        self._fault = fault
        if fault == "refused":
            self._shut(self._listener)
            self._drop()

    def mend(self) -> None:
        if self._fault == "refused":
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._start(self._accept)
        self._fault = ""

    def _start(self, run: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def _shut(self, sock: socket.socket) -> None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            sock.close()

    def _drop(self) -> None:
        for sock in self._open:
            self._shut(sock)
        self._open.clear()

    def _accept(self) -> None:
        listener = self._listener
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self._fault == "reset":
                self._reset(client)
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.create_connection(("127.0.0.1", self._target))
            self._open += [client, server]
            self._start(partial(self._serve, client, server))

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            try:
                while not self._closing and self._pass(client, server):
                    pass
            except (OSError, ValueError):
                return

    def _pass(self, client: socket.socket, server: socket.socket) -> bool:
        """One command; False when the connection is at its end."""
        if not select.select([client], [], [], 0.05)[0]:
            return True
        command = client.recv(65536)
        fault = self._fault
        if fault == "reset":
            self._reset(client)
        while fault == "hung" and self._fault == "hung" and not self._closing:
            time.sleep(0.005)
        if not command or fault in ("reset", "hung"):
            return False
        client.sendall(self._reply(fault, command, server))
        return True

    def _reply(self, fault: str, command: bytes, server: socket.socket) -> bytes:
        if fault in ERRORS and (fault == "auth lost" or b"SET" in command):
            return ERRORS[fault]
        if fault == "wrong answer":
            return b"HTTP/1.1 400 Bad Request\r\n\r\n"
        server.sendall(command)
        reply = server.recv(65536)
        if fault == "slow":
            time.sleep(self._slow_s)
        return reply[: len(reply) // 2] if fault == "half answer" else reply

    def _reset(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


class Answering:
    """A server that gives every command of one connection the same answer."""

    def __init__(self, answer: bytes, tls: ssl.SSLContext | None = None) -> None:
        self._answer, self._tls = answer, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        accepted, _ = self._listener.accept()
        # A caller that trusts nobody or leaves in the middle ends the connection, and with it the server.
        with suppress(OSError), self._secured(accepted) as client:
            while client.recv(65536):
                client.sendall(self._answer)

    def _secured(self, accepted: socket.socket) -> socket.socket:
        if self._tls is None:
            return accepted
        with accepted:
            return self._tls.wrap_socket(accepted, server_side=True)
