"""Condition operators: how one value of a call compares with one value of a policy."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from ipaddress import ip_address, ip_network
from math import isfinite
from operator import eq, ge, gt, le, lt
from typing import Any, Final, NamedTuple

from sandbox.rights.policy.patterns import Lookup, Pattern

Match = Callable[[str, Lookup], bool]
"""Whether a value of the call matches; with what variables look up."""

Compile = Callable[[str, bool], Match]
"""Reads a value of a policy, with or without variables; ValueError where it is none of the operator's kind."""


class Operator(NamedTuple):
    """What an operator compares, and whether it holds for what does not match."""

    read: Compile
    negated: bool = False


def _equals(value: str, variables: bool) -> Match:
    return Pattern(value, "exact", variables=variables).matches


def _same_letters(value: str, variables: bool) -> Match:
    pattern = Pattern(value, "exact", variables=variables)

    def match(found: str, lookup: Lookup) -> bool:
        wanted = pattern.text(lookup)
        return wanted is not None and found.lower() == wanted.lower()

    return match


def _like(value: str, variables: bool) -> Match:
    return Pattern(value, "wild", variables=variables).matches


def _arn(value: str, variables: bool) -> Match:
    return Pattern(value, "arn", variables=variables).matches


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Compile:
    """An operator on values that have an order: numbers and dates."""

    def compiled(value: str, _: bool) -> Match:
        wanted = read(value)

        def match(found: str, _: Lookup) -> bool:
            try:
                return compare(read(found), wanted)
            except ValueError:
                return False  # the call's value is none of this kind: it compares with nothing

        return match

    return compiled


def number(text: str) -> float:
    """A number; ValueError for anything else, infinities too."""
    found = float(text)
    if not isfinite(found) or "_" in text:
        raise ValueError(f"{text!r} is no number of JSON")
    return found


def moment(text: str) -> float:
    """Seconds since 1970 of a date of ISO 8601, or of such seconds themselves."""
    try:
        return number(text)
    except ValueError:
        found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).timestamp()


def truth(text: str) -> bool:
    """True or False; ValueError for anything else."""
    if text.lower() not in {"true", "false"}:
        raise ValueError(f"{text!r} is neither 'true' nor 'false'")
    return text.lower() == "true"


def octets(text: str) -> bytes:
    """The bytes of a base64 text; ValueError where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{text!r} is no base64: {error}") from None


def _address(value: str, _: bool) -> Match:
    network = ip_network(value, strict=False)

    def match(found: str, _: Lookup) -> bool:
        try:
            return ip_address(found) in network
        except ValueError:
            return False  # no address, such as the name of a service that calls for the caller

    return match


def _family(name: str, kinds: Mapping[str, Operator]) -> dict[str, Operator]:
    return {f"{name}{kind}": operator for kind, operator in kinds.items()}


def _orders(read: Callable[[str], Any]) -> dict[str, Operator]:
    return {
        "Equals": Operator(_ordered(read, eq)),
        "NotEquals": Operator(_ordered(read, eq), negated=True),
        "LessThan": Operator(_ordered(read, lt)),
        "LessThanEquals": Operator(_ordered(read, le)),
        "GreaterThan": Operator(_ordered(read, gt)),
        "GreaterThanEquals": Operator(_ordered(read, ge)),
    }


OPERATORS: Final[Mapping[str, Operator]] = {
    **_family(
        "String",
        {
            "Equals": Operator(_equals),
            "NotEquals": Operator(_equals, negated=True),
            "EqualsIgnoreCase": Operator(_same_letters),
            "NotEqualsIgnoreCase": Operator(_same_letters, negated=True),
            "Like": Operator(_like),
            "NotLike": Operator(_like, negated=True),
        },
    ),
    **_family("Numeric", _orders(number)),
    **_family("Date", _orders(moment)),
    **_family(
        "Arn",
        {
            # AWS treats the two as the same: wildcards count in both.
            "Equals": Operator(_arn),
            "NotEquals": Operator(_arn, negated=True),
            "Like": Operator(_arn),
            "NotLike": Operator(_arn, negated=True),
        },
    ),
    "Bool": Operator(_ordered(truth, eq)),
    "BinaryEquals": Operator(_ordered(octets, eq)),
    "IpAddress": Operator(_address),
    "NotIpAddress": Operator(_address, negated=True),
}
"""Every operator but `Null`, which asks for no value; `…IfExists`, `ForAllValues:` and `ForAnyValue:` go with each."""
