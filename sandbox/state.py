"""What a sandbox leaves in its directory: who runs it, where it answers, and how to sign in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_PROCESS = "process.json"
_STATE = "state.json"
LEDGER = "ledger.json"


class StateError(RuntimeError):
    """The directory holds no sandbox, or another one; the text says what to do."""


@dataclass(frozen=True)
class State:
    """A sandbox that is ready. Every field is in `state.json`, which only its owner may read."""

    stack: str
    api_url: str
    """The address to which a route such as `/ml/predict` is appended."""
    aws_endpoint: str
    """The address for `--endpoint-url` of the AWS CLI and `endpoint_url` of an SDK."""
    region: str
    username: str
    password: str
    access_token: str
    id_token: str
    pid: int
    directory: str
    model_version: str = ""
    """The version that was trained at the start, empty when the start trained none."""
    outputs: dict[str, Any] = field(default_factory=dict)
    """The stack's exports."""
    resources: dict[str, int] = field(default_factory=dict)
    """How many resources were created, recorded and refused."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds of each step of the start."""
    policies: str = ""
    """What the policy pack said of the stack, in a line."""
    notes: list[str] = field(default_factory=list)
    """Where the runtimes of this machine differ from AWS."""
    regions: dict[str, dict[str, str]] = field(default_factory=dict)
    """Every region with an API, and its `api_url`; the one above is the first region's."""


@dataclass(frozen=True)
class Owner:
    """The process that runs a sandbox. The start time tells it from a later process with the same number."""

    pid: int
    started: str

    def alive(self) -> bool:
        """Whether that very process still runs."""
        return bool(self.started) and start_time(self.pid) == self.started


class Home:
    """The directory of one sandbox."""

    def __init__(self, directory: Path) -> None:
        self.path = directory.resolve()

    def claim(self) -> None:
        """Makes this process the owner; StateError when another live one is."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = self.owner()
        if owner is not None and owner.alive() and owner.pid != os.getpid():
            raise StateError(
                f"a sandbox already runs in {self.path} (process {owner.pid}); end it with "
                f"`python -m sandbox down --directory {self.path}`, or choose another --directory",
            )
        self.forget()
        _write(self.path / _PROCESS, {"pid": os.getpid(), "started": start_time(os.getpid())})

    def release(self) -> None:
        """Gives the directory up, when this process owns it."""
        owner = self.owner()
        if owner is not None and owner.pid == os.getpid():
            self.forget()

    def forget(self) -> None:
        """Removes what describes a sandbox that does not run any more."""
        for name in (_STATE, _PROCESS, LEDGER):
            (self.path / name).unlink(missing_ok=True)

    def owner(self) -> Owner | None:
        """The process that claimed the directory, alive or not."""
        found = _read(self.path / _PROCESS)
        return Owner(int(found["pid"]), str(found["started"])) if found else None

    def save(self, state: State) -> None:
        """Says that the sandbox is ready."""
        _write(self.path / _STATE, asdict(state))

    def load(self) -> State:
        """The ready sandbox of this directory; StateError when there is none or it ended."""
        owner = self.owner()
        if owner is None:
            raise StateError(f"no sandbox runs in {self.path}; start one with `python -m sandbox up`")
        if not owner.alive():
            raise StateError(f"the sandbox in {self.path} (process {owner.pid}) ended; start it again")
        found = _read(self.path / _STATE)
        if found is None:
            raise StateError(f"the sandbox in {self.path} (process {owner.pid}) is still starting; try again")
        return State(**found)

    def end(self, timeout_s: float = 40.0) -> int:
        """Ends the owner and gives its number; StateError when there is none.

        The process gets the time that its own tear-down may take, then it is killed; its children die with it.
        """
        owner = self.owner()
        if owner is None:
            raise StateError(f"no sandbox runs in {self.path}")
        if not owner.alive():
            self.forget()
            raise StateError(f"the sandbox in {self.path} (process {owner.pid}) had ended already")
        os.kill(owner.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while owner.alive():
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(owner.pid, signal.SIGKILL)
                break
            time.sleep(0.05)
        self.forget()
        return owner.pid


def start_time(pid: int) -> str:
    """When a process started, in the system's own unit; empty when there is no such process or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return ""
        command = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "" if fields[0] in "ZX" else fields[19]


def _write(path: Path, content: dict[str, Any]) -> None:
    """Writes at once or not at all, readable by the owner alone: the file holds a password."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
    draft.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StateError(f"{path} is damaged ({error}); remove it if no sandbox runs there") from error
    return content
