"""The sandbox's side: a Unix socket in its directory that only its owner may use, one JSON line a command."""

from __future__ import annotations

import contextlib
import inspect
import json
import logging
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.control.client import SOCKET

LONGEST_LINE = 64 * 1024
LONGEST_PATH = 100
"""Characters that the path of a Unix socket may have on every system that this runs on (104 on macOS, 108 on Linux)."""

Command = Callable[..., Any]
"""Takes the arguments by name, gives plain data; a ValueError, LookupError or RuntimeError is told to the caller."""

logger = logging.getLogger(__name__)


class ControlServer:
    """Listens until it is closed; commands may be added at any time.

    Args:
        directory: where the socket is put.
        commands: what may be called, by name.
    """

    def __init__(self, directory: Path, commands: Mapping[str, Command]) -> None:
        self.commands: dict[str, Command] = dict(commands)
        self.path = directory.resolve() / SOCKET
        self._spare: Path | None = None
        self.path.unlink(missing_ok=True)
        place = self._place()
        self._server = _Server(str(place), _Handler, bind_and_activate=False)
        self._server.answer = self.answer
        self._server.server_bind()
        # Nobody can connect before it listens, so there is no moment in which others might.
        place.chmod(0o600)
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops listening and removes the socket."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
        self.path.unlink(missing_ok=True)
        if self._spare is not None:
            shutil.rmtree(self._spare, ignore_errors=True)

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request."""
        try:
            request = json.loads(line)
            name, arguments = request["command"], request.get("arguments") or {}
        except (ValueError, KeyError, TypeError, AttributeError):
            return _refused('a request is one line: {"command": NAME, "arguments": {NAME: VALUE}}')
        command = self.commands.get(name) if isinstance(name, str) else None
        if command is None:
            return _refused(f"unknown command {name!r}; there are: {', '.join(sorted(self.commands))}")
        try:
            inspect.signature(command).bind(**arguments)
        except TypeError as error:
            wanted = ", ".join(inspect.signature(command).parameters) or "none"
            return _refused(f"command {name!r}: {error}; its arguments: {wanted}")
        try:
            return {"ok": True, "result": command(**arguments)}
        except (ValueError, LookupError, RuntimeError, OSError) as error:
            # A KeyError shows its text in quotes.
            return _refused(str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error))

    def _place(self) -> Path:
        """Where the socket itself lies: a checkout may be deeper than the path of a socket can tell."""
        if len(str(self.path)) <= LONGEST_PATH:
            return self.path
        self._spare = Path(tempfile.mkdtemp(prefix="sandbox-"))
        self.path.symlink_to(self._spare / SOCKET)
        return self._spare / SOCKET


def _refused(text: str) -> dict[str, Any]:
    return {"ok": False, "error": text}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    answer: Callable[[bytes], dict[str, Any]]


class _Handler(socketserver.StreamRequestHandler):
    timeout = 60
    server: _Server

    def handle(self) -> None:
        """One command a line, until the caller hangs up."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            while line := self.rfile.readline(LONGEST_LINE):
                try:
                    answer = self.server.answer(line)
                except Exception as error:
                    # The caller learns that it failed, and the log why; other commands go on.
                    logger.exception("control command failed: %s", line[:200])
                    answer = _refused(f"{type(error).__name__}: {error}; see the sandbox's log")
                self.wfile.write(json.dumps(answer).encode() + b"\n")
