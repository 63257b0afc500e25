"""Batches over a table, a bucket and queues in moto, with a model and transforms that a test steers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from functions.batches.logic import Asked, Batches
from functions.batchwork.finish import Finish
from functions.batchwork.large import GONE, BusyError, Large
from functions.batchwork.logic import Work
from functions.batchwork.small import Small
from functions.shared.aws.queues import Message, Queue
from functions.shared.aws.sdk import client
from functions.shared.batches.files import BatchFiles
from functions.shared.batches.record import BatchesTable
from functions.shared.errors import ApiError
from tests.functions.support.calls import REGION
from tests.functions.support.cloud import index

BUCKET, PREFIX = "mlplatform-test-processed", "mlplatform-test-batch-"
PIECE = 2
NAMES = ("batches", "callbacks")


class Model:
    """Doubles `x`; rejects texts; fails as often as it is told."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.asked: list[list[Any]] = []

    def ask(self, body: bytes) -> Any:
        if self.problems:
            raise ApiError(self.problems.pop(0))
        rows = json.loads(body)["instances"]
        self.asked.append(rows)
        return {"modelVersion": "v1", "predictions": [prediction(row["x"]) for row in rows]}


def prediction(value: Any) -> dict[str, Any]:
    """What the container says of one row."""
    if isinstance(value, str):
        return {"errors": [{"field": "x", "message": "not a number"}]}
    return {"prediction": value * 2, "confidence": 1.0, "alternatives": []}


@dataclass
class Transforms:
    """SageMaker's jobs; `end` lets one end as the container would."""

    states: dict[str, str] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    busy: bool = False
    places: dict[str, tuple[str, str]] = field(default_factory=dict)

    def name(self, batch_id: str) -> str:
        return f"{PREFIX}{UUID(batch_id).hex}"

    def begin(self, name: str, source: str, target: str) -> None:
        if self.busy:
            raise BusyError
        if name not in self.states:
            self.begun.append(name)
            self.states[name], self.places[name] = "InProgress", (source, target)

    def state(self, name: str) -> str:
        return self.states.get(name, GONE)

    def stop(self, name: str) -> None:
        if self.states.get(name) == "InProgress":
            self.states[name] = "Stopped"

    def end(self, name: str, state: str = "Completed", *, answers: int = 1000) -> None:
        """Answers so many pieces, under the folder that SageMaker makes below the prefix, and ends."""
        source, target = (place.removeprefix(f"s3://{BUCKET}/") for place in self.places[name])
        s3, model = client("s3"), Model()
        for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix=source)["Contents"][:answers]:
            body = s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read()
            place = f"{target}pieces/{entry['Key'].rsplit('/', 1)[1]}.out"
            s3.put_object(Bucket=BUCKET, Key=place, Body=json.dumps(model.ask(body)).encode())
        self.states[name] = state


class Bench:
    """Everything that batches stand on."""

    def __init__(self, *, endpoint_rows: int = 4, most: int = 2) -> None:
        client("dynamodb").create_table(
            TableName="batches",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "batchId", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("batchId", "userId", "createdAt")
            ],
            GlobalSecondaryIndexes=[index("UserIndex", userId="HASH", createdAt="RANGE")],
        )
        client("s3").create_bucket(Bucket=BUCKET)
        self.urls = {name: client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in NAMES}
        self.table, self.files = BatchesTable("batches", REGION), BatchFiles(BUCKET)
        self.model, self.transforms = Model(), Transforms()
        self.pauses: list[float] = []
        queue = Queue(self.urls["batches"])
        self.batches = Batches(table=self.table, files=self.files, queue=queue, endpoint_rows=endpoint_rows)
        finish = Finish(self.table, self.files, Queue(self.urls["callbacks"]))
        small = Small(
            finish=finish,
            answers=self.files,
            model=self.model,
            queue=queue,
            piece_rows=PIECE,
            tries=3,
            sleep=self.pauses.append,
        )
        large = Large(
            finish=finish,
            questions=self.files,
            transforms=self.transforms,
            slots=self.table,
            queue=queue,
            piece_rows=PIECE,
            most=most,
            wait_s=0,
        )
        self.work = Work(table=self.table, small=small, large=large, prefix=PREFIX)

    def begin(self, number: int, rows: list[Any] | None = None, *, url: str | None = None, user: str = "ada") -> str:
        """A batch of `x` = 0, 1, …, or of these values."""
        found = [{"x": value} for value in rows or range(3)]
        batch_id = str(UUID(int=number))
        asked = Asked(rows=found, callback_url=url, user_id=user, batch_id=batch_id, address="/api/v1/ml/batch")
        self.batches.begin(asked)
        return batch_id

    def messages(self, name: str = "batches") -> list[Any]:
        """Takes everything out of a queue."""
        found: list[Any] = []
        while True:
            answer = client("sqs").receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10)
            if not answer.get("Messages"):
                return found
            for row in answer["Messages"]:
                found.append(json.loads(row["Body"]))
                client("sqs").delete_message(QueueUrl=self.urls[name], ReceiptHandle=row["ReceiptHandle"])

    def take(self, body: Mapping[str, Any], *, tries: int = 1, remaining_s: float = 180.0) -> Mapping[str, Any]:
        """One delivery."""
        return self.work.take(Message(body, tries, lambda: remaining_s))

    def turn(self) -> list[Any]:
        """Deals with every message that waits; what came of each."""
        return [self.take(body) for body in self.messages()]

    def item(self, batch_id: str) -> dict[str, Any]:
        """The record."""
        found = self.table.get(batch_id)
        assert found is not None
        return found

    def results(self, batch_id: str) -> list[Any]:
        """The lines of the results."""
        key = f"results/batch/{batch_id}/{self.item(batch_id)['results']}"
        return [
            json.loads(line) for line in client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().splitlines()
        ]
