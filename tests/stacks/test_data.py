"""Settings of buckets, tables and keys reach what is deployed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.recorder import Recording
from tests.stacks.platform import evaluated, run, shared


def with_data(**data: Any) -> Recording:
    return run("dev", shared(), config={"mlplatform:data": json.dumps({"protect": False, **data})})


def test_no_stack_locks_files_or_pays_for_an_accelerator_unasked() -> None:
    for stack in ("dev", "staging", "prod"):
        found = {resource.type for resource in evaluated(stack).resources}
        assert not {kind for kind in found if "dax" in kind or "ObjectLock" in kind}


def test_a_lock_is_asked_of_the_raw_bucket_alone() -> None:
    recording = with_data(lockDays=5)
    lock = recording.one("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 5}}
    made = {bucket.name: bucket.inputs.get("objectLockEnabled") for bucket in recording.of_type("aws:s3/bucket:Bucket")}
    assert {name for name, locked in made.items() if locked} == {"lake-raw"}


def test_an_accelerator_stands_in_front_of_the_tables_and_is_watched() -> None:
    recording = with_data(acceleratorNodes=3, acceleratorNodeType="dax.r5.large")
    made = recording.one("aws:dax/cluster:Cluster").inputs
    assert (made["replicationFactor"], made["nodeType"]) == (3, "dax.r5.large")
    alarms = {alarm.name for alarm in recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert "observability-accelerator-load" in alarms


def test_a_lock_that_nobody_can_lift_is_refused_where_everything_is_disposable() -> None:
    with pytest.raises(Exception, match=r"lockMode is COMPLIANCE while data\.protect is false; allowed: GOVERNANCE"):
        with_data(lockDays=5, lockMode="COMPLIANCE")
