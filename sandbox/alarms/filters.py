"""`$or` in filters of subscriptions over a message's body: moto takes each of its branches for one over attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Match = Callable[..., bool]


def either(original: Match) -> Match:
    """Whether one field of a message fits, with `$or` where the body is looked at."""

    def field_match(
        field: str, rules: Sequence[Any], message: Mapping[str, Any], attributes_based_check: bool = True
    ) -> bool:
        if field != "$or" or attributes_based_check:
            return original(field, rules, message, attributes_based_check)
        return any(
            all(field_match(name, row, message, attributes_based_check=False) for name, row in branch.items())
            for branch in rules
        )

    return field_match
