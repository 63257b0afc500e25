"""Where data points come from: log lines, functions, the gateway, endpoints, tables, queues."""

from __future__ import annotations

import io
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from functions.measures import MEASURES
from functions.shared.logs import Log
from sandbox.alarms.measured import embedded
from sandbox.alarms.measured.meter import Meter
from sandbox.alarms.measured.points import Points, Series
from tests.sandbox.alarms.conftest import Place

REGION = "us-east-1"


def total(points: Points, namespace: str, name: str, **dimensions: str) -> float:
    """The sum of the last minute."""
    found = points.windows(Series.of(REGION, namespace, name, dimensions), time.time() + 1, 60, 1)
    return found[0].total if found else -1.0


@pytest.mark.parametrize("folder", MEASURES)
def test_a_line_of_our_own_log_becomes_data_points(folder: str) -> None:
    points, out = Points(), io.StringIO()
    log = Log("mlplatform-dev-f", metrics=MEASURES[folder], out=out)
    log.line("INFO", "answered", metrics=dict.fromkeys(MEASURES[folder], 3.0))
    assert embedded.take(points, REGION, [out.getvalue()]) == len(MEASURES[folder])
    for name, unit in MEASURES[folder].items():
        series = Series.of(REGION, "MLPlatform", name, {"Function": "mlplatform-dev-f"})
        assert points.series()[series] == unit
        assert total(points, "MLPlatform", name, Function="mlplatform-dev-f") == 3.0


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        '{"_aws": 1}',
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Dimensions": [["D"]], "Metrics": [{"Name": "M"}]}]}}',
        '{"_aws": {"Timestamp": "soon", "CloudWatchMetrics": []}}',
        '["_aws"]',
    ],
)
def test_a_line_without_metrics_that_can_be_read_is_a_line_all_the_same(line: str) -> None:
    points = Points()
    assert embedded.take(points, REGION, [line]) == 0
    assert points.series() == {}


def test_runs_of_a_function_are_counted_with_failures_time_and_how_many_at_once() -> None:
    points = Points()
    meter, plan = Meter(points), SimpleNamespace(region=REGION, name="f")
    now_ms = time.time() * 1000
    rows: list[Any] = [
        SimpleNamespace(instance=SimpleNamespace(plan=plan), ended_ms=now_ms, duration_ms=50.0, status=status)
        for status in ("success", "error", "timeout", "success")
    ]
    meter.invoked(rows)
    found = {
        name: total(points, "AWS/Lambda", name, FunctionName="f") for name in ("Invocations", "Errors", "Throttles")
    }
    assert found == {"Invocations": 4, "Errors": 2, "Throttles": 0}
    assert total(points, "AWS/Lambda", "Duration", FunctionName="f") == 200
    assert total(points, "AWS/Lambda", "ConcurrentExecutions", FunctionName="f") == 4


@pytest.mark.parametrize(("status", "failed", "refused"), [(200, 0, 0), (500, 1, 0), (0, 1, 0), (404, 0, 1)])
def test_an_invocation_of_an_endpoint_counts_by_what_the_model_said(status: int, failed: int, refused: int) -> None:
    points = Points()
    meter = Meter(points)
    meter.answered(REGION, "e", "AllTraffic", status, 0.25)
    meter.drain()
    place = {"EndpointName": "e", "VariantName": "AllTraffic"}
    assert total(points, "AWS/SageMaker", "Invocation5XXErrors", **place) == failed
    assert total(points, "AWS/SageMaker", "Invocation4XXErrors", **place) == refused
    assert total(points, "AWS/SageMaker", "ModelLatency", **place) == 250_000


def test_operations_on_tables_and_waiting_messages_are_seen_where_they_happen(place: Place) -> None:
    dynamodb, sqs = place.cloud.client("dynamodb"), place.cloud.client("sqs")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.put_item(TableName="t", Item={"k": {"S": "a"}})
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": {"k": {"S": "b"}}}}])
    dynamodb.get_item(TableName="t", Key={"k": {"S": "a"}})
    queue = sqs.create_queue(QueueName="lost")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    place.wait(60)
    found = place.cloudwatch.list_metrics(Namespace="AWS/DynamoDB")["Metrics"]
    assert {row["MetricName"] for row in found} == {
        "ConsumedReadCapacityUnits",
        "ConsumedWriteCapacityUnits",
        "SuccessfulRequestLatency",
    }
    given = {"StartTime": place.clock[0] - 600, "EndTime": place.clock[0] + 60, "Period": 60}
    points = place.cloudwatch.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "lost"}],
        Statistics=["Maximum"],
        **given,
    )["Datapoints"]
    assert [row["Maximum"] for row in points] == [1.0]


def test_metrics_are_answered_with_percentiles_and_math(place: Place) -> None:
    for value in (10, 20, 1000):
        place.put(value, "Duration")
    end = place.clock[0] + 60
    stat = {
        "Metric": {
            "Namespace": "AWS/Lambda",
            "MetricName": "Duration",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
        },
        "Period": 60,
    }
    found = place.cloudwatch.get_metric_data(
        StartTime=end - 300,
        EndTime=end,
        MetricDataQueries=[
            {"Id": "mid", "MetricStat": {**stat, "Stat": "p50"}},
            {"Id": "all", "MetricStat": {**stat, "Stat": "Sum"}, "ReturnData": False},
            {"Id": "half", "Expression": "all / 2"},
        ],
    )["MetricDataResults"]
    assert {row["Id"]: row["Values"] for row in found} == {"mid": [20.0], "half": [515.0]}


def test_a_drop_of_accuracy_is_an_alarm_as_the_component_declares_it(place: Place) -> None:
    from components.observability import metric_inputs
    from components.training_workflow.signals import alarms

    row = next(found for found in alarms("arn", "queue", "compare") if found.name == "model-accuracy-drop")
    given = metric_inputs(row)
    place.cloudwatch.put_metric_alarm(
        AlarmName=row.name,
        Namespace=given["namespace"],
        MetricName=given["metric_name"],
        Dimensions=[{"Name": name, "Value": value} for name, value in given["dimensions"].items()],
        Statistic=given["statistic"],
        Period=given["period"],
        EvaluationPeriods=given["evaluation_periods"],
        Threshold=given["threshold"],
        ComparisonOperator=given["comparison_operator"],
        TreatMissingData=given["treat_missing_data"],
        AlarmActions=[place.topic],
    )
    for drop, state in ((6.0, "ALARM"), (0.0, "OK")):
        out = io.StringIO()
        Log("compare", metrics=MEASURES["compare"], out=out).line("INFO", "done", metrics={"AccuracyDrop": drop})
        line = json.loads(out.getvalue())
        line["_aws"]["Timestamp"] = place.clock[0] * 1000
        logs = place.cloud.client("logs")
        if drop:
            logs.create_log_group(logGroupName="g")
            logs.create_log_stream(logGroupName="g", logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps(line)}
        logs.put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
        place.wait(60)
        assert place.state(row.name) == state
        # Until the next training nobody tells anything, and nothing changes.
        place.wait(86_400)
        assert place.state(row.name) == state
    assert [told["NewStateValue"] for told in place.heard()] == ["ALARM"]
