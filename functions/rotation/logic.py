"""The four steps of a rotation, each safe to be run again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.shared.tasks import WorkError

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"

Value = Mapping[str, Any]
"""What a secret holds: a JSON object."""


@dataclass(frozen=True)
class State:
    """A secret as it stands, without its value."""

    rotates: bool
    """Whether rotation is switched on."""
    stages: Mapping[str, Collection[str]]
    """Version → its staging labels."""

    def labelled(self, label: str) -> str | None:
        """The version that has a label."""
        return next((version for version, labels in self.stages.items() if label in labels), None)


class Vault(Protocol):
    """The secret (functions.rotation.store.Secret)."""

    arn: str

    def state(self) -> State:
        """Its versions and labels."""

    def value(self, label: str, version: str | None = None) -> Value | None:
        """What the version with a label holds; None while it holds nothing, or where there is none."""

    def keep(self, token: str, value: Value) -> None:
        """Gives a pending version its value; one that it has already stays."""

    def promote(self, token: str, instead_of: str) -> None:
        """Moves AWSCURRENT."""

    def age_days(self) -> float:
        """How old the value in force is."""


class Kind(Protocol):
    """What a kind of secret needs in each step; every method may run again after it has succeeded or failed."""

    def invent(self, current: Value) -> Value:
        """The next value, from the one in force."""

    def install(self, pending: Value, current: Value) -> None:
        """Makes the next value work, beside the one in force."""

    def prove(self, pending: Value) -> None:
        """Uses the next value; WorkError where it does not work."""

    def retire(self, current: Value, previous: Value | None) -> None:
        """Makes the value that was in force before stop working, where that is wanted."""


@dataclass(frozen=True)
class Rotation:
    """One secret and how it is rotated."""

    vault: Vault
    kind: Kind

    def run(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """One step of Secrets Manager, or `{"Step": "reportAge"}` of the daily clock.

        Raises:
            WorkError: the step cannot be done; the old value stays in force.
        """
        step = str(event.get("Step", ""))
        if step == "reportAge":
            return {"outcome": "reported"}
        steps: Mapping[str, Callable[[str, State], str]] = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        if step not in steps:
            raise WorkError(f"Step is {step!r}; allowed: {', '.join(steps)}, reportAge; let Secrets Manager call")
        token, state = self._staged(event)
        return {"outcome": steps[step](token, state), "why": step}

    def _staged(self, event: Mapping[str, Any]) -> tuple[str, State]:
        secret, token = str(event.get("SecretId", "")), str(event.get("ClientRequestToken", ""))
        if secret != self.vault.arn:
            raise WorkError(
                f"SecretId is {secret!r}; allowed: {self.vault.arn}; give each secret a function of its own"
            )
        state = self.vault.state()
        if not state.rotates:
            raise WorkError(f"rotation of {secret} is off; turn it on with RotateSecret, or deploy again")
        if token not in state.stages:
            raise WorkError(f"ClientRequestToken is {token!r}; allowed: a version of {secret}; start with RotateSecret")
        if not {CURRENT, PENDING} & set(state.stages[token]):
            raise WorkError(f"version {token} of {secret} is not staged as {PENDING}; start anew with RotateSecret")
        return token, state

    def _create(self, token: str, state: State) -> str:
        if CURRENT in state.stages[token] or self.vault.value(PENDING, token) is not None:
            return "kept"
        self.vault.keep(token, self.kind.invent(self._current()))
        return "created"

    def _set(self, token: str, state: State) -> str:
        if CURRENT in state.stages[token]:
            return "kept"
        self.kind.install(self._pending(token), self._current())
        return "installed"

    def _test(self, token: str, state: State) -> str:
        if CURRENT in state.stages[token]:
            return "kept"
        self.kind.prove(self._pending(token))
        return "proven"

    def _finish(self, token: str, state: State) -> str:
        """The label moves before the old value is retired.

        In between both work. The other way round, a failure in between would leave everybody with a value that works
        no more.
        """
        current = state.labelled(CURRENT)
        if current != token:
            if current is None:
                raise WorkError(f"{self.vault.arn} has no version staged as {CURRENT}; give it a value")
            self.vault.promote(token, current)
        self.kind.retire(self._current(), self.vault.value(PREVIOUS))
        return "in force"

    def _current(self) -> Value:
        found = self.vault.value(CURRENT)
        if found is None:
            raise WorkError(f"{self.vault.arn} has no value staged as {CURRENT}; give it one")
        return found

    def _pending(self, token: str) -> Value:
        found = self.vault.value(PENDING, token)
        if found is None:
            raise WorkError(f"version {token} of {self.vault.arn} has no value yet; run createSecret first")
        return found
