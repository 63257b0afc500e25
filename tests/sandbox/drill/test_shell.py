"""Blocks of runbooks, and what an interruption leaves of them."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.drill.shell import Shell, StepError
from tests.sandbox.drill.support import state

LIMIT_S = 30.0


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(state(tmp_path), {}, tmp_path, names=["A"], given={}, root=tmp_path)


@contextlib.contextmanager
def interrupts() -> Iterator[None]:
    """A person who presses Ctrl-C is heard, whatever the tests' runner made of that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def test_variables_of_one_block_are_there_in_the_next(shell: Shell) -> None:
    shell.begin()
    shell.do("A=1", LIMIT_S)
    assert shell.do('echo "$A"', LIMIT_S) == "1\n"


def test_a_block_that_takes_too_long_is_ended_with_what_it_began(shell: Shell, tmp_path: Path) -> None:
    with pytest.raises(StepError, match="not done within 1 s:\nbegan"):
        shell.do(f"echo began; (sleep 600 & echo $! > {tmp_path}/pid; wait)", 1.0)
    assert _gone(int((tmp_path / "pid").read_text()))


def test_an_interruption_in_the_moment_of_a_blocks_end_is_an_interruption(shell: Shell, tmp_path: Path) -> None:
    began, go_on = tmp_path / "began", tmp_path / "go-on"

    def interrupt() -> None:
        while not began.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        # While the interruption is on its way up, the block ends well by itself.
        go_on.touch()

    person = threading.Thread(target=interrupt, daemon=True)
    person.start()
    with interrupts(), pytest.raises(KeyboardInterrupt):
        shell.do(f"touch {began}; while [ ! -e {go_on} ]; do sleep 0.01; done", LIMIT_S)
    person.join(LIMIT_S)


def _gone(pid: int) -> bool:
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        try:
            state_of = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state_of == "Z":
            return True
        time.sleep(0.02)
    return False
