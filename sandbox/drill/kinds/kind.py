"""What each kind of drill must be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sandbox.drill.client import Channel, Client
from sandbox.drill.context import Context
from sandbox.drill.losses import Lost


class Kind(Protocol):
    """One failure and what belongs to it. What it must know later is kept in the journal's memory, before it acts."""

    name: str
    runbook: str
    """Page of docs/runbooks that is followed."""
    target_s: float
    """How long the recovery may take."""
    warm_s: float
    """How long the client writes before the failure at least."""
    notes: Sequence[str]
    """Where the sandbox differs from AWS in this."""

    def fits(self, context: Context) -> bool:
        """Whether the stack that runs has what this failure needs."""

    def overrides(self, config: Mapping[str, str]) -> dict[str, str]:
        """What a stack of the drill's own has instead of the values of its file, where the running one does not fit."""

    def channels(self, context: Context) -> list[Channel]:
        """How the client writes meanwhile."""

    def prepare(self, context: Context, client: Client) -> None:
        """Chooses what will fail and looks whether it can be recovered; changes nothing, and may be called again."""

    def fail(self, context: Context) -> None:
        """Makes the failure; called again when it was interrupted, and then goes on with the same one."""

    def given(self, context: Context) -> dict[str, str]:
        """The variables that the person with the runbook decides, such as the time to go back to."""

    def verify(self, context: Context, client: Client, lost: Sequence[Lost], failed_at: float) -> list[str]:
        """What is not as it should be after the recovery, in words; empty when all is well."""

    def mend(self, context: Context) -> list[str]:
        """Undoes the failure without the runbook and removes what the drill made; what it could not, in words.

        Called after every drill as well, where most of it finds nothing to do.
        """

    def open(self, context: Context) -> list[str]:
        """What an interrupted drill leaves in disorder, in words."""


class Anywhere:
    """A failure that every stack can have: the one that runs fits, and none of the drill's own is started."""

    def fits(self, context: Context) -> bool:
        """Every stack has what it needs."""
        del context
        return True

    def overrides(self, config: Mapping[str, str]) -> dict[str, str]:
        """Nothing: every stack fits."""
        del config
        return {}
