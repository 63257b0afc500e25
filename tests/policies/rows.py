"""Rows of the rule tests: resources written short, and what is good and bad for a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a text that it does not know yet."""


@dataclass(frozen=True)
class Row:
    """A declared resource, as the ledger has it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    protect: bool = False
    region: str = ""


def urn_of(token: str, name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::mlplatform::{token}::{name}"


def row(token: str, name: str = "it", /, *needs: Row, protect: bool = False, **inputs: Any) -> Row:
    """A resource with an id and an ARN of its own, that needs others."""
    return Row(
        urn=urn_of(token, name),
        type=token,
        name=name,
        inputs=inputs,
        outputs={"id": f"{name}-id", "arn": f"arn:aws:x:eu-west-1:123456789012:{name}"},
        dependencies=tuple(other.urn for other in needs),
        protect=protect,
    )


def but(resources: Sequence[Row], name: str, /, **changes: Any) -> list[Row]:
    """The same resources with some inputs of one changed; None takes an input away."""
    if name not in {resource.name for resource in resources}:
        raise LookupError(f"no resource is called {name!r}")
    return [
        replace(resource, inputs={k: v for k, v in {**resource.inputs, **changes}.items() if v is not None})
        if resource.name == name
        else resource
        for resource in resources
    ]


def without(resources: Sequence[Row], name: str) -> list[Row]:
    """The same resources but one."""
    return [resource for resource in resources if resource.name != name]


@dataclass(frozen=True)
class Case:
    """What is good and what is bad for one rule."""

    rule: str
    good: Mapping[str, Sequence[Row]]
    bad: Mapping[str, Sequence[Row]]
    says: str = ""
    """A piece of the message of every bad case."""
