"""Ends process groups whose parent died: reads `+id` and `-id` lines until its standard input closes.

Runs as a script in a process of its own. The sandbox holds the other end of the pipe and so cannot die, not even by
SIGKILL, without this one noticing. Linux' parent-death signal would need code between fork and exec, follows the
thread instead of the process, and leaves grandchildren behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def main() -> None:
    """Keeps the set of living groups and kills what is left of it at the end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin.buffer:
        group = int(line[1:])
        if line[:1] == b"+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
