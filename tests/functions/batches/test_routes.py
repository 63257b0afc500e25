"""The batch routes as their callers see them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from functions.batches.logic import Asked
from functions.batches.operations import operations
from functions.shared.aws.queues import LaterError, Message, consumer
from functions.shared.errors import ApiError
from functions.shared.logs import Log
from tests.functions.batches.bench import Bench
from tests.functions.support.apps import POOL, Answer, Client

BEGIN, STATUS, CANCEL, LIST = "batch-predict", "batch/{id}/status", "batch/{id}", "batches"


@pytest.fixture
def bench(aws: None) -> Bench:
    del aws
    return Bench()


def call(bench: Bench, method: str, path: str, batch_id: str = "", **more: Any) -> Answer:
    if batch_id:
        more["path"] = {"id": batch_id}
    return Client(operations(bench.batches)).call(method, f"/v1/ml/{path}", **more)


def begin(bench: Bench, inputs: Any, **more: Any) -> Answer:
    return call(bench, "POST", BEGIN, body={"inputs": inputs, **more})


def test_a_batch_is_accepted_at_once_and_says_where_to_look(bench: Bench) -> None:
    found = begin(bench, [{"x": 1}, {"x": 2, "metadata": {"order": "A-17"}}])
    assert found.status == 202
    assert found.body["status"] == "QUEUED"
    assert found.body["statusUrl"] == f"/api/v1/ml/batch/{found.body['batchId']}/status"
    assert found.body["estimatedCompletionTime"] > bench.item(found.body["batchId"])["createdAt"]
    bench.turn()
    # What the caller remarks on a row is no part of it.
    assert bench.model.asked == [[{"x": 1}, {"x": 2}]]


def test_results_are_had_by_a_signed_address_for_a_while(bench: Bench) -> None:
    batch_id = begin(bench, [{"x": 1}]).body["batchId"]
    bench.turn()
    found = call(bench, "GET", STATUS, batch_id).body
    assert (found["status"], found["counts"], found["progress"]) == (
        "COMPLETED",
        {"total": 1, "done": 1, "failed": 0},
        1.0,
    )
    assert "X-Amz-Signature=" in found["resultUrl"]
    assert "X-Amz-Expires=900" in found["resultUrl"]
    assert f"results/batch/{batch_id}/results-" in found["resultUrl"]
    assert "callback" not in found


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [{"x": [1]}]}, "inputs.0.x"),
        ({"inputs": [{"x": None}]}, "inputs.0.x"),
        ({"inputs": [7]}, "inputs.0"),
        ({"inputs": [{"x": 1}] * 10_001}, "inputs"),
        ({"inputs": [{"x": 1}], "callbackUrl": "http://app.example.org"}, "callbackUrl"),
        ({"inputs": [{"x": 1}], "callbackUrl": "https://169.254.169.254/latest"}, "callbackUrl"),
        ({"inputs": [{"x": 1}], "callbackUrl": 7}, "callbackUrl"),
        ({"inputs": [{"x": 1}], "more": 1}, "more"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_refused_by_its_field(bench: Bench, body: Any, field: str) -> None:
    found = call(bench, "POST", BEGIN, body=body)
    assert found.status == 400
    assert any(name.startswith(field) for name in found.fields)
    assert bench.messages() == []


def test_a_second_try_is_the_same_batch_and_another_body_is_none(bench: Bench) -> None:
    asked = Asked(
        rows=[{"x": 1}], callback_url=None, user_id="ada", batch_id=str(UUID(int=7)), address="/api/v1/ml/batch"
    )
    first, second = bench.batches.begin(asked), bench.batches.begin(asked)
    assert first == second
    assert bench.messages() == [{"batchId": asked.batch_id}] * 2
    for other in (
        Asked(**{**vars(asked), "rows": [{"x": 2}]}),
        Asked(**{**vars(asked), "user_id": "bob"}),
        Asked(**{**vars(asked), "callback_url": "https://app.example.org/"}),
    ):
        with pytest.raises(ApiError, match="batch_differs"):
            bench.batches.begin(other)
    assert bench.files.rows(asked.batch_id, bench.item(asked.batch_id)["digest"]) == [{"x": 1}]


def test_another_users_batch_is_no_batch(bench: Bench) -> None:
    batch_id = begin(bench, [{"x": 1}]).body["batchId"]
    other = POOL.token(sub="another")
    assert call(bench, "GET", STATUS, batch_id, token=other).code == "unknown_batch"
    assert call(bench, "DELETE", CANCEL, batch_id, token=other).code == "unknown_batch"
    assert call(bench, "GET", LIST, token=other).body["data"] == []
    assert bench.item(batch_id)["status"] == "QUEUED"


def test_a_batch_is_cancelled_once_or_twice_and_not_when_it_is_over(bench: Bench) -> None:
    batch_id = begin(bench, [{"x": 1}]).body["batchId"]
    assert [call(bench, "DELETE", CANCEL, batch_id).status for _ in range(2)] == [204, 204]
    over = begin(bench, [{"x": 1}]).body["batchId"]
    bench.turn()
    assert call(bench, "DELETE", CANCEL, over).code == "batch_over"


def listed(bench: Bench, **query: str) -> tuple[list[str], dict[str, Any]]:
    body = call(bench, "GET", LIST, query=query).body
    return [row["batchId"] for row in body["data"]], body["pagination"]


def test_a_list_that_is_followed_shows_each_batch_once_while_others_are_begun(bench: Bench) -> None:
    every = [begin(bench, [{"x": number}]).body["batchId"] for number in range(5)]
    shown, pagination = listed(bench, limit="2")
    begin(bench, [{"x": 9}])
    while pagination["hasNext"]:
        more, pagination = listed(bench, limit="2", cursor=pagination["next"])
        shown += more
    assert sorted(shown) == sorted(every)
    assert len(set(shown)) == 5


def test_pages_are_counted(bench: Bench) -> None:
    for number in range(3):
        begin(bench, [{"x": number}])
    _, first = listed(bench, limit="2")
    last, second = listed(bench, limit="2", page="2")
    assert (first["total"], first["totalPages"], first["hasNext"], first["hasPrevious"]) == (3, 2, True, False)
    assert (len(last), second["hasNext"], second["hasPrevious"]) == (1, False, True)


class Kept:
    """Which messages were to be hidden for how long."""

    def __init__(self) -> None:
        self.hidden: list[tuple[str, int]] = []

    def hide(self, receipt: str, wait_s: int) -> None:
        self.hidden.append((receipt, wait_s))


class Context:
    """Of one invocation."""

    aws_request_id = "r"

    def get_remaining_time_in_millis(self) -> int:
        return 1500


def records(bodies: Iterable[str]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": str(at),
                "receiptHandle": f"h{at}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "2"},
            }
            for at, body in enumerate(bodies)
        ]
    }


def test_a_message_that_fails_fails_alone_and_one_that_waits_is_hidden() -> None:
    kept, log, seen = Kept(), io.StringIO(), []

    def take(message: Message) -> dict[str, Any]:
        seen.append((message.tries, message.remaining_s()))
        if "later" in message.body:
            raise LaterError("not now", 90_000)
        if "bad" in message.body:
            raise ValueError("secret text")
        return {"ok": True}

    handler = consumer(lambda: (take, kept, Log("f", out=log)))
    found = handler(records(['{"ok": 1}', '{"later": 1}', '{"bad": 1}', "no JSON"]), Context())
    assert [row["itemIdentifier"] for row in found["batchItemFailures"]] == ["1", "2", "3"]
    assert kept.hidden == [("h1", 43_200)]
    assert seen[0] == (2, 1.5)
    levels = [json.loads(line)["level"] for line in log.getvalue().splitlines()]
    assert levels == ["INFO", "WARNING", "ERROR", "ERROR"]
    assert "secret text" not in log.getvalue()
