"""Rights that are granted and were never used: each has a line with a reason, and each line a right that needs it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import tomllib

from sandbox.rights.calls.written import Right, matches

LIST = Path(__file__).with_name("unused.toml")
ELSEWHERE = Path(__file__).with_name("elsewhere.toml")
"""What other stacks grant than the one that journeys run."""
LABEL = "standby-"
"""What the program puts before the names of a second region's resources; a line speaks about both regions."""
_ONES_OWN = re.compile(r"(?<=:dbuser:prx-)[a-z0-9]+")
"""A proxy's id, which each sandbox makes anew."""
FIELDS = ("role", "statement", "action", "reason")


@dataclass(frozen=True)
class Granted:
    """A right of one role."""

    role: str
    """The role's name in the program."""
    right: Right

    def __str__(self) -> str:
        """As messages name it."""
        right = self.right
        return f"{self.role}: {right.statement} allows {right.action} on {right.resource}"


@dataclass(frozen=True)
class Reason:
    """Why some rights are granted that nothing used; `*` stands for any text."""

    role: str
    statement: str
    action: str
    reason: str
    sometimes: bool = False
    """Whether some runs use it and others do not: such a line is not missed where all its rights are used."""

    def fits(self, granted: Granted) -> bool:
        """Whether it speaks about a right."""
        right = granted.right
        asked = (
            (granted.role.removeprefix(LABEL), self.role),
            (right.statement, self.statement),
            (right.action, self.action),
        )
        return all(fnmatchcase(value, pattern) for value, pattern in asked)

    def __str__(self) -> str:
        """As messages name it."""
        return f"role {self.role!r}, statement {self.statement!r}, action {self.action!r}"


def reasons(path: Path = LIST) -> list[Reason]:
    """The lines of a list, each in a table that is named as the file.

    Raises:
        ValueError: a line lacks a field, has one that is not known, or an empty one; or a table is named otherwise.
    """
    found, tables = [], tomllib.loads(path.read_text(encoding="utf-8"))
    if set(tables) != {path.stem}:
        raise ValueError(f"{path.name}: tables {', '.join(sorted(tables))}: each line is a table [[{path.stem}]]")
    for number, row in enumerate(tables[path.stem], 1):
        wrong = [name for name in FIELDS if not isinstance(row.get(name), str) or not row[name].strip()]
        wrong += sorted(set(row) - {*FIELDS, "sometimes"})
        wrong += ["sometimes"] if not isinstance(row.get("sometimes", False), bool) else []
        if wrong:
            raise ValueError(
                f"{path.name}, line {number}: {', '.join(wrong)}: each line has {', '.join(FIELDS)} as text"
            )
        found.append(Reason(**row))
    return found


def granted(told: Mapping[str, Any]) -> list[Granted]:
    """Every right that a sandbox's record names."""
    return [
        Granted(row["role"], Right(row["policy"], row["statement"], row["action"], row["resource"]))
        for row in told["granted"]
    ]


def unused(several: Sequence[Mapping[str, Any]]) -> list[Granted]:
    """The rights that no sandbox used, of those that any of them granted; in order, without repetitions."""
    uses = {
        (row["role"], row["policy"], row["statement"], row["action"], _ONES_OWN.sub("*", row["resource"]))
        for told in several
        for row in told["used"]
    }
    by_statement: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for role, policy, statement, action, resource in uses:
        by_statement.setdefault((role, policy, statement), []).append((action, resource))
    every = dict.fromkeys(one for told in several for one in granted(told))

    def used(one: Granted) -> bool:
        seen = by_statement.get((one.role, one.right.policy, one.right.statement), [])
        return any(
            resource == _ONES_OWN.sub("*", one.right.resource) and matches(one.right.action.lower(), action.lower())
            for action, resource in seen
        )

    return [one for one in every if not used(one)]


def problems(never: Iterable[Granted], listed: Sequence[Reason]) -> list[str]:
    """What is wrong between the rights that nothing used and the list: rights without a line, lines without one."""
    rest = list(never)
    lacking = [one for one in rest if not any(reason.fits(one) for reason in listed)]
    stale = [reason for reason in listed if not (reason.sometimes or any(reason.fits(one) for one in rest))]
    return [
        *(f"{one}, and nothing used it: remove it, or give the reason in {LIST.name}" for one in lacking),
        *(f"{LIST.name}: {reason}: no such right is left unused; remove the line" for reason in stale),
    ]
