"""Metric filters: which lines fit, what they count, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sandbox.alarms.patterns import PatternError, read
from tests.sandbox.alarms.conftest import Place

LINE = {
    "status": "401",
    "code": 42,
    "path": "/v1/models/{version}",
    "open": True,
    "none": None,
    "userIdentity": {"type": "Root", "name": "x-y"},
}


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ('{ $.status = "401" }', True),
        ('{ $.status = "401" || $.status = "403" }', True),
        ('{ ($.status = "403") || ($.code >= 42 && $.code < 43) }', True),
        ('{ $.status = "403" || $.code = 42 && $.code != 42 }', False),
        ("{ $.status = 401 }", False),
        ('{ $.code = "42" }', False),
        ("{ $.code != 41 }", True),
        ("{ $.missing != 41 }", False),
        ('{ $.missing != "x" }', False),
        ("{ $.status > 400 }", False),
        ('{ $.path = "/v1/models/*" }', True),
        ("{ $.path = /v1/* }", True),
        ('{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS }', True),
        ("{ $.userIdentity.type.more = 1 }", False),
        ("{ $.open IS TRUE }", True),
        ("{ $.open IS FALSE }", False),
        ("{ $.none IS NULL }", True),
        ("{ $.missing IS NULL }", False),
        ("{ $.none NOT EXISTS }", False),
        ("401", True),
        ("401 models", True),
        ("401 -Root", False),
        ("?absent ?Root", True),
        ("?absent ?gone", False),
        ('"x-y"', True),
        ("", True),
    ],
)
def test_a_line_fits_or_not(pattern: str, fits: bool) -> None:
    assert read(pattern)(json.dumps(LINE)) is fits


@pytest.mark.parametrize("line", ["", "plain 401", '["401"]', "{", '{"status": 401'])
def test_a_line_that_is_no_document_fits_no_condition(line: str) -> None:
    assert not read('{ $.status = "401" }')(line)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a = 1 || }",
        "{ ($.a = 1 }",
        "{ $.a = 1 ) }",
        "{ $.a IS MAYBE }",
        "{ $.a > x }",
        "{ $.list[0] = 1 }",
        "{ $.a = %regex% }",
        "{ a = 1 }",
        "[ip, user]",
        "%regex%",
    ],
)
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        read(pattern)


@given(text=st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        fits = read(text)
    except PatternError:
        return
    assert fits(json.dumps(LINE)) in {True, False}


@given(value=st.text(max_size=20).filter(lambda text: not set(text) & set('"\\*')))
def test_a_text_fits_itself_alone(value: str) -> None:
    fits = read(f'{{ $.a = "{value}" }}')
    assert fits(json.dumps({"a": value}, ensure_ascii=False))
    assert not fits(json.dumps({"a": f"{value}x"}))


def filtered(place: Place, pattern: str, **change: Any) -> Any:
    logs = place.cloud.client("logs")
    logs.create_log_group(logGroupName="/access")
    logs.create_log_stream(logGroupName="/access", logStreamName="s")
    given = {"metricName": "Unauthorized", "metricNamespace": "Access", "metricValue": "1", **change}
    logs.put_metric_filter(logGroupName="/access", filterName="f", filterPattern=pattern, metricTransformations=[given])
    return logs


def summed(place: Place, **dimensions: str) -> float:
    at = place.clock[0]
    answer = place.cloudwatch.get_metric_statistics(
        Namespace="Access",
        MetricName="Unauthorized",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=at - 300,
        EndTime=at + 300,
        Period=600,
        Statistics=["Sum"],
    )
    return float(sum(row["Sum"] for row in answer["Datapoints"]))


def put(logs: Any, *lines: dict[str, Any], at: float) -> None:
    events = [{"timestamp": int(at * 1000), "message": json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName="/access", logStreamName="s", logEvents=events)


def test_a_filter_counts_lines_by_what_they_say(place: Place) -> None:
    place.clock[0] = time.time()
    logs = filtered(place, '{ $.status = "401" }', unit="Count", dimensions={"ApiName": "$.api"})
    line = {"status": "401", "api": "one"}
    put(logs, line, line, {**line, "api": "two"}, {**line, "status": "200"}, {"status": "401"}, at=place.clock[0])
    assert (summed(place, ApiName="one"), summed(place, ApiName="two"), summed(place)) == (2, 1, 0)


def test_a_filter_that_is_put_again_counts_once(place: Place) -> None:
    place.clock[0] = time.time()
    logs = filtered(place, "x")
    change = {"metricName": "Unauthorized", "metricNamespace": "Access", "metricValue": "3"}
    logs.put_metric_filter(
        logGroupName="/access", filterName="f", filterPattern='"401"', metricTransformations=[change]
    )
    put(logs, {"status": "401"}, at=place.clock[0])
    assert summed(place) == 3


@pytest.mark.parametrize(("pattern", "value"), [("[ip]", "1"), ("x", "$.size")])
def test_a_filter_that_would_count_nothing_here_is_refused(place: Place, pattern: str, value: str) -> None:
    with pytest.raises(ClientError, match="Invalid metric filter"):
        filtered(place, pattern, metricValue=value)
