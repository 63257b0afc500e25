"""CloudWatch has the figures of replication where AWS has them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.sandbox.replication.support import EAST, WEST, Pair, buckets, table


def figure(pair: Pair, region: str, namespace: str, name: str, **dimensions: str) -> float | None:
    """The largest value of a metric of the last hour; None when there is none."""
    now = datetime.now(timezone.utc)
    found = pair.client("cloudwatch", region).get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((row["Maximum"] for row in found), default=None)


RULE = {"SourceBucket": "here", "DestinationBucket": "there", "RuleId": "rule-1"}


def test_what_waits_counts_with_its_age(pair: Pair) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"12345")
    pair.hands.turn(7)
    pair.replication.metrics.put()
    assert figure(pair, WEST, "AWS/S3", "ReplicationLatency", **RULE) == 7
    assert figure(pair, WEST, "AWS/S3", "OperationsPendingReplication", **RULE) == 1
    assert figure(pair, WEST, "AWS/S3", "BytesPendingReplication", **RULE) == 5
    assert figure(pair, EAST, "AWS/S3", "ReplicationLatency", **RULE) is None


def test_a_copy_counts_with_the_time_that_it_took(pair: Pair) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.copied()
    pair.replication.metrics.put()
    assert figure(pair, WEST, "AWS/S3", "ReplicationLatency", **RULE) == 11
    assert figure(pair, WEST, "AWS/S3", "OperationsPendingReplication", **RULE) == 0


def test_a_failure_counts_where_the_object_is(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.west.delete_bucket(Bucket="there")
    pair.copied()
    pair.replication.metrics.put()
    assert figure(pair, EAST, "AWS/S3", "OperationsFailedReplication", **RULE) == 1
    assert "not replicated" in caplog.text


def test_tables_tell_their_latency_in_milliseconds_where_they_are_written(pair: Pair) -> None:
    table(pair).put_item(TableName="models", Item={"id": {"S": "a"}})
    pair.copied()
    pair.replication.metrics.put()
    dimensions: dict[str, Any] = {"TableName": "models", "ReceivingRegion": WEST}
    assert figure(pair, EAST, "AWS/DynamoDB", "ReplicationLatency", **dimensions) == 11_000
