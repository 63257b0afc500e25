"""Functions hear of changes to tables: in order, filtered, again after a failure, and never in the writer's way."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.lambdas import Invocation
from sandbox.sources import Streams
from tests.sandbox.containers.support import emptied

ROLE = "arn:aws:iam::123456789012:role/r"
Answer = Callable[[list[dict[str, Any]]], bytes]


class Heard:
    """A runner whose function answers as told."""

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.names: list[str] = []
        self.faults = 0
        self.answer: Answer = lambda _records: b"null"
        self.release: threading.Event | None = None

    def invoke_sync(self, name_or_arn: str, payload: bytes, **_options: Any) -> Invocation:
        records = json.loads(payload)["Records"]
        self.names.append(name_or_arn)
        self.batches.append(records)
        if self.release is not None:
            self.release.wait(10)
        if self.faults:
            self.faults -= 1
            return Invocation(b'{"errorMessage":"no"}', "Unhandled", "", 1.0, "1", "r")
        return Invocation(self.answer(records), None, "", 1.0, "1", "r")

    def ids(self) -> list[list[str]]:
        """The keys of each batch."""
        return [[record["dynamodb"]["Keys"]["id"]["S"] for record in batch] for batch in self.batches]


class Box:
    """A table with a stream, and a mapping to a function."""

    def __init__(self, cloud: Cloud, streams: Streams, heard: Heard) -> None:
        self.cloud, self.streams, self.heard = cloud, streams, heard
        self.tables = cloud.client("dynamodb")
        self.tables.create_table(
            TableName="items",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        stream = self.tables.describe_table(TableName="items")["Table"]["LatestStreamArn"]
        cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("app.py", "")
        self.function = cloud.client("lambda").create_function(
            FunctionName="hear",
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
        self.stream = stream

    def map(self, **options: Any) -> str:
        """Makes the mapping and gives its id."""
        given = {"StartingPosition": "TRIM_HORIZON", **options}
        made = self.cloud.client("lambda").create_event_source_mapping(
            EventSourceArn=self.stream, FunctionName=self.function, **given
        )
        return str(made["UUID"])

    def put(self, *names: str) -> None:
        """Writes items."""
        for name in names:
            self.tables.put_item(TableName="items", Item={"id": {"S": name}, "kind": {"S": name[0]}})


@pytest.fixture
def box(running: Cloud, tmp_path: Path) -> Iterator[Box]:
    heard = Heard()
    streams = Streams(emptied(running), heard, tmp_path, threaded=False)
    streams.install()
    streams.attach(None)
    yield Box(running, streams, heard)
    streams.close()


def test_changes_arrive_in_batches_as_lambda_shapes_them(box: Box) -> None:
    box.map(BatchSize=2)
    box.put("a", "b", "c")
    assert [box.streams.read() for _ in range(3)] == [1, 1, 0]
    assert box.heard.ids() == [["a", "b"], ["c"]]
    record = box.heard.batches[0][0]
    assert (record["eventName"], record["eventSource"], record["awsRegion"]) == ("INSERT", "aws:dynamodb", "us-east-1")
    assert record["eventSourceARN"] == box.stream
    assert record["dynamodb"]["NewImage"] == {"id": {"S": "a"}, "kind": {"S": "a"}}
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)
    assert box.heard.names[0] == box.function


def test_a_writer_neither_waits_for_the_function_nor_fails_with_it(box: Box) -> None:
    box.map()
    box.heard.faults = 1
    box.put("a")
    assert box.heard.batches == []
    box.streams.read()
    assert box.heard.ids() == [["a"]]


def test_only_records_that_match_a_filter_arrive(box: Box) -> None:
    pattern = json.dumps({"dynamodb": {"Keys": {"id": {"S": ["live"]}}}})
    box.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    box.put("a", "live", "b")
    assert box.streams.read() == 1
    assert box.heard.ids() == [["live"]]
    box.put("c")
    assert box.streams.read() == 1
    assert len(box.heard.batches) == 1


@pytest.mark.parametrize(("position", "heard"), [("TRIM_HORIZON", [["old"], ["new"]]), ("LATEST", [["new"]])])
def test_a_mapping_begins_where_it_is_told(box: Box, position: str, heard: list[list[str]]) -> None:
    box.put("old")
    box.map(StartingPosition=position)
    box.streams.read()
    box.put("new")
    box.streams.read()
    assert box.heard.ids() == heard


def test_a_failed_batch_is_tried_again_before_later_ones(box: Box) -> None:
    box.map(BatchSize=1)
    box.heard.faults = 1
    box.put("a", "b")
    assert box.streams.read() == 0
    assert box.streams.read() == 0
    (reader,) = box.streams.readers()
    reader.hurry()
    assert [box.streams.read() for _ in range(2)] == [1, 1]
    assert box.heard.ids() == [["a"], ["a"], ["b"]]


def test_a_batch_that_fails_too_often_goes_to_the_destination_and_the_next_one_on(
    box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    queue = box.cloud.client("sqs").create_queue(QueueName="lost")["QueueUrl"]
    target = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:lost"}}
    box.map(BatchSize=1, MaximumRetryAttempts=0, DestinationConfig=target)
    box.heard.faults = 1
    box.put("a", "b")
    assert [box.streams.read() for _ in range(2)] == [1, 1]
    assert box.heard.ids() == [["a"], ["b"]]
    (message,) = box.cloud.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["functionArn"] == box.function
    assert told["DDBStreamBatchInfo"]["batchSize"] == 1
    assert told["DDBStreamBatchInfo"]["streamArn"] == box.stream
    assert "1 records given up" in caplog.text


def test_reported_failures_are_tried_again_from_the_first_on(box: Box) -> None:
    box.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    box.put("a", "b", "c")

    def second(records: list[dict[str, Any]]) -> bytes:
        if len(records) < 3:
            return b"{}"
        return json.dumps(
            {"batchItemFailures": [{"itemIdentifier": records[1]["dynamodb"]["SequenceNumber"]}]}
        ).encode()

    box.heard.answer = second
    assert [box.streams.read() for _ in range(2)] == [1, 1]
    assert box.heard.ids() == [["a", "b", "c"], ["b", "c"]]


def test_a_disabled_mapping_waits_and_a_lost_region_does(box: Box) -> None:
    identity = box.map()
    box.cloud.client("lambda").update_event_source_mapping(UUID=identity, Enabled=False)
    box.put("a")
    assert box.streams.read() == 0
    box.cloud.client("lambda").update_event_source_mapping(UUID=identity, Enabled=True)
    box.streams.lose("us-east-1")
    assert box.streams.read() == 0
    box.streams.recover("us-east-1")
    assert box.streams.read() == 1


def test_by_itself_it_reads_while_a_function_takes_long(running: Cloud, tmp_path: Path) -> None:
    heard = Heard()
    heard.release = threading.Event()
    streams = Streams(emptied(running), heard, tmp_path)
    streams.install()
    box = Box(running, streams, heard)
    box.map()
    streams.attach(None)
    box.put("a")
    waited = threading.Event()
    for _ in range(200):
        if heard.batches:
            break
        waited.wait(0.05)
    box.put("b")
    heard.release.set()
    for _ in range(200):
        if len(heard.batches) == 2:
            break
        waited.wait(0.05)
    streams.close()
    assert heard.ids() == [["a"], ["b"]]
