"""A policy document, compiled: which of its statements speak about a call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from policies.documents import Statement as Written
from policies.documents import statements
from sandbox.rights.policy.conditions import Null, Test, compiled
from sandbox.rights.policy.patterns import Lookup, Pattern
from sandbox.rights.policy.principals import Who, who

VARIABLES_SINCE: Final = "2012-10-17"
"""In older documents `${…}` is plain text."""

ACTION: Final = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*?]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement; it speaks about a call where action, resource and every condition fit."""

    policy: str
    """Name of the policy that it is part of."""
    label: str
    """Its Sid, or its place in the document: `#0`."""
    allows: bool
    who: Who | None
    _actions: Actions = field(repr=False)
    _resources: Resources = field(repr=False)
    _tests: tuple[Test | Null, ...] = field(repr=False)

    def names(self, action: str) -> bool:
        """Whether it speaks about an action, given in lower case."""
        return self._actions.matches(action)

    def beside(self, action: str) -> str:
        """The actions of the same service that it names beside one, given in lower case; empty where it names that."""
        service = action.partition(":")[0]
        others = [name for name in self._actions.written if name.lower().partition(":")[0] == service]
        return "" if self.names(action) else ", ".join(others)

    def fits(self, resource: str, lookup: Lookup) -> bool:
        """Whether it speaks about a resource in a call with these facts."""
        return self._resources.matches(resource, lookup) and all(test.holds(lookup) for test in self._tests)

    def unmet(self, resource: str, lookup: Lookup) -> list[str]:
        """What keeps it from speaking about a call of an action that it names."""
        if not self._resources.matches(resource, lookup):
            return [f"is about {'all but ' if self._resources.inverted else ''}{', '.join(self._resources.written)}"]
        return [
            f"wants {test.operator} {test.key} {' or '.join(test.said)}; the call has {_shown(lookup(test.key))}"
            for test in self._tests
            if not test.holds(lookup)
        ]

    def __str__(self) -> str:
        """How reports name it."""
        return f"{self.policy} {self.label}"


@dataclass(frozen=True, eq=False)
class Policy:
    """A document with a name; made once, asked for every call."""

    name: str
    """How messages and reports name it."""
    statements: tuple[Statement, ...]
    _about: dict[str, tuple[Statement, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, name: str, document: str | Mapping[str, Any]) -> Policy:
        """Reads a document, which is JSON text or already an object.

        Raises:
            ValueError: where IAM would call the document malformed; the text names policy, statement and what is wrong.
        """
        try:
            read = json.loads(document) if isinstance(document, str) else document
            written = list(statements(read))
            variables = str(read.get("Version", "")) >= VARIABLES_SINCE
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"policy {name!r} is no policy document: {error!r}; it needs a Statement") from None
        found = []
        for index, row in enumerate(written):
            label = row.sid or f"#{index}"
            try:
                found.append(_compiled(name, label, row, variables=variables))
            except ValueError as error:
                raise ValueError(f"policy {name!r}, statement {label}: {error}") from None
        return cls(name, tuple(found))

    def about(self, action: str, resource: str, lookup: Lookup) -> Iterator[Statement]:
        """The statements that speak about an action, given in lower case, on a resource; whoever calls."""
        for row in self.naming(action):
            if row.fits(resource, lookup):
                yield row

    def naming(self, action: str) -> tuple[Statement, ...]:
        """The statements that name an action, given in lower case."""
        named = self._about.get(action)
        if named is None:
            named = self._about[action] = tuple(row for row in self.statements if row.names(action))
        return named


def _compiled(policy: str, label: str, row: Written, *, variables: bool) -> Statement:
    if bool(row.actions) == bool(row.not_actions):
        raise ValueError("it needs an Action or a NotAction, and not both")
    if row.resources and row.not_resources:
        raise ValueError("it has a Resource and a NotResource; keep one of them")
    if not (row.resources or row.not_resources or row.principals or row.not_principals):
        raise ValueError("it needs a Resource or a NotResource; only a role's trust has none")
    if row.principals and row.not_principals:
        raise ValueError("it has a Principal and a NotPrincipal; keep one of them")
    for action in (*row.actions, *row.not_actions):
        if not ACTION.fullmatch(action):
            raise ValueError(f"action {action!r} is not readable; write service:Operation, wildcards in the operation")
    return Statement(
        policy,
        label,
        row.allows,
        who(row.principals, row.not_principals),
        Actions(row.actions or row.not_actions, inverted=not row.actions),
        Resources(row.resources or row.not_resources, inverted=bool(row.not_resources), variables=variables),
        tuple(compiled(row.condition, variables=variables)),
    )


class Actions:
    """The actions of a statement, or all but those that it names. Letters' case does not count."""

    __slots__ = ("_inverted", "_named", "_patterns", "written")

    def __init__(self, actions: tuple[str, ...], *, inverted: bool = False) -> None:
        self._inverted = inverted
        self.written = actions
        patterns = [Pattern(action.lower(), "wild", variables=False) for action in actions]
        self._named = frozenset(pattern.fixed for pattern in patterns if pattern.fixed is not None)
        self._patterns = tuple(pattern for pattern in patterns if pattern.fixed is None)

    def matches(self, action: str) -> bool:
        """Whether an action, given in lower case, is among them."""
        found = action in self._named or any(pattern.matches(action, _nothing) for pattern in self._patterns)
        return found != self._inverted


class Resources:
    """The resources of a statement, or all but those that it names; every one where it names none."""

    __slots__ = ("_every", "_named", "_patterns", "inverted", "written")

    def __init__(self, resources: tuple[str, ...], *, inverted: bool = False, variables: bool = True) -> None:
        self.inverted = inverted
        self.written = resources
        # Trust policies have no resource: they speak about the role that has them.
        self._every = not resources or (not inverted and "*" in resources)
        patterns = [_resource(name, variables) for name in resources]
        self._named = frozenset(pattern.fixed for pattern in patterns if pattern.fixed is not None)
        self._patterns = tuple(pattern for pattern in patterns if pattern.fixed is None)

    def matches(self, resource: str, lookup: Lookup) -> bool:
        """Whether a resource is among them in a call with these facts."""
        if self._every:
            return True
        # Nobody can say what all but an unknown thing is: the statement counts for nothing then.
        if self.inverted and not all(pattern.known(lookup) for pattern in self._patterns):
            return False
        found = resource in self._named or any(pattern.matches(resource, lookup) for pattern in self._patterns)
        return found != self.inverted


@lru_cache(maxsize=8192)
def _resource(name: str, variables: bool) -> Pattern:
    return Pattern(name, "arn", variables=variables)


def _shown(values: tuple[str, ...]) -> str:
    return " and ".join(value or "an empty one" for value in values) or "none"


def _nothing(_: str) -> tuple[str, ...]:
    return ()
