"""Alarms that are made of others: what all of it means to a user, in one message instead of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from components.values import Alarm, CompositeName, Severity

MOST_CHILDREN: Final = 100
"""Alarms that CloudWatch lets one rule ask about."""
LONGEST_RULE: Final = 10_240
"""Characters of a rule."""


@dataclass(frozen=True, kw_only=True)
class Composite:
    """One row: it is in alarm when any or all of its members are. Members name it in `part_of`."""

    name: CompositeName
    together: Literal["all", "any"]
    """Whether one member is enough."""
    description: str
    """What it means for a user, in one sentence."""
    runbook: str
    """File name without ending in docs/runbooks/."""
    severity: Severity = "critical"
    part_of: tuple[CompositeName, ...] = ()
    """Others that are made of this one."""


COMPOSITES: Final[Sequence[Composite]] = (
    Composite(
        name="api-burn-fast",
        together="all",
        description="the API fails so many requests that a month's allowance is gone in two days",
        runbook="api-burn",
        part_of=("api-down",),
    ),
    Composite(
        name="api-burn-slow",
        together="all",
        description="the API fails so many requests that a month's allowance is gone in five days",
        runbook="api-burn",
        severity="warning",
    ),
    Composite(
        name="api-down",
        together="any",
        description="the API is down for users: most requests fail, or failures use up the objective at speed",
        runbook="api-down",
    ),
    Composite(
        name="model-degraded",
        together="any",
        description="the model is degraded: it fails, is slow, or is no longer as right as it was",
        runbook="model-degraded",
    ),
)
"""Every one, a member before what it is part of."""


def rules(rows: Sequence[Alarm], prefix: str) -> Mapping[CompositeName, tuple[str, list[str]]]:
    """Name → the rule over physical names, and the members' names; composites without a member are left out."""
    made: dict[CompositeName, tuple[str, list[str]]] = {}
    for composite in COMPOSITES:
        members = [row.name for row in rows if composite.name in row.part_of]
        members += [other.name for other in COMPOSITES if composite.name in other.part_of and other.name in made]
        if members:
            joint = " AND " if composite.together == "all" else " OR "
            made[composite.name] = joint.join(f'ALARM("{prefix}-{name}")' for name in members), members
    return made
