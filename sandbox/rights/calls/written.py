"""Rights as policies write them: which part of which statement a use falls under."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from policies.documents import statements

_VARIABLE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Right:
    """One action on one resource, both as a statement of a role writes them."""

    policy: str
    statement: str
    """Its Sid, or `#` and its place."""
    action: str
    resource: str


@lru_cache(4096)
def rights(policy: str, document: str) -> tuple[Right, ...]:
    """Everything that a document allows; what a statement names by exception counts as `*`."""
    found = []
    for place, row in enumerate(statements(document)):
        label = row.sid or f"#{place}"
        if row.allows:
            actions, resources = row.actions or ("*",), row.resources or ("*",)
            found += [Right(policy, label, action, resource) for action in actions for resource in resources]
    return tuple(found)


def falls_under(right: Right, action: str, resource: str) -> bool:
    """Whether a use of an action on a resource is one of a right, whatever its conditions are."""
    return matches(right.action.lower(), action.lower()) and matches(right.resource, resource)


def named(found: Iterable[Right], statement: str, action: str, resource: str) -> list[Right]:
    """The rights of one statement that a use falls under."""
    return [right for right in found if right.statement == statement and falls_under(right, action, resource)]


def matches(pattern: str, text: str) -> bool:
    """Whether a text is one that a pattern stands for."""
    return pattern in {"*", text} or _compiled(pattern).fullmatch(text) is not None


@lru_cache(8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Wildcards stand for any text, variables for any value."""
    parts = re.split(r"([*?])", _VARIABLE.sub("*", pattern))
    words = {"*": ".*", "?": "."}
    return re.compile("".join(words.get(part) or re.escape(part) for part in parts), re.DOTALL)
