"""The control socket: commands with results, refusals in words, for the owner alone."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.control import Control, ControlError, ControlServer
from sandbox.control.client import SOCKET
from sandbox.control.server import Command


class Box:
    """Commands that remember what they were asked."""

    def __init__(self) -> None:
        self.lost: list[str] = []
        self.released = threading.Event()

    def lose(self, region: str) -> None:
        if region not in {"us-east-1", "us-west-2"}:
            raise ValueError(f"region {region!r} is not of this stack; there are: us-east-1, us-west-2")
        self.lost.append(region)

    def resolve(self, name: str) -> dict[str, Any]:
        raise KeyError(f"no record is declared for {name!r}")

    def wait(self) -> bool:
        return self.released.wait(10)

    def broken(self) -> None:
        raise AssertionError("never")


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(tmp_path: Path, box: Box) -> Iterator[ControlServer]:
    commands: dict[str, Command] = {"lose": box.lose, "resolve": box.resolve, "wait": box.wait, "broken": box.broken}
    made = ControlServer(tmp_path, commands)
    yield made
    made.close()


@pytest.fixture
def control(server: ControlServer) -> Control:
    return Control(server.path.parent, timeout_s=5)


def test_a_command_reaches_the_sandbox(control: Control, box: Box) -> None:
    control.lose("us-east-1")
    assert box.lost == ["us-east-1"]


def test_the_socket_is_its_owners_alone(server: ControlServer) -> None:
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("command", "arguments", "told"),
    [
        ("lose", {"region": "mars"}, "region 'mars' is not of this stack; there are: us-east-1, us-west-2"),
        ("lose", {}, "missing a required argument: 'region'; its arguments: region"),
        ("lose", {"planet": "mars"}, "its arguments: region"),
        ("resolve", {"name": "a.example.com"}, "no record is declared for 'a.example.com'"),
        ("explode", {}, "unknown command 'explode'; there are: broken, lose, resolve, wait"),
    ],
    ids=["value", "missing", "unknown argument", "lookup", "unknown command"],
)
def test_a_refusal_says_why(control: Control, command: str, arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(ControlError) as refused:
        control.call(command, **arguments)
    assert told in str(refused.value)


def test_a_defect_is_told_and_the_next_command_works(
    control: Control, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ControlError, match="AssertionError: never; see the sandbox's log"):
        control.call("broken")
    control.lose("us-west-2")
    assert box.lost == ["us-west-2"]
    assert "control command failed" in caplog.text


def test_a_command_that_waits_does_not_hold_the_others(control: Control, box: Box) -> None:
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(control.call("wait")))
    waiting.start()
    control.lose("us-east-1")
    box.released.set()
    waiting.join(5)
    assert answers == [True]


def test_without_a_sandbox_the_caller_learns_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="start one with `python -m sandbox up`"):
        Control(tmp_path).status()


def test_a_closed_server_leaves_nothing_behind(tmp_path: Path) -> None:
    made = ControlServer(tmp_path, {})
    made.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ControlError, match="no sandbox listens"):
        Control(tmp_path).pause()


def test_a_socket_of_a_killed_sandbox_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(tmp_path / SOCKET))
    with pytest.raises(ControlError, match="no sandbox listens"):
        Control(tmp_path).pause()
    made = ControlServer(tmp_path, {"pause": lambda: None})
    Control(tmp_path).pause()
    made.close()


def test_a_directory_may_be_deeper_than_a_socket_path_can_tell(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90) / ("e" * 90)
    deep.mkdir(parents=True)
    made = ControlServer(deep, {"pause": lambda: None})
    Control(deep).pause()
    place = made.path.resolve().parent
    made.close()
    assert list(deep.iterdir()) == []
    assert not place.exists()


@settings(deadline=None)
@given(line=st.binary(max_size=200).filter(lambda line: b"\n" not in line) | st.text(max_size=60).map(json.dumps))
def test_any_line_is_answered(server_free: Any, line: bytes | str) -> None:
    raw = line.encode() if isinstance(line, str) else line
    answer = server_free(raw)
    assert answer["ok"] is False
    assert answer["error"]


@pytest.fixture(scope="module")
def server_free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    made = ControlServer(tmp_path_factory.mktemp("any"), {})
    yield made.answer
    made.close()
