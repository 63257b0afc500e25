"""Changes to moto that are undone in one call, so that a closed runtime leaves nothing behind in the process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_MISSING = object()


class Hooks:
    """Replaces attributes of moto's classes and modules, and puts the old ones back in reverse order."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any]] = []

    def replace(self, owner: Any, name: str, value: Any) -> Any:
        """Sets an attribute and gives the one that was there before.

        Raises:
            AttributeError: when the owner has no such attribute: moto has changed, and the hook would do nothing.
        """
        before = getattr(owner, name)
        self._set(owner, name, value)
        return before

    def add(self, owner: Any, name: str, value: Any) -> None:
        """Sets an attribute that moto does not have (an operation that it lacks)."""
        self._set(owner, name, value)

    def wrap(self, owner: Any, name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Replaces a function by one that is built around the old one."""
        self.replace(owner, name, around(getattr(owner, name)))

    def undo(self) -> None:
        """Puts everything back; a second call does nothing."""
        while self._undo:
            owner, name, before = self._undo.pop()
            if before is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, before)

    def _set(self, owner: Any, name: str, value: Any) -> None:
        # vars() and not getattr(): an attribute inherited from a base class is removed again, not copied down.
        self._undo.append((owner, name, vars(owner).get(name, _MISSING)))
        setattr(owner, name, value)


def inner(owner: Any, name: str) -> Any:
    """One of moto's private attributes; every use of such a name goes through here and is checked by a run.

    Raises:
        AttributeError: when moto has changed.
    """
    return getattr(owner, name)
