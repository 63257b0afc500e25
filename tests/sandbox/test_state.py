"""A directory belongs to one live sandbox and keeps its secrets; `down` ends that process and no other."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.state import Home, State, StateError, start_time


def state(home: Home) -> State:
    return State(
        stack="dev",
        api_url="http://127.0.0.1:1/api/v1",
        aws_endpoint="http://127.0.0.1:2",
        region="us-east-1",
        username="demo@example.com",
        password="secret",
        access_token="a",
        id_token="i",
        pid=os.getpid(),
        directory=str(home.path),
        outputs={"api_url": "x"},
        resources={"created": 1, "recorded": 2, "refused": 0},
    )


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Some process of the same user that is no sandbox of ours."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def claimed_by(home: Home, pid: int, started: str) -> None:
    home.path.mkdir(parents=True, exist_ok=True)
    (home.path / "process.json").write_text(json.dumps({"pid": pid, "started": started}))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    home = Home(tmp_path / "box")
    home.claim()
    home.save(state(home))
    assert home.load() == state(home)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "box")
    home.claim()
    home.save(state(home))
    assert stat.S_IMODE((home.path / "state.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_a_directory_of_a_live_sandbox_is_not_taken(tmp_path: Path, other: subprocess.Popen[bytes]) -> None:
    home = Home(tmp_path)
    claimed_by(home, other.pid, start_time(other.pid))
    with pytest.raises(StateError, match=f"already runs in .* \\(process {other.pid}\\)"):
        home.claim()


def test_what_a_dead_sandbox_left_is_taken_over(tmp_path: Path) -> None:
    home = Home(tmp_path)
    claimed_by(home, 2**22 - 7, "1")
    home.claim()
    owner = home.owner()
    assert owner is not None
    assert (owner.pid, owner.alive()) == (os.getpid(), True)
    home.release()
    assert home.owner() is None


@pytest.mark.parametrize("started", ["1", ""], ids=["later-process-with-its-number", "never-started"])
def test_down_leaves_a_stranger_with_the_same_number_alone(
    tmp_path: Path, other: subprocess.Popen[bytes], started: str
) -> None:
    home = Home(tmp_path)
    claimed_by(home, other.pid, started)
    with pytest.raises(StateError, match="had ended already"):
        home.end()
    assert other.poll() is None


def test_down_ends_the_recorded_process(tmp_path: Path, other: subprocess.Popen[bytes]) -> None:
    home = Home(tmp_path)
    claimed_by(home, other.pid, start_time(other.pid))
    assert home.end() == other.pid
    assert other.wait(5) != 0
    assert home.owner() is None


def test_a_process_that_does_not_listen_is_killed_in_time(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        home = Home(tmp_path)
        claimed_by(home, process.pid, start_time(process.pid))
        home.end(timeout_s=0.3)
        assert process.wait(5) == -9


@pytest.mark.parametrize("what", ["end", "load"])
def test_without_a_sandbox_the_error_says_so(tmp_path: Path, what: str) -> None:
    with pytest.raises(StateError, match="no sandbox runs in"):
        getattr(Home(tmp_path), what)()


def test_a_sandbox_that_is_not_ready_yet_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.claim()
    with pytest.raises(StateError, match="still starting"):
        home.load()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "process.json").write_text("{")
    with pytest.raises(StateError, match=r"process\.json is damaged"):
        Home(tmp_path).owner()


def test_start_time_tells_processes_apart(other: subprocess.Popen[bytes]) -> None:
    assert start_time(os.getpid()) == start_time(os.getpid()) != ""
    assert start_time(other.pid) != start_time(os.getpid())
    assert start_time(2**22 - 7) == ""
