"""A secret and a replication group in memory, with the rules of AWS for labels and tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from functions.rotation.logic import CURRENT, PENDING, PREVIOUS, State, Value
from functions.shared.tasks import WorkError

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:cache-AbCdEf"


@dataclass
class FakeVault:
    """One secret whose first version is in force; `begin` is what RotateSecret does."""

    first: Value
    arn: str = ARN
    rotates: bool = True
    values: dict[str, Value] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values["v1"] = self.first
        self.stages["v1"] = [CURRENT]

    def begin(self, token: str) -> None:
        for labels in self.stages.values():
            if PENDING in labels:
                labels.remove(PENDING)
        self.stages[token] = [PENDING]

    def state(self) -> State:
        return State(self.rotates, {version: tuple(labels) for version, labels in self.stages.items()})

    def value(self, label: str, version: str | None = None) -> Value | None:
        found = self.state().labelled(label)
        return None if found is None or version not in (None, found) else self.values.get(found)

    def keep(self, token: str, value: Value) -> None:
        self.values.setdefault(token, value)

    def promote(self, token: str, instead_of: str) -> None:
        self.stages[instead_of].remove(CURRENT)
        for labels in self.stages.values():
            if PREVIOUS in labels:
                labels.remove(PREVIOUS)
        self.stages[instead_of].append(PREVIOUS)
        self.stages[token].append(CURRENT)

    def age_days(self) -> float:
        return 1.5


@dataclass
class FakeGroup:
    """ElastiCache: at most two tokens, and each change takes a while."""

    tokens: list[str]
    changes: list[str] = field(default_factory=list)
    takes: int = 2
    """How often one has to look until a change is done; above 1,000: it is never done."""
    fails: str = ""
    """The operation that fails: ROTATE, SET or accepts."""
    left: int = 0
    asked: Any = None

    def settled(self) -> bool:
        if self.left and self.left < 1000:
            self.left -= 1
        if self.left == 0 and self.asked:
            token, strategy = self.asked
            self.tokens = [token] if strategy == "SET" else [*self.tokens[-1:], token]
            self.asked = None
        return self.left == 0

    def change(self, token: str, strategy: str) -> None:
        if self.left:
            raise AssertionError("InvalidReplicationGroupState: a change is under way")
        self.fail(strategy)
        self.changes.append(strategy)
        self.asked, self.left = (token, strategy), self.takes

    def accepts(self, token: str) -> bool:
        self.fail("accepts")
        return token in self.tokens

    def fail(self, operation: str) -> None:
        if self.fails == operation:
            raise WorkError(f"{operation} fails")
