"""The control command: words become arguments, results are shown, and what would be lost is told before the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.__main__ import main
from sandbox.control import ControlServer
from sandbox.control.answers import LaneState, PendingWrite, SandboxState
from sandbox.control.command import described, left_behind, run

WAITING: PendingWrite = {
    "kind": "s3",
    "source": "us-east-1",
    "target": "us-west-2",
    "name": "data",
    "key": "a",
    "operation": "put",
    "written": 1.0,
}
LANE: LaneState = {
    "kind": "s3",
    "source": "us-east-1",
    "target": "us-west-2",
    "pending": 2,
    "replicated": 5,
    "superseded": 0,
    "failed": 1,
    "held": False,
    "oldest_s": 3.0,
    "latency_s": 1.0,
    "last_written": 9.0,
    "failures": [],
}


def state(*regions: str, paused: bool = False) -> SandboxState:
    """A sandbox of these regions, the last of which is lost."""
    rows = [
        {"name": name, "primary": not at, "lost": at == len(regions) - 1, "api_url": f"http://{name}"}
        for at, name in enumerate(regions)
    ]
    told: Any = {
        "stack": "prod",
        "primary": regions[0],
        "regions": rows,
        "replication": {"lag_s": 1.5, "paused": paused, "lanes": [LANE]},
        "names": [{"name": "api.example.com", "region": regions[0], "api_url": "http://a", "records": []}],
        "sites": {"ml.example.com": "http://s"},
    }
    found: SandboxState = told
    return found


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[list[Any]]:
    """What was asked of a sandbox in `tmp_path`."""
    got: list[Any] = []

    def lag(seconds: float) -> None:
        got.append(seconds)

    def resolve(name: str) -> dict[str, str]:
        return {"name": name}

    server = ControlServer(tmp_path, {"lag": lag, "resolve": resolve, "pending": lambda: [WAITING, WAITING]})
    yield got
    server.close()


@pytest.mark.parametrize(("word", "value"), [("2.5", 2.5), ("null", None), ("true", True), ("mars", "mars")])
def test_words_become_arguments(tmp_path: Path, asked: list[Any], word: str, value: object) -> None:
    assert run(tmp_path, "lag", [f"seconds={word}"]) == ""
    assert asked == [value]


def test_a_result_is_shown_as_json(tmp_path: Path, asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["control", "resolve", "name=api.example.com", "--directory", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"name": "api.example.com"}
    assert asked == []


@pytest.mark.parametrize("word", ["seconds", "=5", "a-b=5"])
def test_a_word_that_is_no_argument_is_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(ValueError, match="is not name=value, such as region=us-east-1"):
        run(tmp_path, "lag", [word])


def test_what_waits_is_told_before_the_end(tmp_path: Path, asked: list[Any]) -> None:
    told = "2 acknowledged writes are not in the other region: 2 s3 us-east-1 to us-west-2\n"
    assert left_behind(tmp_path) == told
    assert asked == []


def test_where_nothing_listens_nothing_is_told(tmp_path: Path) -> None:
    assert left_behind(tmp_path) == ""


def test_two_regions_are_described() -> None:
    assert described(state("us-east-1", "us-west-2")) == [
        "region us-east-1: answers, primary http://us-east-1",
        "region us-west-2: lost http://us-west-2",
        "replication: 1.5 s behind",
        "  s3 us-east-1 to us-west-2: 5 copied, 2 waiting, 1 failed",
        "name api.example.com: us-east-1 http://a",
        "site ml.example.com: http://s",
    ]
    assert "replication: paused" in described(state("us-east-1", "us-west-2", paused=True))


def test_of_one_region_the_site_alone_is_told() -> None:
    assert described(state("us-east-1")) == ["site ml.example.com: http://s"]
