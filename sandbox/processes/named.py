"""Names by which `top -H` and the benches tell the threads of the sandbox apart."""

from __future__ import annotations

import contextlib
from pathlib import Path

OWN = Path("/proc/thread-self/comm")
LONGEST = 15
"""Bytes that Linux keeps."""


def name_thread(name: str) -> None:
    """Names the thread that calls it; does nothing on a system without such names."""
    with contextlib.suppress(OSError):
        OWN.write_text(name[:LONGEST], encoding="ascii")
