"""Tells what a request wrote once it is answered: before that it may be rolled back, and its parts are incomplete."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from sandbox.cloud import Application

Tell = Callable[[], None]


class Acknowledged:
    """Keeps what is told during a request until its answer stands."""

    def __init__(self) -> None:
        self._of = threading.local()

    def offer(self, identity: Hashable, tell: Tell) -> None:
        """Tells now when no request is being answered by this thread, else after it; one identity a request once."""
        kept: dict[Hashable, Tell] | None = getattr(self._of, "kept", None)
        if kept is None:
            tell()
        else:
            kept.setdefault(identity, tell)

    def layer(self, application: Application) -> Application:
        """The layer to put around the services."""

        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if environ.get("REQUEST_METHOD") in {"GET", "HEAD"}:
                return application(environ, start_response)
            status = ""

            def started(line: str, *rest: Any) -> Any:
                nonlocal status
                status = line
                return start_response(line, *rest)

            kept: dict[Hashable, Tell] = {}
            self._of.kept = kept
            try:
                result = application(environ, started)
            finally:
                self._of.kept = None
            target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
            # Of all writes only a transaction is taken back when its request fails.
            if not (target.endswith(".TransactWriteItems") and not status.startswith("2")):
                for tell in kept.values():
                    tell()
            return result

        return answer
