"""One prediction followed through gateway, function, cache and model: by its trace, and by its correlation id."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.journeys.support.caller import Caller
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
SLACK_S = 0.05
"""How much clocks of processes, and the whole milliseconds in which Lambda counts, may differ."""


def sampled() -> str:
    """The id of a new trace."""
    return f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"


def asked(user: Caller, root: str, fresh: float, **headers: str) -> Any:
    given = {"X-Amzn-Trace-Id": f"Root={root};Sampled=1", **headers}
    return user.call("POST", "/ml/predict", {"input": row_of(mean_texture=fresh)}, headers=given)


def parts(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield document
    for part in document.get("subsegments", []):
        yield from parts(part)


def segments(main: Deployed, root: str) -> dict[str, Mapping[str, Any]]:
    """Of a whole trace: origin → segment."""
    found = main.client("xray").batch_get_traces(TraceIds=[root])["Traces"]
    documents = [json.loads(row["Document"]) for trace in found for row in trace["Segments"]]
    by_origin = {str(document.get("origin")): document for document in documents}
    told = by_origin.get("AWS::Lambda::Function", {})
    return by_origin if "AWS::ApiGateway::Stage" in by_origin and told.get("subsegments") else {}


def test_a_prediction_is_followed_from_the_gateway_to_the_model(main: Deployed, user: Caller, fresh: float) -> None:
    root, order = sampled(), f"order-{secrets.token_hex(6)}"
    answer = asked(user, root, fresh, **{"X-Correlation-Id": order})
    assert answer.status == 200, answer.text
    assert answer.headers["x-amzn-trace-id"].startswith(f"Root={root};")
    assert answer.headers["x-correlation-id"] == order
    found = eventually(lambda: segments(main, root), 20, "the trace is whole")
    gateway, service, function = (
        found[origin] for origin in ("AWS::ApiGateway::Stage", "AWS::Lambda", "AWS::Lambda::Function")
    )
    assert gateway["http"]["response"]["status"] == 200
    assert gateway["http"]["request"]["url"].endswith("/api/v1/ml/predict")
    assert service["parent_id"] in {part["id"] for part in parts(gateway)}
    assert function["parent_id"] == service["id"]
    (handler,) = (part for part in function["subsegments"] if part["name"] == "handler")
    version = answer.content["modelVersion"]
    told = {"route": "POST /v1/ml/predict", "cache": "miss", "model_version": version, "correlation_id": order}
    assert handler["annotations"] == told
    names = [part["name"] for part in handler["subsegments"] if part["name"] != "build"]
    assert names.index("cache") < names.index("inference") < len(names) - 1 - names[::-1].index("dynamodb")
    (model,) = (part for part in handler["subsegments"] if part["name"] == "inference")
    assert [part["aws"]["operation"] for part in model["subsegments"]] == ["InvokeEndpoint"]
    for outer, inner in (
        (gateway, service),
        (function, handler),
        *((handler, part) for part in handler["subsegments"]),
    ):
        began = inner["start_time"] if inner is not service else max(inner["start_time"], outer["start_time"])
        assert outer["start_time"] - SLACK_S <= began <= inner["end_time"] <= outer["end_time"] + SLACK_S
    lines = eventually(lambda: followed(main, order), 20, "function and model have logged the request")
    assert set(lines) == {"mlplatform-dev-predictions", "serve"}
    assert lines["serve"]["metadata"]["modelVersion"] == version


def followed(main: Deployed, order: str) -> dict[str, Any]:
    """Function → its line about a request; empty until all have written."""
    groups = ("/aws/lambda/mlplatform-dev-predictions", "/aws/sagemaker/Endpoints/mlplatform-dev-predict")
    lines = [json.loads(line) for group in groups for line in main.log_lines(group) if order in line]
    found = {line["function"]: line for line in lines}
    return found if len(found) == 2 else {}


def test_a_cached_prediction_asks_no_model_and_the_command_draws_it(main: Deployed, user: Caller, fresh: float) -> None:
    assert asked(user, sampled(), fresh).status == 200
    root, order = sampled(), f"order-{secrets.token_hex(6)}"
    assert asked(user, root, fresh, **{"X-Correlation-Id": order}).status == 200
    found = eventually(lambda: segments(main, root), 20, "the trace is whole")
    handler = found["AWS::Lambda::Function"]["subsegments"][-1]
    assert handler["annotations"]["cache"] == "hit"
    assert {part["name"] for part in parts(handler)} & {"inference", "sagemaker-runtime"} == set()
    drawn = main.place.run(main.place.command("traces", order))
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.splitlines()[0] == f"trace {root}"
    assert "mlplatform-dev-api/api [AWS::ApiGateway::Stage] 200" in drawn.stdout
    assert "cache=hit" in drawn.stdout
    listed = main.place.run(main.place.command("traces", "--most", "500"))
    assert root in listed.stdout


def test_a_refused_request_is_a_trace_with_an_error_and_without_what_was_sent(main: Deployed, user: Caller) -> None:
    root, marker = sampled(), f"x{secrets.token_hex(8)}"
    answer = user.call(
        "POST",
        "/ml/predict",
        {"input": row_of(mean_texture=marker)},
        headers={"X-Amzn-Trace-Id": f"Root={root};Sampled=1"},
    )
    assert answer.status == 400
    found = eventually(lambda: segments(main, root), 20, "the trace is whole")
    assert found["AWS::ApiGateway::Stage"]["error"] is True
    handler = found["AWS::Lambda::Function"]["subsegments"][-1]
    assert (handler["error"], handler["annotations"]["code"]) == (True, "model_rejected_input")
    told = json.dumps(found)
    for secret in (marker, user.token, user.email, user.user_id):
        assert secret not in told


def test_a_caller_that_wants_no_trace_gets_none(main: Deployed, user: Caller, fresh: float) -> None:
    root = sampled()
    answer = user.call(
        "POST",
        "/ml/predict",
        {"input": row_of(mean_texture=fresh)},
        headers={"X-Amzn-Trace-Id": f"Root={root};Sampled=0"},
    )
    assert answer.headers["x-amzn-trace-id"] == f"Root={root};Sampled=0"
    missing = main.place.run(main.place.command("traces", root))
    assert missing.returncode == 1
    assert f"no trace '{root}'" in missing.stderr
