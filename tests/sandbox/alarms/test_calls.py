"""A call that the trail records is counted by the filter that the program declares, and told by its alarm."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.observability import Observability
from tests.components.governance.test_audit import trail
from tests.components.governance.test_calls import ROOT, call, made, sign_in
from tests.components.observability.test_component import ALARM, args
from tests.components.recorder import record
from tests.sandbox.alarms.conftest import Place

FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
STREAM = "123456789012_CloudTrail_us-east-1"


@pytest.fixture
def group(place: Place) -> str:
    """The trail's log group, with filters and alarms as they are declared."""
    logs, filters = place.cloud.client("logs"), trail().of_type(FILTER)
    name = str(filters[0].inputs["logGroupName"])
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName=STREAM)
    for row in filters:
        change = row.inputs["metricTransformation"]
        logs.put_metric_filter(
            logGroupName=name,
            filterName=row.inputs["name"],
            filterPattern=row.inputs["pattern"],
            metricTransformations=[
                {"metricName": change["name"], "metricNamespace": change["namespace"], "metricValue": change["value"]}
            ],
        )
    alarms = made().alarms()
    watched = record(lambda: Observability("watch", args(alarms=alarms, widgets=[])) and None)
    for alarm in watched.of_type(ALARM):
        given = alarm.inputs
        place.alarm(
            given["name"],
            Namespace=given["namespace"],
            MetricName=given["metricName"],
            Dimensions=[],
            Period=given["period"],
            Threshold=given["threshold"],
            OKActions=[place.topic for _ in given["okActions"]],
        )
    place.wait(60)
    return name


def told(place: Place, group: str, *records: dict[str, Any]) -> list[tuple[str, str]]:
    """What is told within twenty minutes after the trail has written some records."""
    place.heard()
    events = [{"timestamp": int(place.clock[0] * 1000), "message": json.dumps(row)} for row in records]
    place.cloud.client("logs").put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=events)
    for _ in range(20):
        place.wait(60)
    prefix = "mlplatform-dev-"
    return [(row["AlarmName"].removeprefix(prefix), row["NewStateValue"]) for row in place.heard()]


def test_root_is_told_once_and_its_end_to_nobody(place: Place, group: str) -> None:
    assert told(place, group, call("ListBuckets", "s3", userIdentity=ROOT)) == [("root-used", "ALARM")]
    assert place.state("mlplatform-dev-root-used") == "OK"


def test_a_change_is_told_by_what_it_is_of(place: Place, group: str) -> None:
    happened = (
        call("StopLogging", "cloudtrail"),
        call("AttachRolePolicy", "iam"),
        call("DescribeInstances"),
        sign_in(),
    )
    names = {name for name, _ in told(place, group, *happened)}
    assert names == {"trail-changed", "rights-changed", "sign-in-without-mfa"}


@pytest.mark.parametrize(("times", "names"), [(10, []), (11, ["calls-refused"])])
def test_refused_calls_are_told_when_they_are_many(place: Place, group: str, times: int, names: list[str]) -> None:
    refused = [call("GetObject", "s3", errorCode="AccessDenied")] * times
    assert [name for name, _ in told(place, group, *refused)] == names
