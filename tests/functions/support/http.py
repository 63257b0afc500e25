"""An HTTP server on this machine that answers as it is told and keeps what it is asked."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self


@dataclass
class Told:
    """One answer; without a status the connection is dropped, and `wait_s` makes it late."""

    status: int | None = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    wait_s: float = 0
    drop_after: bool = False
    """Closes the connection after the answer, without saying so."""


class Closing(Protocol):
    """What holds a connection."""

    def close(self) -> None:
        """Ends it."""


class Server:
    """Answers in the order that they were given; the last one again and again."""

    def __init__(self, *told: Told) -> None:
        self.told, self.asked = list(told), []
        self.connections = 0
        self.callers: list[Closing] = []
        """Closed with the server."""
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    asked: list[tuple[str, dict[str, str], bytes]]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for caller in self.callers:
            caller.close()
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                server.connections += 1
                super().setup()

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                told = server.told.pop(0) if len(server.told) > 1 else server.told[0]
                server._ended.wait(told.wait_s)
                if told.status is None:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                content = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
                self.send_response(told.status)
                for name, value in {**told.headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = told.drop_after

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        # http.server finds methods by these names.
        methods = ("DELETE", "GET", "PATCH", "POST", "PUT")
        return type("Answers", (Handler,), {f"do_{method}": Handler.answer for method in methods})
