"""A local cloud with alarms, and a clock that tests turn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox.alarms import Alarms
from sandbox.alarms.runtime import LAG_S
from sandbox.cloud import Cloud
from sandbox.ledger import Ledger

QUEUE = "heard"


@dataclass
class Place:
    """One cloud with its alarms."""

    cloud: Cloud
    alarms: Alarms
    clock: list[float]
    topic: str = ""
    queue: str = ""
    names: list[str] = field(default_factory=list)

    @property
    def cloudwatch(self) -> Any:
        return self.cloud.client("cloudwatch")

    def wait(self, seconds: float) -> int:
        """Lets time pass and evaluates; how many alarms changed."""
        self.clock[0] += seconds
        return self.alarms.evaluate()

    def put(self, value: float, name: str = "Errors", namespace: str = "AWS/Lambda", times: int = 1) -> None:
        """Some data points of now."""
        row = {"MetricName": name, "Values": [value], "Counts": [times], "Timestamp": self.clock[0]}
        self.cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=[{**row, "Dimensions": [{"Name": "FunctionName", "Value": "f"}]}]
        )

    def alarm(self, name: str = "errors", **more: Any) -> None:
        """An alarm on the sum of five minutes, with the topic for each state, unless it is said otherwise."""
        given: dict[str, Any] = {
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 10,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        }
        if "Metrics" in more:
            for key in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
                del given[key]
        if "ExtendedStatistic" in more:
            del given["Statistic"]
        self.cloudwatch.put_metric_alarm(AlarmName=name, **(given | more))

    def state(self, name: str = "errors") -> str:
        """What DescribeAlarms says."""
        found = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return str([*found["MetricAlarms"], *found["CompositeAlarms"]][0]["StateValue"])

    def heard(self) -> list[dict[str, Any]]:
        """What the topic's subscriber got since the last time, oldest first."""
        sqs, found = self.cloud.client("sqs"), list[dict[str, Any]]()
        while rows := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for row in rows:
                body = json.loads(row["Body"])
                found.append({**json.loads(body["Message"]), "Subject": body["Subject"]})
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=row["ReceiptHandle"])
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    cloud = Cloud()
    cloud.start(0)
    # A full hour and the time that data may be late, so that tests can count periods by heart.
    clock = [1_800_000_000.0 + LAG_S]
    alarms = Alarms(cloud, tmp_path, now=lambda: clock[0], threaded=False)
    try:
        alarms.install()
        alarms.attach(Ledger())
        found = Place(cloud, alarms, clock)
        found.topic = cloud.client("sns").create_topic(Name="alarms")["TopicArn"]
        found.queue = cloud.client("sqs").create_queue(QueueName=QUEUE)["QueueUrl"]
        arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:{QUEUE}"
        cloud.client("sns").subscribe(TopicArn=found.topic, Protocol="sqs", Endpoint=arn)
        yield found
    finally:
        alarms.close()
        cloud.stop()
