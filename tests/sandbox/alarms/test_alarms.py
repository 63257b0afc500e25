"""Alarms act: on data points, within their periods, on topics, the event bus and the history."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.callers import Caller
from sandbox.events import Events
from tests.sandbox.alarms.conftest import Place

RATE: list[dict[str, Any]] = [
    {"Id": "result", "Expression": "100 * errors / calls", "ReturnData": True},
    *(
        {
            "Id": key,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": name,
                    "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
                },
                "Period": 300,
                "Stat": "Sum",
            },
        }
        for key, name in (("errors", "Errors"), ("calls", "Invocations"))
    ),
]


@pytest.fixture
def bus(place: Place, tmp_path: Path) -> Iterator[Events]:
    found = Events(place.cloud, tmp_path, tick_s=None)
    found.install()
    yield found
    found.close()


def test_an_alarm_begins_without_data_and_becomes_ok(place: Place) -> None:
    place.alarm()
    assert place.state() == "INSUFFICIENT_DATA"
    place.wait(60)
    assert place.state() == "OK"


def test_too_many_errors_in_its_period_are_told_and_so_is_the_recovery(place: Place) -> None:
    place.alarm(AlarmDescription="f fails")
    place.wait(60)
    place.heard()
    place.put(1, times=11)
    assert place.wait(60) == 1
    assert place.state() == "ALARM"
    (told,) = place.heard()
    assert (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == ("errors", "OK", "ALARM")
    assert told["Subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    assert told["Trigger"]["MetricName"] == "Errors"
    assert told["AlarmDescription"] == "f fails"
    for _ in range(5):
        place.put(0)
        place.wait(60)
    assert place.state() == "OK"
    assert [row["NewStateValue"] for row in place.heard()] == ["OK"]


def test_an_alarm_lasts_a_little_longer_without_data_than_with_good_data(place: Place) -> None:
    place.alarm()
    place.put(1, times=11)
    place.wait(60)
    place.wait(600)
    assert place.state() == "ALARM"
    place.wait(600)
    assert place.state() == "OK"


def test_as_many_as_the_threshold_are_not_too_many(place: Place) -> None:
    place.alarm()
    place.put(1, times=10)
    place.wait(60)
    assert place.state() == "OK"


def test_an_alarm_is_told_once_while_it_lasts(place: Place) -> None:
    place.alarm()
    for _ in range(4):
        place.put(1, times=11)
        place.wait(60)
    assert [row["NewStateValue"] for row in place.heard()] == ["ALARM"]


def test_a_share_has_no_data_point_while_nothing_runs(place: Place) -> None:
    place.alarm(Metrics=RATE, Threshold=5)
    place.wait(60)
    assert place.state() == "OK"
    place.put(1, "Invocations", times=100)
    place.put(1, "Errors", times=6)
    place.wait(60)
    assert place.state() == "ALARM"


def test_a_percentile_is_not_moved_by_one_slow_call(place: Place) -> None:
    place.alarm(ExtendedStatistic="p95", MetricName="Duration", Threshold=1000)
    place.put(10, "Duration", times=99)
    place.put(30_000, "Duration")
    place.wait(60)
    assert place.state() == "OK"
    place.put(30_000, "Duration", times=9)
    place.wait(60)
    assert place.state() == "ALARM"


def test_two_of_three_periods(place: Place) -> None:
    place.alarm(Period=60, EvaluationPeriods=3, DatapointsToAlarm=2, Threshold=0)
    for value, state in ((1, "OK"), (0, "OK"), (1, "ALARM"), (0, "OK")):
        place.put(value)
        place.wait(60)
        assert place.state() == state, value


def test_alarms_on_tables_keep_their_state_without_data_as_on_aws(place: Place) -> None:
    place.alarm(Namespace="AWS/DynamoDB", Threshold=0)
    place.put(1, namespace="AWS/DynamoDB")
    place.wait(60)
    place.wait(3600)
    assert place.state() == "ALARM"


def test_a_scale_shortens_periods_and_nothing_else(place: Place) -> None:
    place.alarms.set_scale(0.01)
    place.alarm()
    place.put(1, times=11)
    place.wait(1.2)
    assert place.state() == "ALARM"
    place.put(0)
    place.wait(3.1)
    assert place.state() == "OK"
    assert "alarms: a period of an hour lasts 36 s here" in place.alarms.notes


@pytest.mark.parametrize("scale", [0, -1, 1.5, float("nan")])
def test_a_scale_that_is_none_is_refused(place: Place, scale: float) -> None:
    with pytest.raises(ValueError, match=r"scale .* is not allowed; give 0.001 to 1"):
        place.alarms.set_scale(scale)


def test_a_composite_follows_its_members(place: Place) -> None:
    place.alarm("a", AlarmActions=[], OKActions=[])
    place.alarm("b", MetricName="Throttles", AlarmActions=[], OKActions=[])
    place.cloudwatch.put_composite_alarm(
        AlarmName="both", AlarmRule='ALARM("a") AND ALARM("b")', AlarmActions=[place.topic]
    )
    place.cloudwatch.put_composite_alarm(AlarmName="outer", AlarmRule='ALARM("both")', AlarmActions=[place.topic])
    place.put(1, times=11)
    place.wait(60)
    assert (place.state("a"), place.state("both")) == ("ALARM", "OK")
    place.put(1, "Throttles", times=11)
    place.wait(60)
    assert (place.state("both"), place.state("outer")) == ("ALARM", "ALARM")
    told = place.heard()
    assert {row["AlarmName"] for row in told} == {"both", "outer"}
    assert told[0]["AlarmRule"]
    described = place.cloudwatch.describe_alarms(AlarmNames=["both"], AlarmTypes=["CompositeAlarm"])
    assert described["CompositeAlarms"][0]["AlarmRule"] == 'ALARM("a") AND ALARM("b")'


def test_a_band_waits_for_history_and_then_tells_what_is_unusual(place: Place) -> None:
    stat = RATE[2]["MetricStat"]
    place.cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Metrics=[
            {"Id": "m", "MetricStat": {**stat, "Period": 60}, "ReturnData": True},
            {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 3)", "ReturnData": True},
        ],
        ThresholdMetricId="band",
        ComparisonOperator="GreaterThanUpperThreshold",
        EvaluationPeriods=1,
        TreatMissingData="notBreaching",
    )
    for number in range(40):
        place.put(1, "Invocations", times=100 + number % 5)
        place.wait(60)
        if number == 20:
            assert place.state() == "INSUFFICIENT_DATA"
            (row,) = place.alarms.states()
            assert "data points before the evaluated ones, 30 are needed" in row["reason"]
    assert place.state() == "OK"
    place.put(1, "Invocations", times=200)
    place.wait(60)
    assert place.state() == "ALARM"


def test_a_change_is_an_event_and_stands_in_the_history(place: Place, bus: Events) -> None:
    events, sqs = place.cloud.client("events"), place.cloud.client("sqs")
    queue = sqs.create_queue(QueueName="events")["QueueUrl"]
    pattern = {"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]}
    events.put_rule(Name="alarms", EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{place.cloud.region}:{place.cloud.account}:events"
    events.put_targets(Rule="alarms", Targets=[{"Id": "queue", "Arn": arn}])
    place.alarm()
    place.wait(60)
    assert bus.idle()
    event = json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"])
    assert event["detail"]["alarmName"] == "errors"
    assert event["detail"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert event["detail"]["state"]["value"] == "OK"
    assert event["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] == {"FunctionName": "f"}
    rows = place.cloudwatch.describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]
    assert [row["HistoryItemType"] for row in rows] == ["Action", "StateUpdate"]
    assert rows[1]["HistorySummary"] == "Alarm updated from INSUFFICIENT_DATA to OK"


def test_an_action_that_cannot_be_taken_is_told_in_the_history(place: Place) -> None:
    place.alarm(OKActions=[f"{place.topic}-gone", "arn:aws:automate:us-east-1:ec2:reboot"])
    place.wait(60)
    rows = place.cloudwatch.describe_alarm_history(AlarmName="errors", HistoryItemType="Action")["AlarmHistoryItems"]
    told = " ".join(row["HistorySummary"] for row in rows)
    assert "alarms-gone does not exist" in told
    assert "actions of automate are not taken on this machine" in told


def test_a_topic_whose_policy_leaves_alarms_out_is_not_told_and_the_history_says_why(place: Place) -> None:
    asked: list[tuple[str, str, str]] = []

    def closed(caller: Caller, action: str, resource: str, _region: str) -> str:
        asked.append((caller.principal, action, resource))
        return "not authorized"

    place.cloud.judge = closed
    place.alarm()
    place.wait(60)
    assert (place.state(), place.heard()) == ("OK", [])
    assert asked == [("service:cloudwatch.amazonaws.com", "sns:Publish", place.topic)]
    rows = place.cloudwatch.describe_alarm_history(AlarmName="errors", HistoryItemType="Action")["AlarmHistoryItems"]
    assert rows[0]["HistorySummary"] == f"Failed to execute action {place.topic}: not authorized"


def test_actions_that_are_off_tell_nobody(place: Place) -> None:
    place.alarm()
    place.cloudwatch.disable_alarm_actions(AlarmNames=["errors"])
    place.wait(60)
    assert (place.state(), place.heard()) == ("OK", [])


def test_a_state_that_is_set_by_hand_acts_until_the_next_evaluation(place: Place) -> None:
    place.alarm()
    place.wait(60)
    place.heard()
    place.cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a test")
    assert [row["NewStateReason"] for row in place.heard()] == ["a test"]
    place.wait(60)
    assert place.state() == "OK"


def test_an_alarm_that_is_changed_keeps_its_state(place: Place) -> None:
    place.alarm()
    place.put(1, times=11)
    place.wait(60)
    place.alarm(Threshold=5)
    assert place.state() == "ALARM"


def test_a_lost_region_is_not_evaluated(place: Place) -> None:
    place.alarm()
    place.alarms.lose(place.cloud.region)
    assert place.wait(60) == 0
    place.alarms.recover(place.cloud.region)
    assert place.wait(60) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ComparisonOperator": "MoreThan"}, "ComparisonOperator of alarm 'errors' is 'MoreThan'; allowed: Greater"),
        ({"TreatMissingData": "good"}, "TreatMissingData of alarm 'errors' is 'good'; allowed: breaching"),
        ({"Metrics": [{**row, "ReturnData": False} for row in RATE]}, "return data for nothing; allowed: exactly one"),
        ({"Metrics": [{**row, "ReturnData": True} for row in RATE]}, "return data for result, errors, calls"),
    ],
)
def test_an_alarm_that_cannot_be_evaluated_is_refused(place: Place, more: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        place.alarm(**more)
    assert place.alarms.states() == []


def test_a_composite_of_alarms_that_there_are_not_is_refused(place: Place) -> None:
    with pytest.raises(ClientError, match="asks for gone, which there is not; make it first"):
        place.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("gone")')
