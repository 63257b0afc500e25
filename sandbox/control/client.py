"""The caller's side: one short connection a command, errors in the words of the sandbox."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from sandbox.control.answers import PendingWrite, ReplicationState, Resolution, SandboxState

SOCKET = "control.sock"


class ControlError(RuntimeError):
    """The sandbox does not run, or refused a command; the text says why."""


class Control:
    """Commands for the sandbox that runs in a directory (`.sandbox`), from any process of its owner.

    Every method raises ControlError when no sandbox listens there or when it refuses.
    """

    def __init__(self, directory: Path, timeout_s: float = 60.0) -> None:
        self.path = directory.resolve() / SOCKET
        self._timeout_s = timeout_s

    def status(self) -> SandboxState:
        """Regions, replication and names as they are now."""
        return cast("SandboxState", self.call("status"))

    def lose(self, region: str) -> None:
        """Takes a region away: its API, services, functions, caches and databases answer no more."""
        self.call("lose", region=region)

    def recover(self, region: str) -> None:
        """Gives a lost region back, with the data that it had; caches are empty."""
        self.call("recover", region=region)

    def pause(self) -> None:
        """Copies nothing between regions until `resume`; writes wait in order."""
        self.call("pause")

    def resume(self) -> None:
        """Goes on copying."""
        self.call("resume")

    def lag(self, seconds: float) -> None:
        """Sets how long a write waits before it is copied."""
        self.call("lag", seconds=seconds)

    def health(self, interval_s: float | None = None) -> None:
        """Lets health checks ask this often instead of as declared; None for as declared."""
        self.call("health", interval_s=interval_s)

    def replication(self) -> ReplicationState:
        """The counters of every lane."""
        return cast("ReplicationState", self.call("replication"))

    def pending(self) -> list[PendingWrite]:
        """Every acknowledged write that is not in the other region, oldest first within a lane."""
        return cast("list[PendingWrite]", self.call("pending"))

    def settle(self, timeout_s: float = 30.0) -> bool:
        """Waits until nothing that may be copied waits any more; false when that takes longer."""
        return bool(self.call("settle", timeout_s=timeout_s))

    def resolve(self, name: str) -> Resolution:
        """Where a name with failover records leads now, by the sandbox's health checks."""
        return cast("Resolution", self.call("resolve", name=name))

    def call(self, command: str, **arguments: Any) -> Any:
        """Sends any command and gives its result."""
        request = json.dumps({"command": command, "arguments": arguments}).encode() + b"\n"
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout_s)
                # What stands in the directory may be a link: a socket's own path has room for 100 characters.
                connection.connect(str(self.path.resolve()))
                connection.sendall(request)
                with connection.makefile("rb") as answers:
                    line = answers.readline()
        except (FileNotFoundError, ConnectionRefusedError):
            raise ControlError(
                f"no sandbox listens in {self.path.parent}; start one with `python -m sandbox up`"
            ) from None
        except TimeoutError:
            raise ControlError(f"the sandbox did not answer {command!r} within {self._timeout_s:.0f} s") from None
        except OSError as error:
            raise ControlError(f"{command!r} could not be sent to {self.path}: {error}") from error
        if not line:
            raise ControlError(f"the sandbox ended before it answered {command!r}")
        answer: Mapping[str, Any] = json.loads(line)
        if not answer["ok"]:
            raise ControlError(str(answer["error"]))
        return answer["result"]
