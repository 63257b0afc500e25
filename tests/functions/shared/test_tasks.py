"""Steps: what is logged of a run."""

from __future__ import annotations

import io
import json
import traceback
from types import SimpleNamespace
from typing import Any

import pytest

from functions.shared.logs import Log
from functions.shared.tasks import UnexpectedError, WorkError, task

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

    with pytest.raises((WorkError, UnexpectedError)) as told:
        task(lambda: (run, Log("step", out=out)))({}, CONTEXT)
    assert (lines(out)[0]["level"], lines(out)[0]["metadata"]["why"]) == ("ERROR", why)
    # Lambda logs the text of what goes on, with the traceback of what it is from.
    assert "Ada" not in out.getvalue() + "".join(traceback.format_exception(told.value))
    assert str(told.value).startswith(why or "KeyError; the function's log has the place")
