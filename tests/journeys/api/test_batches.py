"""Batches through the API: accepted at once, answered row by row, by the endpoint or by a transform, and none lost."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from functions.batches.schemas import Accepted, BatchPage, BatchStatus
from tests.journeys.support.caller import Caller, demo
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
WORKER = "awslambdaric functions.batchwork.handler.handler"


def begin(caller: Caller, rows: list[dict[str, Any]], **more: Any) -> str:
    answer = caller.call("POST", "/ml/batch-predict", {"inputs": rows, **more})
    assert answer.status == 202, answer.text
    return Accepted.model_validate_json(answer.text).batch_id


def status(caller: Caller, batch_id: str) -> BatchStatus:
    answer = caller.call("GET", f"/ml/batch/{batch_id}/status")
    assert answer.status == 200, answer.text
    return BatchStatus.model_validate_json(answer.text)


def over(caller: Caller, batch_id: str, limit_s: float = 90) -> BatchStatus:
    """The batch, once it is over."""
    found: list[BatchStatus] = []

    def ended() -> bool:
        found.append(status(caller, batch_id))
        return found[-1].status not in {"QUEUED", "RUNNING"}

    eventually(ended, limit_s, f"batch {batch_id} is over")
    return found[-1]


def results(found: BatchStatus) -> list[dict[str, Any]]:
    """The lines behind the address, as any HTTP client gets them."""
    where = urlsplit(str(found.result_url))
    with closing(http.client.HTTPConnection(where.netloc, timeout=10)) as connection:
        connection.request("GET", f"{where.path}?{where.query}")
        answer = connection.getresponse()
        assert answer.status == 200
        return [json.loads(line) for line in answer.read().splitlines()]


def test_a_small_batch_is_answered_and_a_wrong_row_spoils_no_other(user: Caller, fresh: float) -> None:
    batch_id = begin(user, [row_of(mean_texture=fresh), row_of(mean_texture="no number"), row_of(mean_texture=20)])
    found = over(user, batch_id)
    assert (found.status, found.counts.model_dump()) == ("COMPLETED", {"total": 3, "done": 3, "failed": 1})
    lines = results(found)
    single = user.predict(row_of(mean_texture=fresh)).content
    assert [line["index"] for line in lines] == [0, 1, 2]
    assert (lines[0]["result"], lines[0]["modelVersion"]) == (single["result"], single["modelVersion"])
    assert lines[1]["error"]["details"][0]["field"] == "mean_texture"


def test_a_large_batch_is_run_by_a_transform_of_the_live_model(main: Deployed, user: Caller, fresh: float) -> None:
    rows = [row_of(mean_texture=fresh + at / 1000) for at in range(1001)]
    batch_id = begin(user, rows)
    found = over(user, batch_id)
    assert (found.status, found.counts.done, found.counts.failed) == ("COMPLETED", 1001, 0)
    lines = results(found)
    assert [line["index"] for line in lines] == list(range(1001))
    assert lines[-1]["result"] == user.predict(rows[-1]).content["result"]
    name = f"mlplatform-dev-batch-{batch_id.replace('-', '')}"
    job = main.client("sagemaker").describe_transform_job(TransformJobName=name)
    assert (job["TransformJobStatus"], job["TransformResources"]["InstanceType"]) == ("Completed", "ml.m5.xlarge")


def test_a_batch_is_cancelled_and_its_transform_ends(main: Deployed, user: Caller) -> None:
    batch_id = begin(user, [row_of()] * 1001)
    assert user.call("DELETE", f"/ml/batch/{batch_id}").status == 204
    assert user.call("DELETE", f"/ml/batch/{batch_id}").status == 204
    assert over(user, batch_id).status == "CANCELLED"
    table, slots = main.table("batches"), {"batchId": {"S": f"#transforms/{main.state.region}"}}

    def free() -> bool:
        item = main.client("dynamodb").get_item(TableName=table, Key=slots, ConsistentRead=True).get("Item", {})
        return batch_id not in item.get("running", {}).get("SS", [])

    eventually(free, 60, "the slot is free")


def test_a_key_begins_one_batch(user: Caller, fresh: float) -> None:
    body = {"inputs": [row_of(mean_texture=fresh)]}
    key = {"Idempotency-Key": f"batch-{fresh}"}
    first, second = (user.call("POST", "/ml/batch-predict", body, headers=key) for _ in range(2))
    assert (first.status, first.content) == (202, second.content)
    other = {"inputs": [row_of(mean_texture=fresh + 1)]}
    assert user.call("POST", "/ml/batch-predict", other, headers=key).status == 409
    over(user, first.content["batchId"])


def test_a_batch_is_its_callers_alone_and_stands_in_a_list(user: Caller, stranger: Caller) -> None:
    batch_id = begin(user, [row_of()])
    stranger.call("GET", f"/ml/batch/{batch_id}/status").refused(404, "unknown_batch")
    stranger.call("DELETE", f"/ml/batch/{batch_id}").refused(404, "unknown_batch")
    listed = BatchPage.model_validate_json(user.call("GET", "/ml/batches?limit=100").text)
    assert batch_id in [row.batch_id for row in listed.data]
    others = BatchPage.model_validate_json(stranger.call("GET", "/ml/batches").text)
    assert batch_id not in [row.batch_id for row in others.data]
    over(user, batch_id)


@pytest.mark.parametrize("url", ["http://app.example.org/", "https://127.0.0.1/", "https://169.254.169.254/latest"])
def test_a_callback_leads_nowhere_inside(user: Caller, url: str) -> None:
    answer = user.call("POST", "/ml/batch-predict", {"inputs": [row_of()], "callbackUrl": url})
    assert [row["field"] for row in answer.refused(400, "invalid_request")] == ["callbackUrl"]


@pytest.fixture
def impatient(spare: Deployed) -> Iterator[Deployed]:
    """A sandbox whose work comes back soon after a worker has died."""
    sqs = spare.client("sqs")
    url = sqs.get_queue_url(QueueName="mlplatform-dev-batches")["QueueUrl"]
    declared = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "4"})
    yield spare
    sqs.set_queue_attributes(QueueUrl=url, Attributes=declared)


def test_no_accepted_batch_is_lost_when_a_worker_is_killed(impatient: Deployed, fresh: float) -> None:
    caller = demo(impatient)
    batch_id = begin(caller, [row_of(mean_texture=fresh + at / 1000) for at in range(1000)])
    eventually(lambda: status(caller, batch_id).counts.done, 60, "some rows are done")
    for number, command in impatient.place.processes().items():
        if command.endswith(WORKER):
            os.kill(number, signal.SIGKILL)
    found = over(caller, batch_id)
    assert (found.status, found.counts.done, found.counts.failed) == ("COMPLETED", 1000, 0)
    assert [line["index"] for line in results(found)] == list(range(1000))
