"""From a statement of a role to the calls that it is there for: one access an action and resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.documents import Statement
from sandbox.rights import Access
from tests.components.answers import ACCOUNT

VARIABLE = re.compile(r"\$\{[^}]*\}")
EQUALS = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool", "StringEqualsIgnoreCase")
"""Operators that a value of the statement itself satisfies."""


def accesses(role: str, statement: Statement) -> Iterator[Access]:
    """The accesses that a statement of a role allows, with the facts that its condition asks for."""
    context = {"aws:securetransport": ("true",), **facts(statement)}
    for action in statement.actions:
        for resource in statement.resources:
            name = VARIABLE.sub("x", resource)
            name = name if name == "*" else name.replace("*", "x")
            yield Access(f"arn:aws:iam::{ACCOUNT}:role/{role}", action, (name,), context)


def facts(statement: Statement) -> Mapping[str, tuple[str, ...]]:
    """Facts under which the condition holds; a variable of the statement stands for `x`.

    Raises:
        ValueError: for an operator that no fact is known for.
    """
    found = {name.lower(): ("x",) for name in _variables(statement)}
    for operator, keys in statement.condition.items():
        plain = operator.removeprefix("ForAllValues:").removeprefix("ForAnyValue:").removesuffix("IfExists")
        for key, values in keys.items():
            if plain == "Null":
                found |= {} if values == ("true",) else {key: ("x",)}
            elif plain in EQUALS:
                found[key] = (VARIABLE.sub("x", values[0]).replace("*", "x"),)
            else:
                raise ValueError(f"{statement.label}: no fact is known that satisfies {operator} of {key}; add one")
    return found


def _variables(statement: Statement) -> Iterator[str]:
    texts = [*statement.resources, *(v for keys in statement.condition.values() for vs in keys.values() for v in vs)]
    for text in texts:
        yield from (found[2:-1].split(",")[0].strip() for found in VARIABLE.findall(text))
