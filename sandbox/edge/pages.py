"""Runs a distribution's own function: the declared JavaScript, on what CloudFront would give it."""

from __future__ import annotations

import threading
from typing import Any


class Pages:
    """One function of the kind `viewer-request`, ready to be called from any thread."""

    def __init__(self, code: str) -> None:
        import dukpy

        self._lock = threading.Lock()
        self._engine: Any = dukpy.JSInterpreter()
        self._engine.evaljs(code)

    def path(self, method: str, path: str) -> str:
        """The path that the function makes of one.

        Raises:
            RuntimeError: the function failed, or answered without a path.
        """
        import dukpy

        event = {"request": {"method": method, "uri": path, "querystring": {}, "headers": {}, "cookies": {}}}
        with self._lock:
            try:
                found = self._engine.evaljs("handler(dukpy['event'])", event=event)
            except dukpy.JSRuntimeError as error:
                raise RuntimeError(f"the function of the distribution failed: {error}") from error
        uri = found.get("uri") if isinstance(found, dict) else None
        if not uri:
            raise RuntimeError(f"the function of the distribution answered {found!r}; a request with uri is wanted")
        return str(uri)
