"""A model that got worse, and one whose inputs drift: alarms tell people and the event bus, and end when it is over."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.control import Control
from tests.journeys.support.deployed import Deployed, Uploads, eventually
from tests.journeys.support.listening import Listener
from tests.journeys.support.privacy.sinks import Overheard

pytestmark = pytest.mark.journey
ACCURACY, DRIFT = "mlplatform-dev-model-accuracy-drop", "mlplatform-dev-model-drift"
LATE_S = 15.0
"""What a machine under load may add."""


@pytest.fixture
def control(main: Deployed) -> Iterator[Control]:
    found = Control(main.place.home)
    yield found
    found.call("alarm_scale", scale=1)


@pytest.fixture
def version(main: Deployed, uploads: Uploads) -> Iterator[str]:
    """A version in training that the comparison can be asked about, while nothing else is compared."""
    main.judged(uploads.wine)
    name = f"journey-{secrets.token_hex(4)}"
    table, client = main.table("models"), main.client("dynamodb")
    client.put_item(TableName=table, Item={"version": {"S": name}, "status": {"S": "Training"}})
    yield name
    client.delete_item(TableName=table, Key={"version": {"S": name}})


def compared(main: Deployed, version: str, accuracy: float) -> dict[str, Any]:
    """What the workflow's own function says of an evaluation."""
    bucket, key = main.state.outputs["models_bucket"], f"metadata/{version}/evaluation.json"
    figures = {"accuracy": accuracy, "precision": accuracy, "recall": accuracy, "f1": accuracy, "roc_auc": accuracy}
    main.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(figures).encode())
    event = {"evaluation": f"s3://{bucket}/{key}", "version": version, "model_data": f"s3://{bucket}/none.tar.gz"}
    answer = main.client("lambda").invoke(FunctionName="mlplatform-dev-compare", Payload=json.dumps(event).encode())
    main.client("s3").delete_object(Bucket=bucket, Key=key)
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return found


def state(control: Control, name: str) -> str:
    (row,) = (row for row in control.call("alarms", prefix=name) if row["name"] == name)
    return str(row["state"])


def test_a_worse_model_is_told_within_two_periods_and_lasts_until_a_good_one(
    main: Deployed, control: Control, version: str
) -> None:
    scale = 0.01
    period_s = 300 * scale
    control.call("alarm_scale", scale=scale)
    # Whatever was compared last: what it left behind ends with a good one.
    compared(main, version, 0.999)
    eventually(lambda: state(control, ACCURACY) == "OK", 2 * period_s + LATE_S, "no model is worse")
    with Listener(main, main.state.outputs["critical_alarm_topic_arn"]) as heard:
        began = time.monotonic()
        assert compared(main, version, 0.5)["outcome"] == "reject"
        (told,) = eventually(lambda: of(heard, ACCURACY, "ALARM"), 2 * period_s + LATE_S, "the alarm is told")
        print(f"from the fault to the notification: {(time.monotonic() - began) / period_s:.2f} periods")
        assert told["AlarmDescription"].startswith("[critical] ")
        assert "docs/runbooks/model-accuracy.md" in told["AlarmDescription"]
        # A comparison is rare: without another one the alarm stays.
        time.sleep(2 * period_s)
        assert state(control, ACCURACY) == "ALARM"
        assert state(control, "mlplatform-dev-model-degraded") == "ALARM"
        compared(main, version, 0.999)
        eventually(lambda: of(heard, ACCURACY, "OK"), 2 * period_s + LATE_S, "its end is told")


def test_drift_is_an_event_of_the_bus(main: Deployed, control: Control) -> None:
    """Predictions that were sure for two days and are not any more: points as lines of the function give them."""
    scale = 0.001
    period_s = 3600 * scale
    control.call("alarm_scale", scale=scale)
    with Overheard(main) as heard:
        now = time.time()
        put(main, [(now - age * period_s, 97 + age % 3) for age in range(4, 60)])
        found: list[dict[str, Any]] = []

        def drifted() -> bool:
            # Users ask on, until three periods in a row are unsure.
            put(main, [(time.time(), 1.0)])
            rows = [json.loads(text) for _, text in heard.written() if "CloudWatch Alarm State Change" in text]
            found.extend(row["detail"] for row in rows if row["detail"]["alarmName"] == DRIFT)
            return any(detail["state"]["value"] == "ALARM" for detail in found)

        eventually(drifted, 8 * period_s + LATE_S, "the event of the drift")
        # A composite alarm is looked at after those that it is made of have told of themselves.
        eventually(lambda: state(control, "mlplatform-dev-model-degraded") == "ALARM", LATE_S, "the model is degraded")


def put(main: Deployed, points: list[tuple[float, float]]) -> None:
    """Confidence of predictions, in per cent, at some moments."""
    rows = [
        {
            "MetricName": "Confidence",
            "Dimensions": [{"Name": "Function", "Value": "mlplatform-dev-predictions"}],
            "Timestamp": moment,
            "Value": value,
            "Unit": "Percent",
        }
        for moment, value in points
    ]
    main.client("cloudwatch").put_metric_data(Namespace="MLPlatform", MetricData=rows)


def of(heard: Listener, name: str, value: str) -> list[dict[str, Any]]:
    """What was told of an alarm going into a state."""
    rows = [json.loads(text) for text in heard.messages() if '"AlarmName"' in text]
    return [row for row in rows if (row["AlarmName"], row["NewStateValue"]) == (name, value)]
