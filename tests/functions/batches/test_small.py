"""Small batches: pieces through the endpoint, each row with an answer or an error, whatever happens in between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.shared.aws.queues import LaterError
from functions.shared.errors import ApiError
from functions.shared.tasks import WorkError
from tests.functions.batches.bench import Bench

URL = "https://app.example.org/hook"


@pytest.fixture
def bench(aws: None) -> Bench:
    del aws
    return Bench()


def told(bench: Bench) -> list[tuple[str, str]]:
    return [(json.loads(row["body"])["event"], row["url"]) for row in bench.messages("callbacks")]


def test_every_row_gets_its_answer_in_order_and_one_that_is_wrong_spoils_no_other(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, "no number", 3])
    bench.turn()
    found = bench.results(batch_id)
    assert [row["index"] for row in found] == [0, 1, 2]
    assert [row.get("result", {}).get("prediction") for row in found] == [2, None, 6]
    assert found[1]["error"]["code"] == "model_rejected_input"
    assert found[1]["error"]["details"] == [{"field": "x", "message": "not a number"}]
    item = bench.item(batch_id)
    assert (item["status"], item["total"], item["done"], item["failed"]) == ("COMPLETED", 3, 3, 1)
    assert len(bench.model.asked) == 2


def test_its_caller_is_told_once_with_the_counts(bench: Bench) -> None:
    batch_id = bench.begin(1, url=URL)
    bench.turn()
    (row,) = bench.messages("callbacks")
    body = json.loads(row["body"])
    assert (row["url"], body["event"], body["counts"]) == (URL, "batch.completed", {"total": 3, "done": 3, "failed": 0})
    assert body["statusUrl"] == f"/api/v1/ml/batch/{batch_id}/status"
    bench.take({"batchId": batch_id})
    assert told(bench) == []


def test_a_process_that_is_killed_after_a_piece_loses_nothing_and_asks_for_none_twice(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3, 4], url=URL)
    bench.messages()
    with pytest.raises(SystemExit):
        killed(bench, batch_id)
    assert bench.item(batch_id)["status"] == "RUNNING"
    bench.take({"batchId": batch_id}, tries=2)
    assert [row["result"]["prediction"] for row in bench.results(batch_id)] == [2, 4, 6, 8]
    assert bench.model.asked == [[{"x": 1}, {"x": 2}], [{"x": 3}, {"x": 4}]]
    assert told(bench) == [("batch.completed", URL)]


def killed(bench: Bench, batch_id: str) -> None:
    """A delivery that ends in the middle: the second piece is never asked."""
    ask = bench.model.ask

    def once(body: bytes) -> Any:
        if bench.model.asked:
            raise SystemExit(137)
        return ask(body)

    bench.model.__dict__["ask"] = once
    try:
        bench.take({"batchId": batch_id})
    finally:
        del bench.model.__dict__["ask"]


def test_a_process_that_is_killed_before_it_tells_tells_later(bench: Bench) -> None:
    batch_id = bench.begin(1, url=URL)
    bench.turn()
    assert told(bench) == [("batch.completed", URL)]
    bench.table.change(batch_id, {"callback": "PENDING"}, where={"status": ("COMPLETED",)})
    bench.take({"batchId": batch_id}, tries=2)
    assert told(bench) == [("batch.completed", URL)]


def test_a_run_that_is_short_of_time_goes_on_in_another_one(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3])
    (body,) = bench.messages()
    assert bench.take(body, remaining_s=60)["status"] == "RUNNING"
    bench.turn()
    assert bench.item(batch_id)["status"] == "COMPLETED"


def test_an_endpoint_that_is_away_for_a_moment_is_asked_again_within_a_run(bench: Bench) -> None:
    batch_id = bench.begin(1)
    bench.model.problems = ["throttled", "model_unavailable"]
    bench.turn()
    assert (bench.item(batch_id)["status"], bench.pauses) == ("COMPLETED", [1.0, 4.0])


@pytest.mark.parametrize(("tries", "wait_s"), [(1, 30), (2, 60)])
def test_one_that_stays_away_is_asked_later(bench: Bench, tries: int, wait_s: int) -> None:
    batch_id = bench.begin(1)
    bench.model.problems = ["model_unavailable"] * 3
    with pytest.raises(LaterError) as found:
        bench.take({"batchId": batch_id}, tries=tries)
    assert (found.value.wait_s, bench.item(batch_id)["status"]) == (wait_s, "RUNNING")


def test_in_the_end_a_batch_fails_with_what_is_done_and_its_caller_is_told(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3], url=URL)
    bench.files.put_answer(batch_id, 0, bench.model.ask(b'{"instances": [{"x": 1}, {"x": 2}]}'))
    bench.model.problems = ["timeout"] * 3
    bench.take({"batchId": batch_id}, tries=3)
    item = bench.item(batch_id)
    assert (item["status"], item["failure"], item["done"]) == ("FAILED", "timeout", 2)
    assert [("error" in row) for row in bench.results(batch_id)] == [False, False, True]
    assert told(bench) == [("batch.failed", URL)]


@pytest.mark.parametrize("code", ["model_failed", "model_rejected_input"])
def test_a_piece_that_the_model_fails_on_is_an_error_of_its_rows_alone(bench: Bench, code: str) -> None:
    batch_id = bench.begin(1, [1, 2, 3])
    bench.model.problems = [code]
    bench.turn()
    found = bench.results(batch_id)
    assert [row.get("error", {}).get("code") for row in found] == [code, code, None]
    assert bench.item(batch_id)["status"] == "COMPLETED"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"modelVersion": "v1"},
        {"modelVersion": "v1", "predictions": [{}]},
        {"modelVersion": "v1", "predictions": [{}, 7]},
    ],
)
def test_an_answer_of_another_shape_is_an_error_of_its_rows_and_none_is_guessed(bench: Bench, document: Any) -> None:
    batch_id = bench.begin(1, [1, 2, 3])
    bench.files.put_answer(batch_id, 0, document)
    bench.turn()
    found = bench.results(batch_id)
    assert [row.get("error", {}).get("code") for row in found] == ["model_failed", "model_failed", None]


def test_a_batch_that_is_cancelled_keeps_what_was_done(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3, 4], url=URL)
    ask = bench.model.ask

    def cancelling(body: bytes) -> Any:
        bench.batches.cancel(batch_id, "ada")
        return ask(body)

    bench.model.__dict__["ask"] = cancelling
    bench.take({"batchId": batch_id})
    item = bench.item(batch_id)
    assert (item["status"], item["done"]) == ("CANCELLED", 2)
    codes = [row.get("error", {}).get("code") for row in bench.results(batch_id)]
    assert codes == [None, None, "batch_cancelled", "batch_cancelled"]
    assert told(bench) == []


def test_one_that_is_cancelled_before_its_turn_is_not_begun(bench: Bench) -> None:
    batch_id = bench.begin(1)
    bench.batches.cancel(batch_id, "ada")
    bench.turn()
    assert (bench.item(batch_id)["status"], bench.model.asked) == ("CANCELLED", [])


def test_two_deliveries_at_once_come_to_one_end(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3, 4], url=URL)
    ask, between = bench.model.ask, [True]

    def twice(body: bytes) -> Any:
        if between:
            between.clear()
            bench.take({"batchId": batch_id}, tries=2)
        return ask(body)

    bench.model.__dict__["ask"] = twice
    assert bench.take({"batchId": batch_id})["status"] == "COMPLETED"
    assert [row["result"]["prediction"] for row in bench.results(batch_id)] == [2, 4, 6, 8]
    assert told(bench) == [("batch.completed", URL)]


@pytest.mark.parametrize("body", [{"batchId": "00000000-0000-0000-0000-00000000002a"}, {"stop": "none"}])
def test_a_message_of_a_batch_that_is_gone_is_dropped(bench: Bench, body: dict[str, Any]) -> None:
    assert bench.take(body)["status"] == ""


@pytest.mark.parametrize("body", [{}, {"job": "somebody-elses"}, {"job": "mlplatform-test-batch-short"}])
def test_a_message_that_nobody_sent_is_told_apart(bench: Bench, body: dict[str, Any]) -> None:
    with pytest.raises(WorkError, match="allowed"):
        bench.take(body)


def test_work_keeps_a_record_for_as_long_as_it_was_promised(bench: Bench) -> None:
    batch_id = bench.begin(1)
    before = bench.item(batch_id)
    assert before["ttl"] < before["keepUntil"]
    bench.turn()
    assert bench.item(batch_id)["ttl"] == before["keepUntil"]


def test_another_users_batch_is_unknown(bench: Bench) -> None:
    batch_id = bench.begin(1)
    for call in (bench.batches.status, bench.batches.cancel):
        with pytest.raises(ApiError, match="unknown_batch"):
            call(batch_id, "bob")
    with pytest.raises(ApiError, match="unknown_batch"):
        bench.batches.status("#transforms/us-east-1", "ada")
