"""What was lost: the client's own list of acknowledged writes, compared with what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Write:
    """A write that the platform said it had taken."""

    channel: str
    id: str
    value: str
    at: float
    """When the answer arrived, in seconds since the epoch."""


@dataclass(frozen=True)
class Lost:
    """An acknowledged write that is not there any more, or not as it was written."""

    write: Write
    how: Literal["missing", "damaged"]


Read = Callable[[Write], str | None]
"""The value that is there for a write, None when there is none."""


def compare(writes: Iterable[Write], read: Read) -> list[Lost]:
    """Every acknowledged write that cannot be read back as it was written, oldest first."""
    lost: list[Lost] = []
    for write in sorted(writes, key=lambda write: write.at):
        found = read(write)
        if found is None:
            lost.append(Lost(write, "missing"))
        elif found != write.value:
            lost.append(Lost(write, "damaged"))
    return lost


def recovery_point_s(lost: Iterable[Lost], failed_at: float) -> float:
    """The time whose writes are lost: from the oldest of them to the failure, or to the newest when it came later."""
    times = [row.write.at for row in lost]
    return max(failed_at, *times) - min(times) if times else 0.0
