"""From a deployed model to the live one: a smoke test, then the pointer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions.shared.cache.kept import MODEL, Memory, forget, reference_key
from functions.shared.tasks import WorkError

ATTEMPTS = 5
PAUSE_S = 2.0
"""A fleet that has just changed may answer once more from the old one, or not yet."""


class Models(Protocol):
    """The table of models (functions.shared.models.ModelsTable)."""

    def get(self, version: str) -> dict[str, Any] | None:
        """One item."""

    def live(self) -> dict[str, Any] | None:
        """The live model's item."""

    def make_live(self, version: str, previous: str | None, model_data: str, at: str) -> None:
        """Moves the pointer."""


class Endpoint(Protocol):
    """The endpoint."""

    def ask(self, row: Mapping[str, Any]) -> str:
        """Which version answered a row; WorkError where none did."""


@dataclass(frozen=True)
class Release:
    """The step, with what it works on."""

    models: Models
    endpoint: Endpoint
    memory: Memory
    endpoint_name: str
    live_ttl_s: int
    pause: Callable[[float], None]

    def run(self, version: str, model_data: str, now: str) -> dict[str, Any]:
        """Tests the endpoint and makes the version live; from now on its archive is the one that is served.

        Raises:
            WorkError: the endpoint does not answer, or not with this version; the workflow puts the old one back.
        """
        item = self.models.get(version)
        if item is None or not item.get("sample"):
            raise WorkError(f"version: {version!r} has no sample to test with; train it again")
        self.smoke(item["sample"], version)
        live = self.models.live()
        previous = str(live["version"]) if live else ""
        self.models.make_live(version, previous or None, model_data, now)
        # Should the cache be out of reach, predictions put its pointer right with the model's next answer.
        kept = self.memory.put(f"live:{self.endpoint_name}", version.encode(), self.live_ttl_s)
        # Its card says since when it is live, which is new also for a version that comes back.
        forget(self.memory, reference_key(self.endpoint_name, MODEL, version))
        return {"version": version, "previousVersion": previous, "why": "live" if kept else "live; cache not told"}

    def smoke(self, row: Mapping[str, Any], version: str) -> None:
        """Asks until the new version answers."""
        trouble = WorkError(f"endpoint {self.endpoint_name}: was not asked")
        for attempt in range(ATTEMPTS):
            if attempt:
                self.pause(PAUSE_S)
            try:
                found = self.endpoint.ask(row)
            except WorkError as error:
                trouble = error
                continue
            if found == version:
                return
            trouble = WorkError(f"endpoint {self.endpoint_name}: version {found!r} answers in place of {version!r}")
        raise trouble
