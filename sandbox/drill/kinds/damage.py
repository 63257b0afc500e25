"""What a bad writer spoils of the client's own writes, and the moment that is gone back to."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from sandbox.drill.losses import Write

GARBAGE: Final = "##damaged##"
"""What stands in place of a value that was overwritten."""
_DAMAGED: Final = 3
_DELETED: Final = 6
"""One in so many of the client's own writes; what others wrote is left alone."""


def last_good() -> int:
    """The second before this one: times of recovery are whole seconds, so what is written in this one is not in it."""
    return int(time.time()) - 1


def choose(writes: Sequence[Write], seed: int) -> tuple[list[Write], list[Write]]:
    """Writes to damage and others to delete, the same ones for the same seed.

    Never none of a kind where there are two writes or more: the drill would show nothing.
    """
    chosen = random.Random(seed)
    damaged = [write for write in writes if chosen.randrange(_DAMAGED) == 0][: len(writes) - 1] or list(writes[:1])
    rest = [write for write in writes if write not in damaged]
    return damaged, [write for write in rest if chosen.randrange(_DELETED) == 0] or rest[-1:]


def told(moment: float) -> str:
    """A moment as the AWS CLI takes it."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def left(memory: Mapping[str, Any], what: str) -> list[str]:
    """What an interrupted drill leaves spoilt of `what`, in words."""
    if "damaged" not in memory:
        return []
    count = len(memory["damaged"]) + len(memory["deleted"])
    return [f"up to {count} {what}, all of the drill's own, are damaged or deleted"]
