"""Functions get the messages of a queue: in batches, again after a failure, and away once they say so."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.lambdas import Invocation
from sandbox.sources import Queues
from tests.sandbox.containers.support import emptied

Answer = Callable[[list[dict[str, Any]]], bytes]


class Heard:
    """A runner whose function answers as told."""

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.names: list[str] = []
        self.error: str | None = None
        self.answer: Answer = lambda _records: b"null"

    def invoke_sync(self, name_or_arn: str, payload: bytes, **_options: Any) -> Invocation:
        records = json.loads(payload)["Records"]
        self.names.append(name_or_arn)
        self.batches.append(records)
        return Invocation(self.answer(records), self.error, "", 1.0, "1", "r")

    def bodies(self) -> list[list[str]]:
        return [[record["body"] for record in batch] for batch in self.batches]


class Box:
    """A queue with dead letters, and a mapping to a function."""

    def __init__(self, cloud: Cloud, queues: Queues, heard: Heard) -> None:
        self.queues, self.heard = queues, heard
        self.sqs, self.functions = cloud.client("sqs"), cloud.client("lambda")
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        redrive = {"deadLetterTargetArn": arn(self.sqs, self.dead), "maxReceiveCount": 2}
        attributes = {"VisibilityTimeout": "0", "RedrivePolicy": json.dumps(redrive)}
        self.url = self.sqs.create_queue(QueueName="work", Attributes=attributes)["QueueUrl"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("code.py", "")
        role = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.functions.create_function(
            FunctionName="work",
            Runtime="python3.13",
            Role=role,
            Handler="code.handler",
            Code={"ZipFile": code.getvalue()},
        )

    def map(self, **more: Any) -> None:
        self.functions.create_event_source_mapping(
            EventSourceArn=arn(self.sqs, self.url), FunctionName="work", **{"BatchSize": 10, **more}
        )

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def waiting(self, url: str | None = None) -> int:
        found = self.sqs.get_queue_attributes(QueueUrl=url or self.url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"])


def arn(sqs: Any, url: str) -> str:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return str(found)


@pytest.fixture
def box(cloud: Cloud, tmp_path: Path) -> Iterator[Box]:
    emptied(cloud)
    heard = Heard()
    queues = Queues(cloud, heard, tmp_path, threaded=False)
    queues.install()
    try:
        yield Box(cloud, queues, heard)
    finally:
        queues.close()


def test_messages_come_in_a_batch_as_lambda_gives_them_and_are_gone_then(box: Box) -> None:
    box.map()
    box.send("a", "b", "c")
    assert box.heard.batches == [], "whoever sends waits for no function"
    assert box.queues.poll() == 3
    (batch,) = box.heard.batches
    assert [record["body"] for record in batch] == ["a", "b", "c"]
    assert {record["eventSource"] for record in batch} == {"aws:sqs"}
    assert batch[0]["attributes"]["ApproximateReceiveCount"] == "1"
    assert batch[0]["eventSourceARN"] == arn(box.sqs, box.url)
    assert (box.waiting(), box.queues.poll()) == (0, 0)


def test_a_batch_is_as_large_as_is_declared(box: Box) -> None:
    box.map(BatchSize=1)
    box.send("a", "b")
    assert [box.queues.poll(), box.queues.poll(), box.queues.poll()] == [1, 1, 0]
    assert sorted(box.heard.bodies()) == [["a"], ["b"]]


def test_only_what_is_reported_comes_again(box: Box) -> None:
    box.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    box.heard.answer = lambda records: json.dumps(
        {"batchItemFailures": [{"itemIdentifier": row["messageId"]} for row in records if row["body"] == "b"]}
    ).encode()
    box.send("a", "b")
    box.queues.poll()
    box.queues.poll()
    assert box.heard.bodies() == [["a", "b"], ["b"]]
    assert box.heard.batches[1][0]["attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.parametrize("answer", [b"{}", b"null", b'{"batchItemFailures": []}', b'{"batchItemFailures": null}'])
def test_an_answer_without_failures_is_a_good_end(box: Box, answer: bytes) -> None:
    box.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    box.heard.answer = lambda _: answer
    box.send("a")
    box.queues.poll()
    assert box.waiting() == 0


@pytest.mark.parametrize(
    "answer",
    [
        b"no JSON",
        b'{"batchItemFailures": [{"itemIdentifier": "none of these"}]}',
        b'{"batchItemFailures": [{}]}',
        b"[7]",
    ],
)
def test_an_answer_that_cannot_be_read_is_a_failure_of_all(box: Box, answer: bytes) -> None:
    box.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    box.heard.answer = lambda _: answer
    box.send("a", "b")
    box.queues.poll()
    assert box.waiting() == 2


def test_what_fails_again_and_again_is_among_the_dead(box: Box) -> None:
    box.map()
    box.heard.error = "Unhandled"
    box.send("a")
    for _ in range(4):
        box.queues.poll()
    assert (len(box.heard.batches), box.waiting(), box.waiting(box.dead)) == (2, 0, 1)


def test_a_mapping_that_is_off_reads_nothing(box: Box) -> None:
    box.map(Enabled=False)
    box.send("a")
    assert (box.queues.poll(), box.waiting()) == (0, 1)


def test_a_lost_region_reads_nothing_until_it_is_back(box: Box) -> None:
    box.map()
    box.send("a")
    box.queues.lose("us-east-1")
    assert box.queues.poll() == 0
    box.queues.recover("us-east-1")
    assert box.queues.poll() == 1
