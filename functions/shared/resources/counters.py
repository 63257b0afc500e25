"""Keys of the counters table, for whoever counts and whoever shows it."""

from __future__ import annotations

from typing import Final

DAY_S: Final = 86_400


def of_day(noun: str, caller: str, at_s: float) -> str:
    """The counter of a caller's use of something on a day (UTC); `at_s` is in seconds since the epoch."""
    return f"{noun}#{caller}#{int(at_s) // DAY_S}"
