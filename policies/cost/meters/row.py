"""One row of what is charged for a type: which price, and how many of its units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.resources import Node

Count = Callable[[Node, Any], float]
"""How many for a resource and one item of `each`; the resource's properties where there is no `each`."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One thing that a resource is charged for."""

    what: str
    price: str | Callable[[Node, Any], str]
    """Key of the price, or what gives it."""
    count: float | Count = 1
    """How many; hours come from the price's unit."""
    uses: str = ""
    """Metric of the usage file that the count is multiplied by; empty for what is charged by its mere existence."""
    by_kind: bool = False
    """Whether the file gives amounts by kind, such as hours of each type of instance; the kind ends the price's key."""
    each: Callable[[Node], list[Any]] | None = None
    """Items that are charged one by one; the resource itself without it."""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """What a type is charged for."""

    service: str
    charges: tuple[Charge, ...]

    @property
    def metrics(self) -> tuple[str, ...]:
        """What a usage file can say of such a resource."""
        return tuple(dict.fromkeys(charge.uses for charge in self.charges if charge.uses))

    @property
    def by_kind(self) -> frozenset[str]:
        """Metrics whose amounts are given by kind."""
        return frozenset(charge.uses for charge in self.charges if charge.by_kind)


def meter(service: str, *charges: Charge) -> Meter:
    """A row."""
    return Meter(service=service, charges=charges)


def items(path: str) -> Callable[[Node], list[Any]]:
    """The items of a list of the resource."""
    return lambda node: node.rows(path)


def number(path: str, default: float = 1) -> Count:
    """A number of the resource."""
    return lambda node, _: float(node.read(path, default))


def length(path: str) -> Count:
    """How many items a list of the resource has."""
    return lambda node, _: float(len(node.rows(path)))


def by(prefix: str, path: str) -> Callable[[Node, Any], str]:
    """A price's key with a property of the resource behind it."""
    return lambda node, _: f"{prefix}.{node.read(path)}"


def by_item(prefix: str, key: str) -> Callable[[Node, Any], str]:
    """A price's key with a property of the item behind it."""

    def found(_: Node, item: Mapping[str, Any]) -> str:
        return f"{prefix}.{item.get(key)}"

    return found
