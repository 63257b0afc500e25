"""The HTTP server of the local endpoint: a thread for each connection, which stays open between requests.

werkzeug's own closes a connection after each request, since it cannot tell where a body ends that nobody read; with a
new thread for each as well, that was half of what a small call cost. Here a body is read before anybody asks for it.

Imported when a cloud starts, since moto takes a while to import.
"""

from __future__ import annotations

import io
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from sandbox.cloud.services import Application

KEPT = 128
"""Connections that stay open; where there are more, one is closed after its answer."""
FAILED = ("500 Internal Server Error", [("Content-Type", "text/plain")])

logger = logging.getLogger(__name__)

Head = tuple[str, list[tuple[str, str]]]
"""Status line and headers of an answer."""


class Handler(MotoRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer goes out in one piece
    server: Server

    def handle(self) -> None:
        """Answers until one of the sides ends the connection."""
        with self.server.connected(self.connection):
            super().handle()

    def handle_expect_100(self) -> bool:
        """Tells a caller that waits with its body to send it."""
        going_on = bool(super().handle_expect_100())
        self.wfile.flush()
        return going_on

    def run_wsgi(self) -> None:
        """Answers one request."""
        environ = self.make_environ()
        if not self._read(environ):
            return
        head, body = self._ask(environ)
        self._send(head, body)

    def log(self, _level: str, message: str, *args: object) -> None:
        """Keeps request lines off the progress display."""
        logger.debug(message, *args)

    def _read(self, environ: dict[str, Any]) -> bool:
        """Takes the body off the connection; false where it is no whole request."""
        if "wsgi.input_terminated" in environ:
            # It comes in chunks, of which whoever answers may leave some.
            self.close_connection = True
            return True
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal():
            self.send_error(400, "Content-Length is not a number")
            return False
        body = self.rfile.read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)
        return len(body) == int(length)

    def _ask(self, environ: dict[str, Any]) -> tuple[Head, bytes]:
        """The services' answer."""
        head, parts = list[Head](), list[bytes]()

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Callable[..., None]:
            head[:] = [(status, headers)]
            return parts.append

        try:
            answer: Iterable[bytes] = self.server.app(environ, start_response)
            parts += answer
            if (close := getattr(answer, "close", None)) is not None:
                close()
            return head[0], b"".join(parts)
        except (ConnectionError, TimeoutError):
            # The region is lost, or the caller has gone.
            raise
        except Exception:
            logger.exception("%s %s failed", self.command, environ["PATH_INFO"])
            return FAILED, b"the local cloud failed; its log tells how"

    def _send(self, head: Head, body: bytes) -> None:
        status, headers = head
        code, _, message = status.partition(" ")
        bodiless = self.command == "HEAD" or code in {"204", "304"}
        self.send_response(int(code), message)
        for name, value in headers:
            if bodiless or name.lower() != "content-length":
                self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection or self.server.crowded:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(body)


class Server(ThreadedWSGIServer):
    """Serves an application on a listening socket, which it takes over."""

    def __init__(self, listener: socket.socket, application: Application) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        host, port = listener.getsockname()
        super().__init__(host, port, application, Handler, fd=listener.fileno())

    @property
    def crowded(self) -> bool:
        """Whether more connections are open than are kept."""
        return len(self._open) > KEPT

    @contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        """Remembers a connection while it is open."""
        with self._guard:
            self._open.add(connection)
        try:
            yield
        finally:
            with self._guard:
                self._open.discard(connection)

    def server_close(self) -> None:
        """Ends all connections too."""
        super().server_close()
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
