"""A database's snapshots go to another region: each run looks at what is there, and does what is next.

A run waits for nothing: snapshots and copies take minutes, and the next run is five minutes away. A second run at the
same time finds nothing left to do, or a name that is taken.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

WHOLE = "available"
UNDER_WAY = ("copying", "creating")
FAILED = "failed"
_MARK = "-at"
_FORM = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class Snapshot:
    """One snapshot of the database, or a copy of one."""

    name: str
    arn: str
    status: str
    taken: float
    """When it was asked for, in seconds since the epoch; what was written before is in it."""


class Here(Protocol):
    """Snapshots of the cluster, in its own region."""

    def found(self) -> Sequence[Snapshot]:
        """Those that this function made."""

    def take(self, name: str) -> None:
        """Begins another one."""

    def delete(self, name: str) -> None:
        """Forgets one."""


class There(Protocol):
    """Copies in the other region."""

    def found(self) -> Sequence[Snapshot]:
        """Those that this function made."""

    def copy(self, snapshot: Snapshot) -> None:
        """Begins to copy a snapshot, under the same name."""

    def delete(self, name: str) -> None:
        """Forgets one."""


@dataclass(frozen=True)
class Snapshots:
    """The function's work, with what it works on."""

    here: Here
    there: There
    prefix: str
    every_s: int
    kept: int
    clock: Callable[[], float] = time.time

    def run(self, _event: Mapping[str, Any]) -> dict[str, Any]:
        """Copies what is whole, takes what is due, forgets what is old, and measures how old the newest copy is.

        One copy at a time is under way: AWS takes five a region for the whole account, and each is as large as the
        database.
        """
        here, there = list(self.here.found()), list(self.there.found())
        done = self._failed_again(here, there)
        here, there = ([row for row in rows if row.status != FAILED] for rows in (here, there))
        whole = _newest(row for row in here if row.status == WHOLE)
        if whole and not any(row.name == whole.name or row.status in UNDER_WAY for row in there):
            self.there.copy(whole)
            done.append(f"copying {whole.name}")
        last = _newest(here)
        if not any(row.status in UNDER_WAY for row in here) and (
            last is None or self.clock() - last.taken >= self.every_s
        ):
            name = name_of(self.prefix, self.clock())
            self.here.take(name)
            done.append(f"taking {name}")
        done += self._forget(here, there)
        copy = _newest(row for row in there if row.status == WHOLE)
        answer: dict[str, Any] = {"outcome": "; ".join(done) or "nothing to do", "version": copy.name if copy else ""}
        if copy:
            answer["measured"] = {"DatabaseCopyAge": max(0.0, self.clock() - copy.taken)}
        return answer

    def _failed_again(self, here: Iterable[Snapshot], there: Iterable[Snapshot]) -> list[str]:
        """What failed is removed, and so tried again: a copy by this run, a snapshot by this one or the next."""
        done = []
        for place, rows in ((self.here, here), (self.there, there)):
            for row in rows:
                if row.status == FAILED:
                    place.delete(row.name)
                    done.append(f"removed {row.name}, which had failed")
        return done

    def _forget(self, here: Sequence[Snapshot], there: Sequence[Snapshot]) -> list[str]:
        """Here the newest is enough; what is being copied must stay, or its copy fails."""
        needed = {row.name for row in there if row.status in UNDER_WAY}
        ready = _ordered(row for row in here if row.status == WHOLE and row.name not in needed)
        copies = _ordered(row for row in there if row.status == WHOLE)
        old = [(self.here, row) for row in ready[1:]] + [(self.there, row) for row in copies[self.kept :]]
        for place, row in old:
            place.delete(row.name)
        return [f"forgot {row.name}" for _, row in old]


def name_of(prefix: str, moment: float) -> str:
    """A snapshot's name says when it was asked for: a copy would only tell when it was copied."""
    return f"{prefix}{_MARK}{time.strftime(_FORM, time.gmtime(moment))}"


def moment_of(name: str, prefix: str) -> float | None:
    """When a snapshot of that name was asked for; None for names of others."""
    begin, mark, text = name.rpartition(_MARK)
    if begin != prefix or not mark or len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        parsed = time.strptime(text, _FORM)
    except ValueError:
        return None
    return float(calendar.timegm(parsed))


def _ordered(rows: Iterable[Snapshot]) -> list[Snapshot]:
    """The newest first."""
    return sorted(rows, key=lambda row: row.taken, reverse=True)


def _newest(rows: Iterable[Snapshot]) -> Snapshot | None:
    return next(iter(_ordered(rows)), None)
