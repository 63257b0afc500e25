"""Every line of every log has a form that is known: ours, or that of the service that wrote it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from components.secure_api.watched.access import ACCESS_LOG, API
from tests.journeys.support.caller import Caller
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OURS = ("timestamp", "level", "requestId", "userId", "function", "message", "metadata")
ENDED = re.compile(r"RequestId: [0-9a-f-]{36} Error: Runtime exited [a-z0-9: ]+")
LEVELS = {"INFO", "WARNING", "ERROR"}

Fits = Callable[[Mapping[str, Any]], bool]


def ours(line: Mapping[str, Any]) -> bool:
    """The seven members in their order, then metrics at most, which name themselves."""
    names = tuple(line)
    metrics = line.get("_aws", {}).get("CloudWatchMetrics", [])
    told = {metric["Name"] for row in metrics for metric in row["Metrics"]} | {"_aws", "Function"}
    return (
        names[:7] == OURS
        and set(names[7:]) <= (told if metrics else set())
        and bool(TIMESTAMP.fullmatch(line["timestamp"]))
        and line["level"] in LEVELS
        and isinstance(line["metadata"], dict)
        and bool(line["function"] and line["message"])
        and all(isinstance(line[name], str) for name in ("requestId", "userId", "function", "message"))
    )


def of_lambda(line: Mapping[str, Any]) -> bool:
    """What Lambda itself tells of a run."""
    return set(line) == {"time", "type", "record"} and line["type"] in {"platform.start", "platform.report"}


def of_runtime(line: Mapping[str, Any]) -> bool:
    """What Lambda's runtime client tells of an exception that a step hands on to its caller."""
    return {"timestamp", "level", "errorMessage", "errorType", "requestId", "stackTrace"} <= set(line)


def of_end(line: Mapping[str, Any]) -> bool:
    """What Lambda tells of a process that ended in the middle of a call."""
    return set(line) == {"ended"}


def of_gateway(line: Mapping[str, Any]) -> bool:
    return set(line) == {*ACCESS_LOG, API}


def of_workflow(line: Mapping[str, Any]) -> bool:
    return {"id", "type", "execution_arn", "event_timestamp"} <= set(line)


FORMS: tuple[tuple[str, tuple[Fits, ...]], ...] = (
    (r"/aws/lambda/.+", (ours, of_lambda, of_runtime, of_end)),
    (r"/aws/apigateway/.+/access", (of_gateway,)),
    (r"/aws/vendedlogs/states/.+", (of_workflow,)),
    (r"/aws/sagemaker/.+", (ours,)),
)
"""Log group → the forms that its lines may have. Groups that nothing here writes to stay empty."""


def test_every_line_has_a_known_form(main: Deployed, user: Caller, fresh: float) -> None:
    answer = user.predict(row_of(mean_texture=fresh))
    last = answer.headers["x-amzn-requestid"]
    logs = main.client("logs")
    groups = [row["logGroupName"] for row in logs.describe_log_groups()["logGroups"]]

    def read() -> dict[str, list[str]]:
        found = {group: main.log_lines(group) for group in groups}
        return found if any(last in line for line in found["/aws/lambda/mlplatform-dev-predictions"]) else {}

    seen: Counter[str] = Counter()
    wrong = []
    for group, lines in eventually(read, 20, "the last call is logged").items():
        forms = [fits for pattern, allowed in FORMS if re.fullmatch(pattern, group) for fits in allowed]
        for text in lines:
            found = next((fits.__name__ for fits in forms if fits(parsed(text))), "")
            seen[found] += 1
            if not found:
                wrong.append((group, text[:300]))
    assert wrong == []
    assert {"ours", "of_lambda", "of_gateway", "of_workflow"} <= set(seen)


def parsed(text: str) -> Mapping[str, Any]:
    """A line's document; nothing for a line that is none, but for the one text that Lambda writes."""
    if ENDED.fullmatch(text.strip()):
        return {"ended": text}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
