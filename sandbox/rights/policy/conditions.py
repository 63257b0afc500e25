"""Conditions of a statement: each operator and key as a test that is compiled once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from sandbox.rights.policy.operators import OPERATORS, Match, truth
from sandbox.rights.policy.patterns import Lookup

Quantifier = Literal["", "ForAllValues", "ForAnyValue"]
QUANTIFIERS: Final = frozenset({"ForAllValues", "ForAnyValue"})
IF_EXISTS: Final = "IfExists"


@dataclass(frozen=True, slots=True)
class Test:
    """One key under one operator."""

    operator: str
    """As it is written, quantifier and all."""
    key: str
    said: tuple[str, ...]
    """What the policy wants, as it is written."""
    matches: tuple[Match, ...]
    """One for each value of the policy: any of them is enough, and none may be for a negated operator."""
    quantifier: Quantifier
    negated: bool
    if_exists: bool

    def holds(self, lookup: Lookup) -> bool:
        """Whether the call fulfils it."""
        values = lookup(self.key)
        if not values:
            return self._absent()
        if self.quantifier == "ForAllValues" and values == ("",):
            return True
        if self.quantifier == "ForAnyValue" or (not self.quantifier and not self.negated):
            return any(self._fits(value, lookup) for value in values)
        return all(self._fits(value, lookup) for value in values)

    def _fits(self, value: str, lookup: Lookup) -> bool:
        return any(match(value, lookup) for match in self.matches) != self.negated

    def _absent(self) -> bool:
        """What holds where the call has no such key."""
        if self.if_exists or self.quantifier == "ForAllValues":
            return True
        return self.negated and not self.quantifier


@dataclass(frozen=True, slots=True)
class Null:
    """Whether a key is absent."""

    operator: str
    key: str
    said: tuple[str, ...]
    absent: frozenset[bool]

    def holds(self, lookup: Lookup) -> bool:
        """Whether the call lacks the key, or has it, as it is asked."""
        return (not lookup(self.key)) in self.absent


def compiled(
    condition: Mapping[str, Mapping[str, tuple[str, ...]]], *, variables: bool = True
) -> Iterator[Test | Null]:
    """The tests of a condition; all of them have to hold.

    Raises:
        ValueError: for an operator that there is not, or a value that is none of its kind.
    """
    for name, by_key in condition.items():
        quantifier, plain, if_exists = _taken_apart(name)
        for key, values in by_key.items():
            try:
                if plain == "Null":
                    yield Null(name, key, values, frozenset(truth(value) for value in values))
                    continue
                operator = OPERATORS[plain]
                matches = tuple(operator.read(value, variables) for value in values)
            except ValueError as error:
                raise ValueError(f"{name} on {key!r} cannot read its value: {error}") from None
            yield Test(name, key, values, matches, quantifier, operator.negated, if_exists)


def _taken_apart(name: str) -> tuple[Quantifier, str, bool]:
    quantifier, separator, rest = name.rpartition(":")
    if_exists = rest.endswith(IF_EXISTS)
    plain = rest.removesuffix(IF_EXISTS)
    known = plain in OPERATORS or (plain == "Null" and not if_exists)
    if not known or (separator and quantifier not in QUANTIFIERS):
        raise ValueError(
            f"operator {name!r} does not exist; allowed: {', '.join([*sorted(OPERATORS), 'Null'])}, each but Null "
            "also with IfExists at its end, and with ForAllValues: or ForAnyValue: before it"
        )
    return cast("Quantifier", quantifier), plain, if_exists
