"""Serves each declared distribution on a port of its own."""

from __future__ import annotations

import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sandbox.cloud import HOST
from sandbox.edge.declared import DISTRIBUTION, Behavior, Declared
from sandbox.edge.origins import Answer, Api, Clients, Request, ask
from sandbox.edge.pages import Pages
from sandbox.ledger import Ledger

NOTES = (
    "the site answers without TLS, cache, firewall and compression: one process stands for all edges of CloudFront",
    "the distribution's function runs in a JavaScript engine of version 5.1; CloudFront's own knows more",
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods with which CloudFront asks a second origin."""
ASKED = "X-Sandbox-Origin"
"""Header of each answer: which origin it came from."""


class Edge:
    """One distribution, which answers until it is closed."""

    def __init__(self, declared: Declared, clients: Clients, api: Api) -> None:
        self.declared = declared
        self._clients, self._api = clients, api
        self._pages = {row.pattern: Pages(row.code) for row in declared.behaviors if row.code}
        self._server = _Server((HOST, 0), _handler())
        self._server.edge = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name=f"edge {declared.id}", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stops listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()

    def answer(self, request: Request) -> Answer:
        """What a visitor gets."""
        behavior = self.declared.behavior(request.path)
        if request.method not in behavior.methods:
            allowed = ", ".join(sorted(behavior.methods))
            told = f"{request.method} is not allowed at {request.path}; allowed: {allowed}"
            return Answer(403, {"Content-Type": "text/plain"}, told.encode())
        try:
            asked = self._rewritten(request, behavior)
        except RuntimeError as error:
            return Answer(503, {"Content-Type": "text/plain"}, str(error).encode())
        found = self._first(asked, behavior)
        return Answer(found.status, {**found.headers, **behavior.headers}, found.body)

    def _rewritten(self, request: Request, behavior: Behavior) -> Request:
        path = request.path
        if behavior.pattern in self._pages:
            path = self._pages[behavior.pattern].path(request.method, path)
        if path == "/" and self.declared.root:
            path = f"/{self.declared.root}"
        return Request(request.method, path, request.query, request.headers, request.body)

    def _first(self, request: Request, behavior: Behavior) -> Answer:
        """The first origin's answer, or the next one's where the first has none."""
        origins = behavior.origins if request.method in SAFE else behavior.origins[:1]
        found = Answer(HTTPStatus.BAD_GATEWAY, {})
        for origin in origins:
            found = ask(origin, request, self._clients, self._api)
            found = Answer(found.status, {**found.headers, ASKED: origin.id}, found.body)
            if found.status not in behavior.failures:
                break
        return found


class Edges:
    """Every distribution of a stack; they answer from `start` to `close`."""

    def __init__(self, ledger: Ledger, clients: Clients, api: Api) -> None:
        self._edges = [Edge(Declared(ledger, row), clients, api) for row in ledger.of_type(DISTRIBUTION)]
        self.notes = NOTES if self._edges else ()
        """Where this differs from AWS, for the report."""

    @property
    def urls(self) -> dict[str, str]:
        """By the names that each answers to on AWS."""
        return {name: edge.url for edge in self._edges for name in edge.declared.names}

    def url(self, address: str) -> str:
        """Where `https://name` answers on this machine; empty when nothing here stands for it."""
        return self.urls.get(address.removeprefix("https://").rstrip("/"), "")

    def start(self) -> None:
        """Begins to answer."""
        for edge in self._edges:
            edge.start()

    def close(self) -> None:
        """Stops all of them."""
        for edge in self._edges:
            edge.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    edge: Edge


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def serve(self) -> None:
        """Answers one request."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = self.server.edge.answer(Request(self.command, path, query, dict(self.headers.items()), body))
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(found.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found.body)
        self.wfile.flush()


def _handler() -> type[_Handler]:
    """The handler as the standard library wants it: a method for each of HTTP's, and one for a log that is not kept."""

    def log(*_: object) -> None:
        """Keeps request lines off the progress display."""

    methods = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    return type("Handler", (_Handler,), {**{f"do_{method}": _Handler.serve for method in methods}, "log_message": log})
