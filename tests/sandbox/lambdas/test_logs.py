"""Lines of functions are written when they are read, in their order, once; what counts them hears of each at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.alarms import Alarms
from sandbox.alarms.measured.points import Series
from sandbox.cloud import Cloud
from sandbox.lambdas.instance import Record
from sandbox.lambdas.logs import Logs, lines, streams
from sandbox.lambdas.logs.streams import Stream, stream_of

GROUP, REGION = "/aws/lambda/f", "us-east-1"
NOW_MS = int(time.time() * 1000)


def metric() -> dict[str, Any]:
    """A line with a metric of now."""
    measures = [{"Namespace": "N", "Dimensions": [[]], "Metrics": [{"Name": "M", "Unit": "Count"}]}]
    return {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": measures}, "M": 1}


class Printer:
    """An instance of a function whose log file is a string."""

    def __init__(self, text: str) -> None:
        self.plan = SimpleNamespace(name="f", region=REGION, log_group=GROUP, role="", json_logs=True, memory_mb=128)
        self.stream, self.version, self.init_ms, self.memory_mb = "2026/11/22/[1]a", "1", 80.0, 60
        self.text = text.encode()
        self.loop = SimpleNamespace(call_soon_threadsafe=lambda call, *given: call(*given))

    def read_log(self, start: int, stop: int) -> bytes:
        return self.text[start:stop]

    def delivered(self, count: int, limit: int) -> None:
        assert (count, limit > 0) == (1, True)
        # What is delivered may be gone from the file.
        self.text = b""

    def ran(self, number: int, at_ms: int = NOW_MS) -> Record:
        instance: Any = self
        return Record(instance, f"r{number}", at_ms, at_ms + 2, 1.5, 0, len(self.text))


class Place:
    """A local cloud whose log lines are delivered when a test says so."""

    def __init__(self, cloud: Cloud, alarms: Alarms, logs: Logs) -> None:
        self.cloud, self.alarms, self.logs = cloud, alarms, logs
        self.client = cloud.client("logs")
        logs.watcher = alarms.meter

    def deliver(self, number: int, text: str, at_ms: int = NOW_MS) -> None:
        self.logs.record(Printer(text).ran(number, at_ms))
        self.logs.flush()

    def read(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.filter_log_events(logGroupName=GROUP)["events"]
        return found

    def counted(self, namespace: str, name: str) -> float:
        found = self.alarms.points.windows(Series.of(REGION, namespace, name, {}), time.time() + 60, 120, 1)
        return found[0].total if found else 0.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(Logs, "_run", lambda _logs: None)
    cloud = Cloud()
    cloud.start(0)
    alarms = Alarms(cloud, tmp_path, threaded=False)
    alarms.install()
    logs = Logs(cloud)
    yield Place(cloud, alarms, logs)
    logs.close()
    alarms.close()
    cloud.stop()


@pytest.fixture
def stream(place: Place) -> Stream:
    from moto.logs.models import logs_backends

    place.client.create_log_group(logGroupName=GROUP)
    return stream_of(logs_backends[place.cloud.account][REGION].groups[GROUP], "one")


def test_lines_are_written_when_somebody_reads_them(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    written = list[Record]()

    def noted(record: Record) -> list[lines.Event]:
        written.append(record)
        return lines.events(record)

    monkeypatch.setattr("sandbox.lambdas.logs.delivery.events", noted)
    place.deliver(1, "hello\n")
    place.deliver(2, "again\n")
    assert written == []
    found = place.read()
    assert [row["message"] for row in found if not row["message"].startswith("{")] == ["hello", "again"]
    kinds = [json.loads(row["message"])["type"] for row in found if row["message"].startswith("{")]
    assert kinds == ["platform.start", "platform.report"] * 2
    assert place.read() == found
    assert len(written) == 2


def test_a_stream_tells_size_and_moments_of_lines_that_nobody_read(place: Place) -> None:
    before_ms = int(time.time() * 1000)
    place.deliver(1, "hello\n")
    after_ms = int(time.time() * 1000)
    size = place.client.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["storedBytes"]
    (told,) = place.client.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert (told["firstEventTimestamp"], told["lastEventTimestamp"]) == (NOW_MS, NOW_MS + 2)
    assert before_ms <= told["lastIngestionTime"] <= after_ms
    found = place.read()
    assert size == told["storedBytes"] == sum(len(row["message"]) for row in found)
    assert {row["ingestionTime"] for row in found} == {told["lastIngestionTime"]}


@pytest.mark.parametrize("filtered", [False, True])
def test_metrics_on_lines_count_once_whoever_reads_them(place: Place, *, filtered: bool) -> None:
    place.client.create_log_group(logGroupName=GROUP)
    if filtered:
        change = {"metricName": "Lines", "metricNamespace": "N", "metricValue": "1"}
        place.client.put_metric_filter(
            logGroupName=GROUP, filterName="all", filterPattern="{ $.M = 1 }", metricTransformations=[change]
        )
    said = metric()
    place.deliver(1, json.dumps(said) + "\n", said["_aws"]["Timestamp"])
    assert (place.counted("N", "M"), place.counted("N", "Lines")) == (1, int(filtered))
    assert json.loads(place.read()[1]["message"]) == said
    place.read()
    assert (place.counted("N", "M"), place.counted("N", "Lines")) == (1, int(filtered))


def test_a_line_that_others_put_comes_after_those_that_wait(stream: Stream, place: Place) -> None:
    stream.add(1, lambda: [(NOW_MS, "first")])
    place.client.put_log_events(
        logGroupName=GROUP, logStreamName="one", logEvents=[{"timestamp": NOW_MS, "message": "second"}]
    )
    assert [row["message"] for row in place.read()] == ["first", "second"]


def test_no_line_is_older_than_the_one_before(stream: Stream) -> None:
    stream.add(2, lambda: [(20, "b"), (10, "a")])
    stream.add(1, lambda: [(15, "c")])
    assert [(event.timestamp, event.message) for event in stream.events] == [(10, "a"), (20, "b"), (20, "c")]


def test_the_oldest_lines_go_where_there_are_too_many(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "KEPT", 5)
    wrote = list[int]()

    def lines_of(number: int) -> list[tuple[int, str]]:
        wrote.append(number)
        return [(number, f"{number}{letter}") for letter in "ab"]

    for number in range(9):
        stream.add(2, partial(lines_of, number))
    assert [event.message for event in stream.events] == ["6b", "7a", "7b", "8a", "8b"]
    assert wrote == [6, 7, 8]
    stream.add(2, partial(lines_of, 9))
    assert [event.message for event in stream.events] == ["7b", "8a", "8b", "9a", "9b"]


def test_readers_at_once_see_each_line_once(stream: Stream) -> None:
    def slowly(number: int) -> Iterator[tuple[int, str]]:
        time.sleep(0.01)
        yield number, str(number)

    with ThreadPoolExecutor(4) as readers:
        for number in range(8):
            stream.add(1, partial(slowly, number))
        seen = list(readers.map(lambda _: [event.message for event in list(stream.events)], range(4)))
    assert seen == [[str(number) for number in range(8)]] * 4


def test_a_stream_that_others_made_goes_on(place: Place) -> None:
    place.client.create_log_group(logGroupName=GROUP)
    place.client.create_log_stream(logGroupName=GROUP, logStreamName=Printer("").stream)
    earlier = [{"timestamp": NOW_MS - 1000, "message": "by hand"}]
    place.client.put_log_events(logGroupName=GROUP, logStreamName=Printer("").stream, logEvents=earlier)
    place.deliver(1, "hello\n")
    assert [row["message"] for row in place.read() if not row["message"].startswith("{")] == ["by hand", "hello"]
