"""A tear-down that goes on to its next step whatever becomes of one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


def bounded(name: str, end: Callable[[], object], limit_s: float) -> None:
    """Runs one step in a thread of its own, so that a part that hangs cannot stop the others."""

    def work() -> None:
        try:
            end()
        except Exception:  # noqa: BLE001  # the other parts must end all the same
            _log.exception("ending %s failed", name)

    thread = threading.Thread(target=work, name=f"end {name}", daemon=True)
    thread.start()
    thread.join(limit_s)
    if thread.is_alive():
        _log.error("%s did not end within %.1f s", name, limit_s)
