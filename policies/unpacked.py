"""Keeps previews of large stacks quick: the SDK unpacks every resource again for each policy, here it does so once."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

_MOST: Final = 20_000
"""Values that are kept: more than the largest stack has, so that only previews that have ended are forgotten."""


class Once:
    """A function of one object that is called once for each object, by identity."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self._found: dict[int, tuple[Any, Any]] = {}

    def __call__(self, value: Any) -> Any:
        """What the function gives for this very object; the object is kept, so that no other one takes its place."""
        known = self._found.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        answer = self._function(value)
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[id(value)] = (value, answer)
        return answer


def unpack_once(sdk: Any) -> None:
    """Has `pulumi_policy.policy` unpack the message of a resource once, whatever the number of policies.

    All policies are given the same properties then, which none of them may change.

    Raises:
        AttributeError: the SDK has changed, and has to be read again.
    """
    if isinstance(sdk.unknown_checking_proxy, Once):
        return
    deserialize = sdk.deserialize_properties
    once = Once(deserialize)
    # With a second argument it is for a remediation, which changes what it is given.
    sdk.deserialize_properties = lambda values, *rest: deserialize(values, *rest) if rest else once(values)
    sdk.unknown_checking_proxy = Once(sdk.unknown_checking_proxy)
    sdk.json_format = SimpleNamespace(MessageToDict=Once(sdk.json_format.MessageToDict))
