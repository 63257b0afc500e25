"""Large batches: transforms, so many at once as may run, and none lost, whoever is killed when."""

from __future__ import annotations

import pytest

from functions.shared.aws.sdk import client
from functions.shared.batches.record import BatchesTable
from functions.shared.models import ChangedError
from tests.functions.batches.bench import BUCKET, Bench

ROWS = [1, 2, "no number", 4, 5]


@pytest.fixture
def bench(aws: None) -> Bench:
    del aws
    return Bench(endpoint_rows=4, most=2)


def name(bench: Bench, batch_id: str) -> str:
    return bench.transforms.name(batch_id)


def ended(bench: Bench, batch_id: str, state: str = "Completed", *, answers: int = 1000) -> None:
    """A transform ends, and its event is dealt with."""
    bench.transforms.end(name(bench, batch_id), state, answers=answers)
    bench.take({"job": name(bench, batch_id)})


def test_a_large_batch_is_a_transform_and_its_rows_keep_their_order(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    bench.turn()
    assert bench.item(batch_id)["status"] == "RUNNING"
    ended(bench, batch_id)
    found = bench.results(batch_id)
    assert [row.get("result", {}).get("prediction") for row in found] == [2, 4, None, 8, 10]
    assert [row["index"] for row in found] == [0, 1, 2, 3, 4]
    item = bench.item(batch_id)
    assert (item["status"], item["done"], item["failed"]) == ("COMPLETED", 5, 1)
    assert bench.table.running() == []
    assert bench.model.asked == []


def test_its_pieces_lie_where_the_job_reads(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    bench.turn()
    source, target = bench.transforms.places[name(bench, batch_id)]
    assert source == f"s3://{BUCKET}/results/batch/{batch_id}/pieces/"
    assert target == f"s3://{BUCKET}/results/batch/{batch_id}/answers/"
    keys = client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"results/batch/{batch_id}/pieces/")["Contents"]
    assert [row["Key"].rsplit("/", 1)[1] for row in keys] == ["00000.json", "00001.json", "00002.json"]


def test_more_than_may_run_wait_and_each_gets_its_turn(bench: Bench) -> None:
    batches = [bench.begin(number, ROWS) for number in range(1, 6)]
    bench.turn()
    assert len(bench.transforms.begun) == 2
    rounds = 0
    while any(bench.item(batch_id)["status"] != "COMPLETED" for batch_id in batches):
        running = bench.table.running()
        assert 1 <= len(running) <= 2
        ended(bench, running[0])
        bench.turn()
        rounds += 1
        assert rounds <= 5
    assert len(bench.transforms.begun) == 5
    assert bench.table.running() == []


def test_waiting_uses_up_no_try(bench: Bench) -> None:
    for number in range(1, 4):
        bench.begin(number, ROWS)
    bench.turn()
    for _ in range(20):
        (body,) = bench.messages()
        assert bench.take(body, tries=1)["status"] == "QUEUED"


def test_an_account_without_room_for_another_job_lets_a_batch_wait(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    bench.transforms.busy = True
    bench.turn()
    assert (bench.table.running(), bench.item(batch_id)["status"]) == ([], "QUEUED")
    bench.transforms.busy = False
    bench.turn()
    ended(bench, batch_id)
    assert bench.item(batch_id)["status"] == "COMPLETED"


def test_a_second_delivery_starts_no_second_job_and_takes_no_second_slot(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    for tries in (1, 2):
        bench.take({"batchId": batch_id}, tries=tries)
    assert (len(bench.transforms.begun), bench.table.running()) == (1, [batch_id])
    for _ in range(2):
        ended(bench, batch_id)
    bench.take({"batchId": batch_id}, tries=3)
    assert (len(bench.transforms.begun), bench.table.running()) == (1, [])


@pytest.mark.parametrize(("state", "failure"), [("Failed", "model_failed"), ("Stopped", "batch_stopped")])
def test_a_job_that_ends_otherwise_fails_its_batch_with_what_is_done(bench: Bench, state: str, failure: str) -> None:
    batch_id = bench.begin(1, [1, 2, 3, 4, 5])
    bench.turn()
    ended(bench, batch_id, state, answers=1)
    item = bench.item(batch_id)
    assert (item["status"], item["failure"], item["done"]) == ("FAILED", failure, 2)
    assert [row.get("error", {}).get("code") for row in bench.results(batch_id)] == [None, None, *[failure] * 3]
    assert bench.table.running() == []


def test_the_sweep_ends_a_batch_whose_event_was_lost(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    bench.turn()
    assert bench.take({"sweep": True})["metrics"] == {"TransformsRunning": 1}
    assert bench.item(batch_id)["status"] == "RUNNING"
    bench.transforms.end(name(bench, batch_id))
    bench.take({"sweep": True})
    assert (bench.item(batch_id)["status"], bench.table.running()) == ("COMPLETED", [])


def test_the_sweep_begins_again_what_was_killed_between_slot_and_job(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    bench.messages()
    bench.table.take_slot(batch_id, 2)
    bench.take({"sweep": True})
    bench.turn()
    assert len(bench.transforms.begun) == 1
    ended(bench, batch_id)
    assert bench.item(batch_id)["status"] == "COMPLETED"


def test_the_sweep_frees_slots_of_batches_that_are_gone(bench: Bench) -> None:
    bench.table.take_slot("00000000-0000-0000-0000-0000000000ff", 2)
    bench.take({"sweep": True})
    assert bench.table.running() == []


def test_a_cancelled_transform_is_stopped_and_keeps_what_was_done(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3, 4, 5])
    bench.turn()
    bench.batches.cancel(batch_id, "ada")
    bench.turn()
    assert bench.transforms.states[name(bench, batch_id)] == "Stopped"
    ended(bench, batch_id, "Stopped", answers=1)
    item = bench.item(batch_id)
    assert (item["status"], item["done"]) == ("CANCELLED", 2)
    codes = [row.get("error", {}).get("code") for row in bench.results(batch_id)]
    assert codes == [None, None, *["batch_cancelled"] * 3]
    assert bench.table.running() == []


def test_one_that_is_cancelled_while_its_job_begins_is_stopped_all_the_same(bench: Bench) -> None:
    batch_id = bench.begin(1, ROWS)
    begin = bench.transforms.begin

    def cancelled(*places: str) -> None:
        begin(*places)
        bench.batches.cancel(batch_id, "ada")

    bench.transforms.__dict__["begin"] = cancelled
    bench.take({"batchId": batch_id})
    assert bench.transforms.states[name(bench, batch_id)] == "Stopped"
    bench.take({"job": name(bench, batch_id)})
    assert (bench.item(batch_id)["status"], bench.table.running()) == ("CANCELLED", [])


def test_progress_is_told_while_a_transform_runs(bench: Bench) -> None:
    batch_id = bench.begin(1, [1, 2, 3, 4, 5])
    bench.turn()
    bench.transforms.end(name(bench, batch_id), "InProgress", answers=1)
    found = bench.batches.status(batch_id, "ada")
    assert (found.counts.done, found.progress, found.status) == (2, 0.4, "RUNNING")
    assert found.result_url is None


def test_slots_of_one_region_are_not_those_of_another(bench: Bench) -> None:
    elsewhere = BatchesTable("batches", "us-west-2")
    for number in range(2):
        bench.table.take_slot(str(number), 2)
    with pytest.raises(ChangedError):
        bench.table.take_slot("2", 2)
    bench.table.take_slot("1", 2)
    elsewhere.take_slot("2", 2)
    assert (bench.table.running(), elsewhere.running()) == (["0", "1"], ["2"])
