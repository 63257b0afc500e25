"""The command line: clear errors before anything starts, an orderly end whatever happens."""

from __future__ import annotations

import io
import socket
import threading
import time
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.client import CallError, call
from sandbox.first_model import sample
from sandbox.progress import Progress
from sandbox.state import Home
from sandbox.up import Options, Sandbox, StartError

ROOT = Path(__file__).resolve().parents[2]


def project(folder: Path) -> Path:
    """A program that needs nothing."""
    (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text("")
    (folder / "dist").mkdir()
    (folder / "dist" / "manifest.json").write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["up", "--stack", "qa"], "unknown stack 'qa'; there are: dev, prod, staging"),
        (["status"], "no sandbox runs in"),
        (["down"], "no sandbox runs in"),
        (["call", "GET", "/health"], "no sandbox runs in"),
    ],
    ids=["stack", "status", "down", "call"],
)
def test_what_cannot_be_done_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main([*arguments, "--directory", str(tmp_path / "box")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert told in error
    assert "Traceback" not in error


def test_without_packages_the_start_says_what_to_run(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "dist" / "manifest.json").unlink()
    sandbox = Sandbox(Options(directory=tmp_path / "box", root=tmp_path))
    with pytest.raises(StartError, match="run `make package`"):
        sandbox.start()
    sandbox.close()


@pytest.mark.parametrize("option", ["--port", "--aws-port"])
def test_a_taken_port_ends_the_start_and_frees_the_directory(tmp_path: Path, option: str) -> None:
    project(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = {"port": taken, "aws_port": 0} if option == "--port" else {"port": 0, "aws_port": taken}
        options = Options(directory=tmp_path / "box", root=tmp_path, **ports)
        with Sandbox(options, Progress(io.StringIO())) as sandbox, pytest.raises(RuntimeError, match=option):
            sandbox.start()
    assert Home(tmp_path / "box").owner() is None


def test_the_end_takes_the_last_started_first_and_survives_a_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []

    def broken() -> None:
        ended.append("broken")
        raise OSError("no")

    sandbox = Sandbox(Options(directory=tmp_path))
    sandbox.later("first", lambda: ended.append("first"))
    sandbox.later("broken", broken)
    sandbox.later("last", lambda: ended.append("last"))
    sandbox.close()
    sandbox.close()
    assert ended == ["last", "broken", "first"]
    assert "ending broken failed" in caplog.text


def test_a_part_that_hangs_does_not_hold_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release, ended = threading.Event(), []
    sandbox = Sandbox(Options(directory=tmp_path, close_s=0.2))
    sandbox.later("first", lambda: ended.append("first"))
    sandbox.later("hung", release.wait)
    began = time.monotonic()
    sandbox.close()
    release.set()
    assert time.monotonic() - began < 2
    assert ended == ["first"]
    assert "hung did not end" in caplog.text


def test_progress_tells_each_step_and_its_time() -> None:
    out = io.StringIO()
    progress = Progress(out)
    with progress.step("one"):
        pass
    with pytest.raises(ValueError, match="no"), progress.step("two"):
        raise ValueError("no")
    first, second = out.getvalue().splitlines()
    assert first.startswith("  one ...")
    assert first.endswith(" s")
    assert second.endswith("failed")
    assert list(progress.timings) == ["one"]


def test_a_call_goes_to_this_machine_or_fails_in_words() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(CallError, match=f"GET http://127.0.0.1:{port}/x failed"):
        call(f"http://127.0.0.1:{port}/x", timeout_s=2)


def test_a_sample_is_the_first_row_without_its_target(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("radius,kind,target\n1.5,b,1\n2,a,0\n")
    assert sample(path) == {"radius": 1.5, "kind": "b"}
