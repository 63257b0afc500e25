"""What was lost: the client's own list of acknowledged writes, compared with what is there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Literal

MARGIN_S = 1.0
"""What a copy may take beside the lag before it counts as late: the copying itself, and a turn of its clock."""


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


def unexpected(
    writes: Iterable[Write], lost: Iterable[Lost], waiting: Collection[str], failed_at: float, lag_s: float | None
) -> list[str]:
    """In words what is lost beside the writes that were waiting to be copied, and what of them is there.

    Args:
        writes: everything acknowledged.
        lost: what of it is not there.
        waiting: ids of what was not copied when the failure came.
        failed_at: when it came.
        lag_s: how old what waits can be; None while copying is paused, when it can be of any age.
    """
    gone = {row.write.id: row.write for row in lost}
    known = {write.id for write in writes if write.at <= failed_at}
    found = [
        f"{identity} is lost, although it was not on its way any more"
        for identity in sorted(gone.keys() - set(waiting))
    ]
    found += [
        f"{identity} was on its way and is in the second region all the same"
        for identity in sorted((known & set(waiting)) - gone.keys())
    ]
    if lag_s is None:
        return found
    return found + [
        f"{write.id} was acknowledged {failed_at - write.at:.1f} s before the failure, longer ago than the lag of "
        f"{lag_s:g} s, and is lost"
        for write in gone.values()
        if write.at < failed_at - lag_s - MARGIN_S
    ]
