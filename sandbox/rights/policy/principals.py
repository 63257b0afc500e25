"""Whom a statement of a resource's policy speaks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.rights.request import Principal

Reach = Literal["", "account", "everyone", "principal", "session"]
"""How a statement reaches a principal: not, by its account (which leaves the rest to IAM there), as anyone, by its own
name, or by the name of its session."""

KINDS: Final = ("*", "AWS", "CanonicalUser", "Federated", "Service")


@dataclass(frozen=True, slots=True, eq=False)
class Who:
    """The principals of a statement by kind, or those that it leaves out."""

    names: Mapping[str, frozenset[str]]
    inverted: bool = False

    def reach(self, caller: Principal) -> Reach:
        """How the statement reaches a caller."""
        if not self.inverted:
            return self._named(caller)
        return "" if self._left_out(caller) else "everyone"

    def _named(self, caller: Principal) -> Reach:
        aws = self.names.get("AWS", frozenset())
        if caller.kind in {"service", "federated"}:
            kind = "Service" if caller.kind == "service" else "Federated"
            if caller.name in self.names.get(kind, ()):
                return "principal"
        elif caller.session and caller.session in aws:
            return "session"
        elif caller.name in aws:
            return "principal"
        if "*" in aws or "*" in self.names.get("*", ()):
            return "everyone"
        return "account" if caller.account and (caller.root in aws or caller.account in aws) else ""

    def _left_out(self, caller: Principal) -> bool:
        """Whoever is left out by name has to be named with the account, and as a role with its session too."""
        if caller.kind == "service":
            return caller.name in self.names.get("Service", ())
        if caller.kind == "federated":
            return caller.name in self.names.get("Federated", ())
        aws = self.names.get("AWS", frozenset())
        account = caller.root in aws or caller.account in aws
        return account and caller.name in aws and (not caller.session or caller.session in aws)


def who(principals: Mapping[str, tuple[str, ...]], left_out: Mapping[str, tuple[str, ...]]) -> Who | None:
    """The principals of a statement; None for a statement that has none, as in an identity's policy.

    Raises:
        ValueError: for a kind of principal that there is not.
    """
    found = principals or left_out
    if wrong := sorted(set(found) - set(KINDS)):
        raise ValueError(f"principal of kind {wrong[0]!r} does not exist; allowed: {', '.join(KINDS)}")
    names = {kind: frozenset(values) for kind, values in found.items()}
    return Who(names, inverted=not principals) if found else None
