"""Which setting changes which input: many settings are changed in each of a few evaluations.

Each setting is changed in `CHANGED` of the runs, and no two settings in the same ones. An input that differs from the
base in exactly the runs of one setting is changed by that setting: what several settings change together differs in
more runs, and what needs several at once in fewer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations
from math import comb
from typing import Any

from components.settings.reference import Setting
from tests.components.recorder import Recording
from tests.stacks.alternatives import ALONE, WITH, base_of, changeable, config, name
from tests.stacks.platform import run, shared

Leaves = Mapping[str, str]
"""Place of a value in the inputs of a stack → the value."""


@cache
def base(stack: str) -> Leaves:
    """The inputs of a base as it is."""
    return leaves(run(stack, shared(), config=config(stack)))


@cache
def shows() -> Mapping[str, str]:
    """Name of a setting → an input that it changes."""
    return {setting: place for stack in stacks() for setting, place in _shown(stack).items()}


def stacks() -> list[str]:
    """The stacks that settings are changed in."""
    return sorted({base_of(setting) for setting in changeable()})


def mixes(stack: str) -> list[list[Setting]]:
    """What is changed in each run of a stack."""
    codes = _codes(stack)
    known = {name(setting): setting for setting in changeable()}
    runs = 1 + max((number for code in codes.values() for number in code), default=-1)
    return [[known[setting] for setting, code in codes.items() if number in code] for number in range(runs)]


def alone(setting: Setting) -> str:
    """An input that one setting changes by itself; empty where there is none."""
    stack = base_of(setting)
    before = _beside(stack, name(setting)) if name(setting) in WITH else base(stack)
    after = leaves(run(stack, shared(), config=config(stack, [setting], name(setting))))
    return next(iter(differences(before, after)), "")


def _beside(stack: str, setting: str) -> Leaves:
    return leaves(run(stack, shared(), config=config(stack, beside=setting)))


def leaves(recording: Recording) -> dict[str, str]:
    """Every value of every input and export, documents taken apart."""
    rows = [(resource.urn.rpartition("$")[2], resource.inputs) for resource in recording.resources]
    return {
        f"{owner} {place}": value
        for owner, content in [*rows, ("exports", recording.exports)]
        for key, inner in content.items()
        for place, value in _apart(key, inner)
    }


def differences(before: Leaves, after: Leaves) -> list[str]:
    """The places whose values differ, those that are in one only included."""
    return sorted(place for place in before.keys() | after.keys() if before.get(place) != after.get(place))


def _shown(stack: str) -> dict[str, str]:
    differing: dict[str, set[int]] = {}
    for number, chosen in enumerate(mixes(stack)):
        for place in differences(base(stack), leaves(run(stack, shared(), config=config(stack, chosen)))):
            differing.setdefault(place, set()).add(number)
    places = {tuple(sorted(numbers)): place for place, numbers in sorted(differing.items(), reverse=True)}
    return {setting: places[code] for setting, code in _codes(stack).items() if code in places}


def _codes(stack: str) -> dict[str, tuple[int, ...]]:
    """Name of a setting → the runs in which it is changed."""
    mine = [name(one) for one in changeable() if base_of(one) == stack and name(one) not in ALONE]
    runs, changed = _size(len(mine))
    return dict(zip(mine, combinations(range(runs), changed), strict=False))


def _size(settings: int) -> tuple[int, int]:
    """How many runs tell so many settings apart, and in how many of them each is changed."""
    return next((runs, runs // 2) for runs in range(2, 40) if comb(runs, runs // 2) >= settings)


def _apart(place: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            value = json.loads(value)
        except ValueError:
            yield place, value
            return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _apart(f"{place}.{key}", inner)
    elif isinstance(value, list):
        yield f"{place}.length", str(len(value))
        for at, inner in enumerate(value):
            yield from _apart(f"{place}.{at}", inner)
    else:
        yield place, str(value)
