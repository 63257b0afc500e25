"""Whether an event matches a rule's pattern, also where it has lists of objects, which moto does not look into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Protocol


class Pattern(Protocol):
    """A pattern as moto keeps it."""

    def get_pattern(self) -> dict[str, Any]:
        """The parsed pattern."""

    def matches_event(self, event: Any) -> bool:
        """Whether an event without lists of objects matches."""


def matches(pattern: Pattern, event: Mapping[str, Any]) -> bool:
    """Whether an event matches: of a list of objects it is enough that one of them has all that is asked for."""
    return any(pattern.matches_event(version) for version in versions(event, pattern.get_pattern()))


def versions(event: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The event with one object in the place of each list that the pattern looks into, for every choice of objects."""
    inner = _nested(wanted)
    names = [name for name in inner if isinstance(event.get(name), list | Mapping)]
    choices = []
    for name in names:
        value = event[name]
        objects = [value] if isinstance(value, Mapping) else [row for row in value if isinstance(row, Mapping)]
        choices.append([version for row in objects for version in versions(row, inner[name])])
    for chosen in product(*choices):
        yield {**event, **dict(zip(names, chosen, strict=True))}


def _nested(wanted: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What a pattern asks of objects, by name; alternatives are taken together, moto tells them apart."""
    found: dict[str, Mapping[str, Any]] = {}
    parts = [wanted, *(part for part in wanted.get("$or", ()) if isinstance(part, Mapping))]
    for part in parts:
        for name, value in part.items():
            if isinstance(value, Mapping):
                found[name] = {**found.get(name, {}), **value}
    return found
