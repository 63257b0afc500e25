"""The progress display of a start: one line a step, and what each step took."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TextIO


class Progress:
    """Prints steps as they begin and end; the times stay in `timings`."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._began = time.monotonic()
        self.timings: dict[str, float] = {}
        """Seconds by step, in order."""

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Shows a step while it runs, and how long it took; a step that fails says so."""
        began = time.monotonic()
        self._out.write(f"  {name} ".ljust(44, "."))
        self._out.flush()
        try:
            yield
        except BaseException:
            self._out.write(" failed\n")
            self._out.flush()
            raise
        self.timings[name] = round(time.monotonic() - began, 2)
        self._out.write(f"{self.timings[name]:7.1f} s\n")
        self._out.flush()

    def total(self) -> float:
        """Seconds since the display was made."""
        return round(time.monotonic() - self._began, 2)

    def say(self, text: str) -> None:
        """Prints a line."""
        self._out.write(f"{text}\n")
        self._out.flush()
