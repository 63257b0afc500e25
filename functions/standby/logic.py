"""A region follows the live model: what the pointer names is served here too, and trainings start here when told so.

Whatever calls, the work is the same: look at what should be and at what is, and do what is missing. A second call finds
nothing left to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import urlsplit

from functions.shared.tasks import WorkError

BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack")
"""States of an endpoint that takes no update."""
LONGEST = 63
"""Characters of a name in SageMaker."""


@dataclass(frozen=True)
class Serving:
    """What an endpoint does now."""

    status: str
    artifact: str
    """S3 address of the archive that it serves, or served last."""


class Models(Protocol):
    """The table of models (functions.shared.models.ModelsTable)."""

    def live(self) -> dict[str, Any] | None:
        """The live model's item."""


class Archives(Protocol):
    """The models bucket of this region."""

    def has(self, key: str) -> bool:
        """Whether an archive has arrived."""


class Endpoint(Protocol):
    """The endpoint of this region."""

    def serving(self) -> Serving:
        """What it does now."""

    def update(self, name: str, artifact: str) -> None:
        """Makes model and configuration of that name, where there are none, and starts the update."""


class Registry(Protocol):
    """The model package group of this region."""

    def add(self, version: str, artifact: str) -> bool:
        """Adds a version; False where it is in there already."""


class Triggers(Protocol):
    """What starts trainings in this region."""

    def states(self) -> dict[str, str]:
        """ENABLED or DISABLED, by name."""

    def switch(self, *, on: bool) -> None:
        """Enables or disables all of them."""


@dataclass(frozen=True)
class Standby:
    """The function's work, with what it works on."""

    models: Models
    archives: Archives
    endpoint: Endpoint
    registry: Registry
    triggers: Triggers
    bucket: str
    prefix: str
    wait_s: int
    pause_s: int
    pause: Callable[[float], None]

    def run(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A change of the models table, or `{"command": …}`.

        Raises:
            WorkError: says what hinders, and what to do; whatever was done stays done, and a second call goes on.
        """
        command = "synchronise" if "Records" in event else str(event.get("command", ""))
        known: dict[str, Callable[[], dict[str, Any]]] = {
            "synchronise": self.synchronise,
            "promote": self.promote,
            "stand-down": self.stand_down,
            "status": self.status,
        }
        if command not in known:
            raise WorkError(f"command: {command!r} is unknown; give {', '.join(known)}")
        return known[command]()

    def synchronise(self) -> dict[str, Any]:
        """Serves the live model here: waits for the endpoint and the archive, registers it, updates the endpoint."""
        live = self.models.live()
        if live is None:
            return {"outcome": "nothing", "version": "", "why": "no model is live yet"}
        version, key = str(live["version"]), key_of(live)
        wanted = f"s3://{self.bucket}/{key}"
        if self.settled().artifact == wanted:
            return {"outcome": "current", "version": version, "why": "the endpoint serves it"}
        self.until(
            lambda: self.archives.has(key),
            f"{wanted} has not been replicated yet; see replication in the dashboard, then call again",
        )
        added = self.registry.add(version, wanted)
        self.endpoint.update(name_of(self.prefix, version, wanted), wanted)
        why = "registered, and the endpoint updates" if added else "the endpoint updates"
        return {"outcome": "updating", "version": version, "why": why}

    def promote(self) -> dict[str, Any]:
        """Lets trainings start here. The model follows where it can: a promotion must not wait for what is lost."""
        self.triggers.switch(on=True)
        try:
            found = self.synchronise()
        except WorkError as error:
            found = {"outcome": "behind", "version": self.live_version(), "why": str(error)}
        return {**found, "triggers": self.triggers.states()}

    def stand_down(self) -> dict[str, Any]:
        """Lets no training start here any more: the other region carries the traffic."""
        self.triggers.switch(on=False)
        return {
            "outcome": "waiting",
            "version": self.live_version(),
            "why": "triggers are off",
            "triggers": self.triggers.states(),
        }

    def status(self) -> dict[str, Any]:
        """What should be served, what is, and whether trainings start here; changes nothing."""
        live, now = self.models.live(), self.endpoint.serving()
        wanted = f"s3://{self.bucket}/{key_of(live)}" if live else ""
        return {
            "outcome": "current" if now.status == "InService" and now.artifact == wanted else "behind",
            "version": self.live_version(),
            "why": f"the endpoint is {now.status}",
            "endpoint": now.status,
            "serves": now.artifact,
            "wanted": wanted,
            "triggers": self.triggers.states(),
        }

    def settled(self) -> Serving:
        """What the endpoint does once it no longer changes."""
        self.until(
            lambda: self.endpoint.serving().status not in BUSY, "the endpoint still changes; call again in ten minutes"
        )
        return self.endpoint.serving()

    def live_version(self) -> str:
        """The live version, empty where there is none."""
        live = self.models.live()
        return str(live["version"]) if live else ""

    def until(self, done: Callable[[], bool], otherwise: str) -> None:
        """Looks until it is so; WorkError after the longest wait."""
        waited = 0
        while not done():
            if waited >= self.wait_s:
                raise WorkError(f"{otherwise} (waited {waited} s)")
            self.pause(self.pause_s)
            waited += self.pause_s


def key_of(item: Mapping[str, Any]) -> str:
    """Key of a version's archive, which is the same in every region; its bucket is not.

    Raises:
        WorkError: the item names no archive.
    """
    address = urlsplit(str(item.get("modelDataUrl", "")))
    key = address.path.lstrip("/")
    if address.scheme != "s3" or not key:
        raise WorkError(f"modelDataUrl of version {item.get('version')!r} is no S3 address; train the version again")
    return key


def name_of(prefix: str, version: str, artifact: str) -> str:
    """Name of model and configuration, the same for the same archive: a second try finds what the first one made."""
    end = f"-standby-{version}-{sha256(artifact.encode()).hexdigest()[:8]}"
    return prefix[: LONGEST - len(end)].rstrip("-") + end
