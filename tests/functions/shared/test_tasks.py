"""Steps and traces: what is logged of a run, and what the X-Ray daemon hears."""

from __future__ import annotations

import io
import json
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from functions.shared.aws.tracing import subsegment
from functions.shared.logs import Log
from functions.shared.tasks import WorkError, task

CONTEXT = SimpleNamespace(aws_request_id="request-1")


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_step_is_built_once_and_says_how_it_ended() -> None:
    out, built = io.StringIO(), []

    def build() -> Any:
        built.append(1)
        return lambda event: {"outcome": "train", "version": event["v"], "path": "s3://x"}, Log("step", out=out)

    handler = task(build)
    assert [handler({"v": "a"}, CONTEXT)["version"], handler({"v": "b"}, CONTEXT)["version"]] == ["a", "b"]
    assert built == [1]
    assert lines(out)[1]["metadata"] == {"outcome": "train", "version": "b"}
    assert lines(out)[0]["requestId"] == "request-1"


@pytest.mark.parametrize(("error", "why"), [(WorkError("data: is empty"), "data: is empty"), (KeyError("Ada"), "")])
def test_a_failed_step_goes_on_to_its_caller_and_only_reasons_of_ours_are_logged(error: Exception, why: str) -> None:
    out = io.StringIO()

    def run(_event: Any) -> Any:
        raise error

    with pytest.raises(type(error)):
        task(lambda: (run, Log("step", out=out)))({}, CONTEXT)
    assert (lines(out)[0]["level"], lines(out)[0]["metadata"]["why"]) == ("ERROR", why)
    assert "Ada" not in out.getvalue()


def traced(daemon: socket.socket, *, sampled: str) -> dict[str, str]:
    host, port = daemon.getsockname()
    trace = f"Root=1-5e66d96f-7491f09acf5d6d3f0d9f4d2b;Parent=0123456789abcdef;Sampled={sampled}"
    return {"AWS_XRAY_DAEMON_ADDRESS": f"{host}:{port}", "_X_AMZN_TRACE_ID": trace}


@pytest.fixture
def daemon() -> Any:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def heard(daemon: socket.socket) -> dict[str, Any]:
    head, _, body = daemon.recv(65536).partition(b"\n")
    assert json.loads(head) == {"format": "json", "version": 1}
    return dict(json.loads(body))


def test_a_sampled_call_has_its_subsegment(daemon: socket.socket) -> None:
    with subsegment("inference", traced(daemon, sampled="1")):
        pass
    found = heard(daemon)
    assert (found["name"], found["parent_id"], found["fault"]) == ("inference", "0123456789abcdef", False)
    assert found["trace_id"] == "1-5e66d96f-7491f09acf5d6d3f0d9f4d2b"
    assert found["start_time"] <= found["end_time"]


def test_a_failure_shows_in_the_trace_and_goes_on(daemon: socket.socket) -> None:
    with pytest.raises(ValueError, match="late"), subsegment("inference", traced(daemon, sampled="1")):
        raise ValueError("late")
    assert heard(daemon)["fault"] is True


def test_a_call_that_is_not_sampled_sends_nothing(daemon: socket.socket) -> None:
    with subsegment("inference", traced(daemon, sampled="0")), subsegment("inference", {}):
        pass
    daemon.settimeout(0.05)
    with pytest.raises(TimeoutError):
        daemon.recv(1)
