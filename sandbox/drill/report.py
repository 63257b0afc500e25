"""What a drill measured, as a table for people and as JSON for machines."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sandbox.drill.losses import Lost

RPO_S = 3600.0
"""What may be lost at most, by age."""
SHOWN = 25
"""Losses that the table lists."""
FULL_S, CRITICAL_S, REST_S = 1800.0, 3600.0, 14_400.0
"""How long the recovery of the full system, of a critical part and of the rest may take."""


@dataclass(frozen=True)
class StepTaken:
    """A step of the runbook, as it went."""

    title: str
    seconds: float
    result: str
    """`done`, `by hand`, or why it failed."""


@dataclass
class Report:
    """One drill."""

    kind: str
    runbook: str
    rto_target_s: float
    rpo_target_s: float = RPO_S
    failed_at: float = 0.0
    rto_s: float = math.inf
    """From the failure until the runbook had ended and the client was served again; infinite when it was not."""
    rpo_s: float = 0.0
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Writes that were acknowledged, by channel."""
    refused: dict[str, int] = field(default_factory=dict)
    """Writes that were not."""
    lost: list[Lost] = field(default_factory=list)
    steps: list[StepTaken] = field(default_factory=list)
    inconsistencies: list[str] = field(default_factory=list)
    """What is not as it should be at the end."""
    notes: list[str] = field(default_factory=list)
    """What its reader should know: where the sandbox differs from AWS, which stack it ran on."""

    def missed(self) -> list[str]:
        """The targets that were missed, in words."""
        found = []
        if self.rto_s > self.rto_target_s:
            found.append(f"RTO {_time(self.rto_s)} is above {_time(self.rto_target_s)}")
        if self.rpo_s > self.rpo_target_s:
            found.append(f"RPO {_time(self.rpo_s)} is above {_time(self.rpo_target_s)}")
        return found

    @property
    def passed(self) -> bool:
        """Whether every target was met and everything is consistent."""
        return not self.missed() and not self.inconsistencies

    def json(self) -> str:
        """Everything, for machines; an RTO that was never reached is null."""
        content: dict[str, Any] = {
            "kind": self.kind,
            "runbook": self.runbook,
            "passed": self.passed,
            "failedAt": self.failed_at,
            "rtoSeconds": None if math.isinf(self.rto_s) else round(self.rto_s, 3),
            "rtoTargetSeconds": self.rto_target_s,
            "rpoSeconds": round(self.rpo_s, 3),
            "rpoTargetSeconds": self.rpo_target_s,
            "acknowledged": self.acknowledged,
            "refused": self.refused,
            "lost": [
                {"channel": row.write.channel, "id": row.write.id, "acknowledgedAt": row.write.at, "how": row.how}
                for row in self.lost
            ],
            "steps": [
                {"title": step.title, "seconds": round(step.seconds, 3), "result": step.result} for step in self.steps
            ],
            "missedTargets": self.missed(),
            "inconsistencies": self.inconsistencies,
            "notes": self.notes,
        }
        return json.dumps(content, indent=1)

    def text(self) -> str:
        """The table."""
        rows = [
            ("", "measured", "target"),
            ("RTO: until it is served again", _time(self.rto_s), _time(self.rto_target_s)),
            ("RPO: time whose writes are lost", _time(self.rpo_s), _time(self.rpo_target_s)),
        ]
        lines = ["", f"drill {self.kind} by {self.runbook}"]
        lines += [f"  {name:<36}{measured:>12}{target:>12}" for name, measured, target in rows]
        lines += ["", f"  {'writes of the client':<36}{'taken':>12}{'refused':>12}{'lost':>12}"]
        lost = Counter(row.write.channel for row in self.lost)
        lines += [
            f"  {channel:<36}{count:>12}{self.refused.get(channel, 0):>12}{lost[channel]:>12}"
            for channel, count in self.acknowledged.items()
        ]
        if self.lost:
            lines += ["", "  lost:"]
            lines += [f"    {self._loss(row)}" for row in self.lost[:SHOWN]]
            if len(self.lost) > SHOWN:
                lines.append(f"    and {len(self.lost) - SHOWN} more; --json lists all of them")
        lines += [f"  note: {note}" for note in self.notes]
        problems = [*self.missed(), *self.inconsistencies]
        lines += ["", *(f"  NOT IN ORDER: {problem}" for problem in problems)]
        lines.append("  passed" if self.passed else "  failed")
        return "\n".join(lines)

    def _loss(self, row: Lost) -> str:
        seconds = self.failed_at - row.write.at
        when = f"{abs(seconds):.1f} s {'before' if seconds >= 0 else 'after'} the failure"
        return f"{row.write.channel} {row.write.id}: {row.how}, acknowledged {when}"


def _time(seconds: float) -> str:
    if math.isinf(seconds):
        return "never"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
