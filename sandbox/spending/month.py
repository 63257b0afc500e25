"""One budget's month: which thresholds its costs have passed, and what has been told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["ACTUAL", "FORECASTED"]
WORDS: Final[Mapping[str, str]] = {"ACTUAL": "spent", "FORECASTED": "foreseen"}


@dataclass(frozen=True)
class Threshold:
    """What costs are compared with: passed when they are above it."""

    kind: Kind
    value: float
    """Percent of the limit, or USD."""
    percent: bool

    @classmethod
    def of(cls, declared: Mapping[str, Any], value: str, unit: str) -> Threshold:
        """From a notification or an action, by the names of two of its inputs."""
        kind: Kind = "FORECASTED" if declared["notificationType"] == "FORECASTED" else "ACTUAL"
        return cls(kind, float(declared[value]), declared.get(unit, "PERCENTAGE") == "PERCENTAGE")

    def usd(self, limit_usd: float) -> float:
        """The costs that pass it."""
        return limit_usd * self.value / 100 if self.percent else self.value

    def __str__(self) -> str:
        return f"{self.value:g} % {WORDS[self.kind]}" if self.percent else f"{self.value:g} USD {WORDS[self.kind]}"


@dataclass
class Month:
    """The costs of the month so far, and what passed."""

    limit_usd: float
    spent_usd: float = 0.0
    foreseen_usd: float = 0.0
    passed: set[Threshold] = field(default_factory=set)

    def put(self, spent_usd: float, foreseen_usd: float) -> bool:
        """Takes the costs as they are now; true when they are lower than before, which begins another month."""
        anew = spent_usd < self.spent_usd
        if anew:
            self.passed.clear()
        self.spent_usd, self.foreseen_usd = spent_usd, foreseen_usd
        return anew

    def passes(self, threshold: Threshold) -> bool:
        """Whether the costs pass a threshold now for the first time in the month."""
        costs = self.spent_usd if threshold.kind == "ACTUAL" else self.foreseen_usd
        if threshold in self.passed or costs <= threshold.usd(self.limit_usd):
            return False
        self.passed.add(threshold)
        return True
