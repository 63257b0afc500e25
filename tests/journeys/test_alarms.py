"""A model that breaks is told by alarms, within their periods, and so is its recovery."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from sandbox.control import Control
from tests.journeys.support.caller import Caller, demo
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
SCALE = 0.01
FIVE_MINUTES_S = 300 * SCALE
LATE_S = 15.0
"""What a machine under load may add to two periods."""


@pytest.fixture
def control(spare: Deployed) -> Iterator[Control]:
    """Alarms whose five minutes last three seconds."""
    found = Control(spare.place.home)
    found.call("alarm_scale", scale=SCALE)
    yield found
    found.call("alarm_scale", scale=1)


@pytest.fixture
def heard(spare: Deployed) -> Iterator[list[dict[str, Any]]]:
    """Messages of critical alarms since the test began; they come while the test asks for them."""
    sqs, sns = spare.client("sqs"), spare.client("sns")
    queue = sqs.create_queue(QueueName=f"critical-{time.time_ns()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = spare.state.outputs["critical_alarm_topic_arn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    class Heard(list[dict[str, Any]]):
        def told(self, name: str, state: str) -> bool:
            """Whether a message said that an alarm went into a state."""
            for row in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                self.append(json.loads(json.loads(row["Body"])["Message"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=row["ReceiptHandle"])
            return any((one["AlarmName"], one["NewStateValue"]) == (name, state) for one in self)

    yield Heard()
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


@contextmanager
def stopped(place: Deployed) -> Iterator[None]:
    """A model that does not answer."""
    (number,) = [pid for pid, command in place.place.processes().items() if "training.server" in command]
    os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(number, signal.SIGCONT)


def state(control: Control, name: str) -> str:
    """Of an alarm of the dev stack."""
    rows = control.call("alarms", prefix=f"mlplatform-dev-{name}")
    return str(next(row["state"] for row in rows if row["name"] == f"mlplatform-dev-{name}"))


def ask(caller: Caller, fresh: float, times: int) -> list[int]:
    """Predictions of rows that no cache knows, all at once."""
    with ThreadPoolExecutor(times) as pool:
        rows = [row_of(mean_texture=fresh + at / 1000) for at in range(times)]
        return [answer.status for answer in pool.map(caller.predict, rows)]


def test_a_model_that_breaks_is_told_and_so_is_its_recovery(
    spare: Deployed, control: Control, heard: Any, fresh: float
) -> None:
    caller, name = demo(spare), "mlplatform-dev-api-errors"
    assert ask(caller, fresh, 1) == [200]
    eventually(lambda: state(control, "api-errors") == "OK", LATE_S, "the alarm is evaluated")
    spare.kill("training.server")
    # What was told before, when it was first evaluated, is no recovery.
    heard.told(name, "OK")
    heard.clear()
    statuses = ask(caller, fresh + 1, 20)
    assert sum(status >= 500 for status in statuses) > 10, statuses
    eventually(lambda: heard.told(name, "ALARM"), 2 * FIVE_MINUTES_S + LATE_S, "the alarm is told")
    (told,) = [row for row in heard if (row["AlarmName"], row["NewStateValue"]) == (name, "ALARM")]
    assert told["AlarmDescription"].startswith("[critical] the API failed more than ten requests in five minutes")
    assert "docs/runbooks/api-errors.md" in told["AlarmDescription"]

    asked = iter(range(2, 10_000))
    eventually(lambda: ask(caller, fresh + next(asked), 1) == [200], 60, "the model answers again")

    def recovered() -> bool:
        return ask(caller, fresh + next(asked), 1) == [200] and bool(heard.told(name, "OK"))

    eventually(recovered, 2 * FIVE_MINUTES_S + LATE_S, "the recovery is told")
    history = spare.client("cloudwatch").describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")
    assert history["AlarmHistoryItems"][0]["HistorySummary"] == "Alarm updated from ALARM to OK"
    told_by_status = spare.place.run(spare.place.command("status"))
    assert "alarms: " in told_by_status.stdout


def test_a_slow_model_is_a_warning_by_its_p95(spare: Deployed, control: Control, fresh: float) -> None:
    caller, asked = demo(spare), iter(range(10_000))
    eventually(lambda: state(control, "endpoint-latency") == "OK", LATE_S, "the alarm is evaluated")

    def slow() -> bool:
        with ThreadPoolExecutor(2) as pool, stopped(spare):
            futures = [pool.submit(ask, caller, fresh + next(asked), 1) for _ in range(2)]
            time.sleep(1.3)
        assert [status for future in futures for status in future.result()]
        return state(control, "endpoint-latency") == "ALARM"

    eventually(slow, 4 * FIVE_MINUTES_S + LATE_S, "two periods with a p95 above a second")

    def quick() -> bool:
        assert ask(caller, fresh + next(asked), 1) == [200]
        return state(control, "endpoint-latency") == "OK"

    eventually(quick, 4 * FIVE_MINUTES_S + LATE_S, "two periods that were quick")


def test_requests_without_a_right_are_told_when_they_are_many(spare: Deployed, control: Control) -> None:
    name, stranger = "api-unauthorized", Caller(spare)
    eventually(lambda: state(control, name) == "OK", LATE_S, "the alarm is evaluated")

    def refused() -> bool:
        with ThreadPoolExecutor(8) as pool:
            statuses = set(pool.map(lambda _: stranger.call("GET", "/models").status, range(120)))
        assert statuses == {401}
        return state(control, name) == "ALARM"

    eventually(refused, 4 * FIVE_MINUTES_S + LATE_S, "two periods with more than a hundred refusals")
    eventually(lambda: state(control, name) == "OK", 4 * FIVE_MINUTES_S + LATE_S, "nobody tries any more")
