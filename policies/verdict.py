"""What the rules said about a stack: three verdicts, exemptions, a table to print."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Literal

from policies.exemptions import Exemption
from policies.rule import SEVERITIES, Severity

Outcome = Literal["holds", "broken", "undecided", "exempt"]
OUTCOMES: tuple[Outcome, ...] = ("holds", "broken", "undecided", "exempt")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What one rule said about one resource."""

    rule: str
    severity: Severity
    urn: str
    type: str
    name: str
    outcome: Outcome
    message: str = ""
    """Resource, what is wrong, value found, remedy; for undecided the unknown value; for exempt the reason."""


@dataclass(frozen=True)
class Report:
    """Every verdict over a stack, in order of declaration and rule."""

    verdicts: tuple[Verdict, ...]
    unused: tuple[Exemption, ...] = ()
    """Exemptions that matched no broken rule here: to be removed, unless another stack needs them."""

    def of(self, outcome: Outcome) -> list[Verdict]:
        """The verdicts with one outcome, the most severe first."""
        found = [verdict for verdict in self.verdicts if verdict.outcome == outcome]
        return sorted(found, key=lambda verdict: SEVERITIES.index(verdict.severity))

    @property
    def broken(self) -> list[Verdict]:
        """What must not be deployed, the most severe first."""
        return self.of("broken")

    @property
    def undecided(self) -> list[Verdict]:
        """What cannot be said before the update."""
        return self.of("undecided")

    @property
    def exempt(self) -> list[Verdict]:
        """What is broken and tolerated for a while, with the reason."""
        return self.of("exempt")

    @property
    def passed(self) -> bool:
        """True where no rule is broken."""
        return not self.broken

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many verdicts there are of each outcome."""
        found = Counter(verdict.outcome for verdict in self.verdicts)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    def summary(self) -> str:
        """One line: counts, rules and resources."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in self.counts.items())
        rules = len({verdict.rule for verdict in self.verdicts})
        resources = len({verdict.urn for verdict in self.verdicts if verdict.urn})
        return f"policies: {counts} ({rules} rules, {resources} resources)"

    def table(self) -> str:
        """The summary, then all that is not held: severity, rule, resource, message; then exemptions without a use."""
        shown = [*self.broken, *self.exempt, *self.undecided]
        lines = [self.summary()]
        if shown:
            wide = max(len(verdict.rule) for verdict in shown)
            lines += [f"  {v.outcome:<9}  {v.severity:<8}  {v.rule:<{wide}}  {v.message}" for v in shown]
        lines += [f"  unused exemption of {row.rule} for {row.resource!r}: {row.reason}" for row in self.unused]
        return "\n".join(lines)

    def to_json(self) -> str:
        """All verdicts as JSON, sorted by resource and rule."""
        rows = sorted((asdict(verdict) for verdict in self.verdicts), key=lambda row: (row["urn"], row["rule"]))
        return json.dumps({"counts": self.counts, "verdicts": rows}, indent=1, sort_keys=True)
