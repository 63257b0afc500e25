"""A stack of a drill's own: the same program with what the drill needs, in its own directory, on free ports, untrained.

Runs as a module in a process of its own: `python -m sandbox.drill.stage <directory> <stack> <configuration as JSON>`.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from sandbox.program import ROOT
from sandbox.state import Home, State, StateError

START_S = 180.0
_TAIL = 2000


class StageError(StateError):
    """The stack could not be started; the text ends with what it printed."""


def start(directory: Path, stack: str, config: Mapping[str, str], root: Path = ROOT) -> State:
    """Starts the stack and returns when it is ready; it runs until `Home(directory).end()`."""
    home = Home(directory)
    home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = home.path / "up.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "sandbox.drill.stage", str(home.path), stack, json.dumps(dict(config))]
        child = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        return _ready(home, child, log)
    except BaseException:
        if child.poll() is None:
            child.terminate()
            child.wait(60)
        raise


def _ready(home: Home, child: subprocess.Popen[bytes], log: Path) -> State:
    deadline = time.monotonic() + START_S
    while child.poll() is None:
        if (home.path / "state.json").is_file():
            return home.load()
        if time.monotonic() > deadline:
            raise StageError(f"the drill's own stack was not ready within {START_S:.0f} s; see {log}")
        time.sleep(0.1)
    raise StageError(f"the drill's own stack did not start:\n{log.read_text(encoding='utf-8')[-_TAIL:]}")


def end(directory: Path) -> None:
    """Ends the stack; does nothing when none runs there."""
    home = Home(directory)
    owner = home.owner()
    if owner is not None and owner.alive():
        home.end()


def running(directory: Path) -> State | None:
    """The stack that runs in a directory, if one does."""
    try:
        return Home(directory).load()
    except StateError:
        return None


def main(directory: str, stack: str, config: str) -> int:
    """Runs the stack until it is told to end."""
    from sandbox.up import Options, Sandbox

    stopped = threading.Event()

    def stop(*_: object) -> None:
        if not stopped.is_set():
            stopped.set()
            raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    options = Options(
        stack=stack, port=0, aws_port=0, directory=Path(directory), train=False, config=json.loads(config)
    )
    try:
        with Sandbox(options) as sandbox:
            sandbox.start()
            stopped.wait()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:4]))
