"""Traces as X-Ray's API and the command tell them, from datagrams, segments and calls of the API."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.ledger import Ledger
from sandbox.tracing.command import lines, listed, tree
from sandbox.tracing.filters import FilterError, read
from sandbox.tracing.runtime import Tracing
from sandbox.tracing.store import MOST_TRACES, Trace, Traces
from sandbox.tracing.tree import drawn

ROOT = "1-5e66d96f-7491f09acf5d6d3f0d9f4d2b"
HEAD = b'{"format": "json", "version": 1}\n'


def document(number: int, **more: Any) -> dict[str, Any]:
    """A segment that began `number` tenths of a second after a moment."""
    began = 1_700_000_000 + number / 10
    return {
        "id": f"{number:016x}",
        "trace_id": ROOT,
        "name": f"part {number}",
        "start_time": began,
        "end_time": began + 1,
        **more,
    }


def within(number: int, parent: int, **more: Any) -> dict[str, Any]:
    return document(number, type="subsegment", parent_id=f"{parent:016x}", **more)


@pytest.fixture
def tracing(tmp_path: Path) -> Iterator[Tracing]:
    made = Tracing(tmp_path)
    made.install()
    made.attach(Ledger())
    yield made
    made.close()


def send(tracing: Tracing, datagram: bytes) -> None:
    host, _, port = tracing.beside(dict)()["AWS_XRAY_DAEMON_ADDRESS"].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(datagram, (host, int(port)))


def eventually(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 10
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value


def now_ish(**more: Any) -> dict[str, Any]:
    began = time.time() - 5
    return {**document(1), "start_time": began, "end_time": began + 0.25, **more}


def test_a_datagram_becomes_a_part_of_its_trace(tracing: Tracing) -> None:
    send(tracing, HEAD + json.dumps(within(2, 1)).encode())
    tracing.traces.add(document(1), "us-east-1")
    trace = eventually(lambda: (found := tracing.traces.find(ROOT)) and len(found.documents) == 2 and found)
    (segment,) = trace.segments()
    assert [part["name"] for part in segment["subsegments"]] == ["part 2"]


@pytest.mark.parametrize(
    "datagram",
    [b"", b"end", HEAD, HEAD + b"[]", HEAD + b'{"id": "1"}', b'{"format": "xml", "version": 1}\n{}', b"\xff\n\xff"],
)
def test_a_datagram_that_is_no_document_is_told_and_the_next_one_is_heard(
    tracing: Tracing, datagram: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="sandbox.tracing.daemon"):
        send(tracing, datagram)
        send(tracing, HEAD + json.dumps(document(1)).encode())
        eventually(lambda: tracing.traces.find(ROOT))
    assert "was no document" in caplog.text


def test_parts_may_arrive_before_and_inside_of_others() -> None:
    traces = Traces()
    inner = {"id": "aa", "name": "inner", "start_time": 1_700_000_000.5, "end_time": 1_700_000_001.0}
    for row in (within(9, 0xAA), within(3, 1), document(1, subsegments=[inner])):
        traces.add(row, "us-east-1")
    trace = traces.find(ROOT)
    assert trace is not None
    # The parent's id is written as a whole one here, the inner part's is not: both places are looked through.
    (segment,) = [row for row in trace.segments() if row["name"] == "part 1"]
    assert [part["name"] for part in segment["subsegments"]] == ["part 3", "inner"]
    assert trace.took_s == pytest.approx(1.8)


def test_only_the_newest_traces_are_kept() -> None:
    traces = Traces()
    for number in range(MOST_TRACES + 3):
        traces.add({**document(1), "trace_id": str(number)})
    assert traces.find("2") is None
    assert traces.find("3") is not None
    with pytest.raises(ValueError, match="lacks trace_id, start_time"):
        traces.add({"id": "1", "name": "x"})


def test_the_api_gives_back_what_was_put_and_what_was_heard(tracing: Tracing, cloud: Cloud) -> None:
    client = cloud.client("xray")
    segment = now_ish(
        http={"request": {"method": "GET", "url": "https://x/api/v1/models"}, "response": {"status": 503}},
        fault=True,
        annotations={"route": "GET /v1/models", "tries": 2, "cold": True},
    )
    answer = client.put_trace_segments(TraceSegmentDocuments=[json.dumps(segment), "{", '{"id": "1"}'])
    assert [row["ErrorCode"] for row in answer["UnprocessedTraceSegments"]] == ["JSONFormatError", "MissingParam"]
    tracing.traces.add({**within(2, 1), "start_time": segment["start_time"]})
    found = client.batch_get_traces(TraceIds=[ROOT, "1-00000000-000000000000000000000000"])
    assert found["UnprocessedTraceIds"] == ["1-00000000-000000000000000000000000"]
    (whole,) = found["Traces"]
    (shown,) = whole["Segments"]
    assert json.loads(shown["Document"])["subsegments"][0]["name"] == "part 2"
    (summary,) = listed(client, 5)
    assert (summary["Id"], summary["HasFault"], summary["HasError"]) == (ROOT, True, False)
    assert summary["Http"] == {"HttpMethod": "GET", "HttpURL": "https://x/api/v1/models", "HttpStatus": 503}
    assert summary["ResponseTime"] == pytest.approx(0.25, abs=0.001)
    assert summary["Annotations"]["tries"][0]["AnnotationValue"] == {"NumberValue": 2.0}
    assert summary["Annotations"]["cold"][0]["AnnotationValue"] == {"BooleanValue": True}
    assert listed(client, 5, 'annotation[route] = "GET /v1/models" AND fault')
    assert not listed(client, 5, 'annotation[route] = "POST /v1/models"')
    (line,) = lines(client, 5)
    assert line.startswith(ROOT)
    assert line.endswith("GET /v1/models 503 fault")
    assert not cloud.in_region("us-west-2").client("xray").batch_get_traces(TraceIds=[ROOT])["Traces"]


@pytest.mark.usefixtures("tracing")
def test_a_question_that_cannot_be_answered_is_refused(cloud: Cloud) -> None:
    client = cloud.client("xray")
    with pytest.raises(ClientError, match="allowed: error, fault"):
        listed(client, 1, 'service("x") { fault }')
    with pytest.raises(ClientError, match="TraceIds must hold 1 to 5 ids"):
        client.batch_get_traces(TraceIds=["1"] * 6)
    with pytest.raises(LookupError, match="no trace 'order-7'"):
        tree(client, "order-7")


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("", True),
        ("fault", False),
        ("error", True),
        ("ok", False),
        ("throttle", False),
        ("partial", False),
        ("http.status = 404", True),
        ("http.status >= 500", False),
        ("responsetime > 0.5 AND duration < 2", True),
        ('annotation.cache = "miss"', True),
        ('annotation["cache"] != "miss"', False),
        ("annotation[rows] >= 3", True),
        ("annotation[rows] = true", False),
        ('annotation[nothing] = "x"', False),
        ('annotation[rows] > "1"', False),
    ],
)
def test_a_filter_holds_or_not(expression: str, fits: bool) -> None:
    segment = document(1, error=True, http={"response": {"status": 404}}, annotations={"cache": "miss", "rows": 3})
    assert read(expression)(Trace(ROOT, documents={"1": segment})) is fits


@pytest.mark.parametrize(
    "expression", ["slow", "fault OR error", "duration = soon", 'http.status = "x"', "duration > 1.2.3"]
)
def test_a_filter_that_is_not_understood_is_named(expression: str) -> None:
    with pytest.raises(FilterError):
        read(expression)


def test_a_trace_is_drawn_as_a_tree_in_order_of_time() -> None:
    exception = {"id": "1", "type": "AwsTimeoutError"}
    rows = drawn(
        [
            document(0, origin="AWS::ApiGateway::Stage", http={"response": {"status": 504}}, fault=True),
            document(
                1,
                parent_id=f"{0:016x}",
                origin="AWS::Lambda",
                subsegments=[
                    {
                        **document(3),
                        "name": "sagemaker-runtime",
                        "aws": {"operation": "InvokeEndpoint"},
                        "fault": True,
                        "cause": {"exceptions": [exception]},
                    },
                    {**document(2), "name": "cache", "annotations": {"command": "GET"}},
                ],
            ),
        ]
    )
    assert rows[1:] == [
        "       0.0    1000.0  part 0 [AWS::ApiGateway::Stage] 504 fault",
        "     100.0    1000.0    part 1 [AWS::Lambda]",
        "     200.0    1000.0      cache command=GET",
        "     300.0    1000.0      sagemaker-runtime InvokeEndpoint fault AwsTimeoutError",
    ]
    assert drawn([]) == []
