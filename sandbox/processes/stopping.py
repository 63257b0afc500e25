"""A stop that is not lost: Python drops an exception of a signal that arrives inside a destructor or a callback."""

from __future__ import annotations

import signal
import threading

AGAIN_S = 3.0
"""After so long without the tear-down having begun, the stop is raised again."""


class Stop:
    """Turns SIGINT, SIGTERM and SIGHUP into KeyboardInterrupt in the main thread, until the tear-down begins."""

    def __init__(self, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self.asked = threading.Event()
        """A stop was asked for."""
        self._begun = False

    def install(self) -> None:
        """Takes the signals; to be called in the main thread."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
            signal.signal(number, self._stop)

    def begin(self) -> None:
        """The tear-down begins: it is bounded, and must not be cut short by another signal."""
        self._begun = True
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _stop(self, *_: object) -> None:
        if self._begun:
            return
        self.asked.set()
        signal.setitimer(signal.ITIMER_REAL, self._again_s)
        raise KeyboardInterrupt
