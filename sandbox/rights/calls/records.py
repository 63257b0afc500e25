"""What was called, allowed and refused, added up: bounded by what the policies say, not by how often things happen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.rights.calls.written import Right, named
from sandbox.rights.decide import Decision
from sandbox.rights.request import Access

MOST_REFUSALS = 500
"""Different refusals that are kept; further ones are only counted."""
Own = Mapping[str, Sequence[Right]]
MOST_SEEN = 8192
"""Decisions that are known to be like an earlier one."""
MOST_USES = 20_000
"""Different uses that are kept: more than all policies of a stack can tell apart."""


@dataclass(frozen=True)
class Use:
    """An action that a statement allowed, on what the statement writes of the resource."""

    principal: str
    policy: str
    statement: str
    """Its Sid, or `#` and its place."""
    action: str
    resource: str


@dataclass(frozen=True)
class Refusal:
    """A call that was refused, or that could not be judged."""

    principal: str
    action: str
    resource: str
    why: str
    """As `Decision.why`, or `unmapped` for a call that nobody knows how to judge."""
    text: str
    near: tuple[str, ...] = ()
    """The statements that came near, with what each of them lacks; AWS does not tell them."""


@dataclass
class Count:
    """How often something happened, and when."""

    times: int
    first_s: float
    last_s: float


class Records:
    """Counters that any thread may raise."""

    def __init__(self) -> None:
        self._uses: dict[Use, Count] = {}
        self._refusals: dict[Refusal, Count] = {}
        self._seen: dict[tuple[Any, ...], frozenset[Use]] = {}
        self._lock = threading.Lock()
        self.judged = 0
        """Decisions in all."""
        self.left_out = 0
        """Refusals that were not kept."""

    def decided(self, access: Access, decision: Decision, own: Callable[[], Own]) -> None:
        """Notes one decision; `own` gives the rights of the caller's own policies, by the policies' names."""
        if not decision.allowed:
            what = (access.principal, access.action, decision.resource, decision.why, decision.text)
            self.refused(Refusal(*what, tuple(decision.almost)))
            return
        key = (access.principal, access.action, access.resources, decision.statements)
        used = self._seen.get(key)
        if used is None:
            if len(self._seen) >= MOST_SEEN:
                self._seen.clear()
            used = self._seen[key] = frozenset(_uses(access, decision, own()))
        now = time.time()
        with self._lock:
            self.judged += 1
            for use in used:
                _raise(self._uses, use, now, MOST_USES)

    def refused(self, refusal: Refusal) -> None:
        """Notes a refusal."""
        with self._lock:
            self.judged += 1
            if not _raise(self._refusals, refusal, time.time(), MOST_REFUSALS):
                self.left_out += 1

    def uses(self) -> dict[Use, Count]:
        """What was used so far."""
        with self._lock:
            return dict(self._uses)

    def refusals(self) -> dict[Refusal, Count]:
        """What was refused so far."""
        with self._lock:
            return dict(self._refusals)

    def to_dict(self, names: Mapping[str, str]) -> dict[str, Any]:
        """All of it as plain data; `names` gives what roles are called in the program, by ARN."""
        uses, refusals = self.uses(), self.refusals()
        return {
            "judged": self.judged,
            "left_out": self.left_out,
            "used": [_row(use, count, names) for use, count in uses.items()],
            "refused": [_row(refusal, count, names) for refusal, count in refusals.items()],
        }


def _uses(access: Access, decision: Decision, own: Own) -> Iterator[Use]:
    for row in decision.statements:
        if row.policy not in own:
            # What the resource's own policy allows is counted by that policy's name alone.
            yield Use(access.principal, row.policy, row.label, access.action, "")
        for resource in access.resources:
            for right in named(own.get(row.policy, ()), row.label, access.action, resource):
                yield Use(access.principal, row.policy, row.label, access.action, right.resource)


def _raise(counts: dict[Any, Count], key: Any, now: float, most: int) -> bool:
    """Counts one more; false where it is new and there is no room."""
    found = counts.get(key)
    if found is not None:
        found.times += 1
        found.last_s = now
        return True
    if len(counts) >= most:
        return False
    counts[key] = Count(1, now, now)
    return True


def _row(key: Use | Refusal, count: Count, names: Mapping[str, str]) -> dict[str, Any]:
    row = {**asdict(key), **asdict(count)}
    return {**row, "role": names.get(key.principal, key.principal)}
