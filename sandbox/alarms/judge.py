"""When an alarm is in alarm: so many of the last data points breach, and what counts where none is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Treatment = Literal["breaching", "notBreaching", "ignore", "missing"]
TREATMENTS: Final = get_args(Treatment)

BEYOND: Final = 2
"""Data points that are looked at beyond the evaluation periods, so that a late or lost one does not count at once."""


def judge(
    breaches: Mapping[int, bool], *, periods: int, needed: int, treatment: Treatment, before: State
) -> tuple[State, str]:
    """The state after an evaluation, and why.

    Args:
        breaches: whether each data point that there is breaches, 0 being the newest; none is older than
            `periods + BEYOND`.
        periods: how many data points decide.
        needed: how many of them have to breach.
        treatment: what a missing data point counts as.
        before: the state until now.
    """
    known = [breaches[age] for age in sorted(breaches)]
    if len(known) >= periods:
        found = sum(known[:periods])
        return _decided(found >= needed, f"{found} of the last {periods} data points breach")
    breaching, lacking = sum(known), periods - len(known)
    words = f"{breaching} of {len(known)} data points breach, {lacking} of {periods} are missing"
    if treatment == "breaching":
        return _decided(breaching + lacking >= needed, f"{words} and count as breaching")
    if treatment == "notBreaching":
        words = f"{words} and count as not breaching"
    if treatment == "notBreaching" or breaching >= needed:
        return _decided(breaching >= needed, words)
    if treatment == "ignore":
        # What is known is in order, or too much of it for an alarm.
        clear = bool(known) and (breaching == 0 or len(known) - breaching > periods - needed)
        return ("OK", words) if clear else (before, f"{words}; the state stays")
    if not known:
        return "INSUFFICIENT_DATA", words
    # With nothing but breaching and missing data since a breach that is old enough, waiting would tell nothing new.
    oldest = max((age for age, breach in breaches.items() if breach and age < periods), default=-1)
    since = oldest + 1 >= needed and all(breach for age, breach in breaches.items() if age < oldest)
    return _decided(since, words)


def _decided(alarm: bool, words: str) -> tuple[State, str]:
    return ("ALARM" if alarm else "OK"), words
