"""The recovery runtime: hooks into moto what it lacks for going back, and tells where it differs from AWS."""

from __future__ import annotations

from pathlib import Path

from sandbox.cloud import Cloud
from sandbox.events.hooks import Hooks
from sandbox.lambdas import Functions
from sandbox.recovery import history, releases


class Recovery:
    """Point-in-time recovery of tables, and versions and aliases of functions that change after the deployment.

    Install it before the program runs: what a table held earlier is known from its first item on.
    """

    notes = (*history.NOTES, *releases.NOTES)
    """Where it differs from AWS, for the report."""

    def __init__(self, cloud: Cloud, functions: Functions, directory: Path) -> None:
        self._hooks = Hooks()
        self._releases = releases.Releases(cloud, functions, directory)

    def install(self) -> None:
        """Puts the hooks in place."""
        history.install(self._hooks)
        self._releases.install(self._hooks)

    def attach(self, ledger: object) -> None:
        """Nothing to do: what is restored is what the services hold."""

    def close(self) -> None:
        """Gives moto its own behaviour back."""
        self._hooks.undo()
