"""Which requests are traced: by the declared rules, and by X-Ray's own where none fits."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from sandbox.ledger import Ledger

RULE: Final = "aws:xray/samplingRule:SamplingRule"
REMEMBERED: Final = 1000
"""Kinds of requests whose rule is known without a look at all rules."""


@dataclass(frozen=True)
class Rule:
    """A sampling rule; what is `*` fits everything."""

    name: str
    priority: int = 10_000
    reservoir: int = 1
    """Requests a second that are traced in any case."""
    rate: float = 0.05
    """Share of the others."""
    region: str = ""
    """Where it counts; everywhere when empty."""
    service: str = "*"
    kind: str = "*"
    method: str = "*"
    path: str = "*"

    def fits(self, region: str, service: str, kind: str, method: str, path: str) -> bool:
        """Whether it is about a request."""
        pairs = ((self.service, service), (self.kind, kind), (self.method, method), (self.path, path))
        return self.region in ("", region) and all(
            pattern == "*" or fnmatchcase(value, pattern) for pattern, value in pairs
        )


DEFAULT: Final = Rule("Default")
"""Counts where no other fits: one request a second, and one in twenty of the others."""


def declared(ledger: Ledger) -> list[Rule]:
    """The rules of a stack; ValueError for one by what is not judged here."""
    return [_rule(resource.inputs, resource.region) for resource in ledger.of_type(RULE)]


def _rule(given: Any, region: str) -> Rule:
    for name in ("host", "resourceArn"):
        if given.get(name, "*") != "*":
            raise ValueError(
                f"{name} of sampling rule {given.get('ruleName')!r} is {given[name]!r}; allowed here: *; "
                "name the service"
            )
    return Rule(
        name=str(given["ruleName"]),
        priority=int(given["priority"]),
        reservoir=int(given["reservoirSize"]),
        rate=float(given["fixedRate"]),
        region=region,
        service=str(given["serviceName"]),
        kind=str(given["serviceType"]),
        method=str(given["httpMethod"]),
        path=str(given["urlPath"]),
    )


class Sampler:
    """Decides for each request that nobody has decided about before."""

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._rules: Sequence[Rule] = [*sorted(rules, key=lambda rule: (rule.priority, rule.name)), DEFAULT]
        self._now, self._chance = now, chance
        self._taken: dict[tuple[str, str], tuple[int, int]] = {}
        self._found: dict[tuple[str, str, str, str, str], Rule] = {}

    def decide(self, region: str, service: str, kind: str, method: str = "*", path: str = "/") -> bool:
        """Whether the request is traced: the first rule that fits says so."""
        asked = (region, service, kind, method, path)
        rule = self._found.get(asked) or self._find(asked)
        # Without a rule of its own each service has the default to itself.
        key = (rule.name, service if rule is DEFAULT else rule.region)
        second = int(self._now())
        known, taken = self._taken.get(key, (second, 0))
        taken = taken if known == second else 0
        if taken < rule.reservoir:
            self._taken[key] = (second, taken + 1)
            return True
        return self._chance() < rule.rate

    def _find(self, asked: tuple[str, str, str, str, str]) -> Rule:
        """The rule, remembered for the next request of its kind."""
        if len(self._found) >= REMEMBERED:
            self._found.clear()
        return self._found.setdefault(asked, next(rule for rule in self._rules if rule.fits(*asked)))
