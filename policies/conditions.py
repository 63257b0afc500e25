"""Checks that many rules share: a property is set, has one of some values, is at least a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.resources import Node, read
from policies.rule import Check


def same(found: Any, allowed: Any) -> bool:
    """True for equal values; the provider gives some booleans as text."""
    return str(found).lower() == str(allowed).lower()


def must_be(path: str, *allowed: Any, default: Any = None) -> Check:
    """The property has one of the values; `default` is what AWS takes where it is missing."""

    def check(node: Node) -> Iterable[str]:
        found = node.read(path, default)
        if not any(same(found, value) for value in allowed):
            yield f"{path} is {found!r}; allowed: {', '.join(map(repr, allowed))}"

    return check


def is_on(node_or_row: Any, path: str) -> bool:
    """True where the switch at a path is on; off where it is missing."""
    return same(read(node_or_row, path, default=False), allowed=True)


def must_be_on(path: str, *, default: bool = False) -> Check:
    """The switch is on; `default` is what AWS takes where it is missing."""

    def check(node: Node) -> Iterable[str]:
        if not same(node.read(path, default), allowed=True):
            yield f"{path} is {node.read(path, default)!r}; allowed: True"

    return check


def must_be_off(path: str) -> Check:
    """The switch is off, or missing."""

    def check(node: Node) -> Iterable[str]:
        if is_on(node.props, path):
            yield f"{path} is {node.read(path)!r}; allowed: False"

    return check


def must_be_set(*paths: str) -> Check:
    """Each property has a value that is not empty."""

    def check(node: Node) -> Iterable[str]:
        for path in paths:
            if not node.read(path):
                yield f"{path} is not set"

    return check


def at_least(path: str, least: float, *, default: float = 0) -> Check:
    """The property is a number that is not below `least`."""

    def check(node: Node) -> Iterable[str]:
        found = node.read(path, default)
        if float(found) < least:
            yield f"{path} is {found}; allowed: {least} or more"

    return check


def all_of(*checks: Check) -> Check:
    """Every check, one after the other."""

    def check(node: Node) -> Iterable[str]:
        for one in checks:
            yield from one(node)

    return check


def needs_companion(token: str, prop: str, noun: str, then: Check | None = None) -> Check:
    """Another resource of a type names this one; `then` judges that other resource."""

    def check(node: Node) -> Iterable[str]:
        found = node.companions(token, prop)
        if not found:
            yield f"no {noun} ({token}) names it in {prop}"
        elif then is not None:
            for companion in found:
                for problem in then(companion):
                    yield f"{noun} {companion.name!r}: {problem}"

    return check
