"""The Cache component: TLS, a token that stays, and rights to read it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.cache import Cache
from components.values import MetricExpression
from tests.components.recorder import ACCOUNT, REGION, Recording, record

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


def arn(key: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"


def arguments(**more: Any) -> Any:
    return {
        "name_prefix": "mlplatform-dev",
        "key_arn": arn("data"),
        "secret_key_arn": arn("secrets"),
        "log_key_arn": arn("logs"),
        "subnet_ids": ["subnet-1"],
        "security_group_ids": ["sg-1"],
        **more,
    }


def run(**more: Any) -> Recording:
    return record(lambda: Cache("cache", arguments(**more)).may_connect())


def made(**more: Any) -> Cache:
    found: list[Cache] = []
    record(lambda: found.append(Cache("cache", arguments(**more))))
    return found[0]


def test_children_are_exactly_these() -> None:
    recording = run()
    assert recording.counts() == {
        "aws:cloudwatch/logGroup:LogGroup": 2,
        "aws:elasticache/parameterGroup:ParameterGroup": 1,
        GROUP: 1,
        "aws:elasticache/subnetGroup:SubnetGroup": 1,
        "aws:secretsmanager/secret:Secret": 1,
        "aws:secretsmanager/secretVersion:SecretVersion": 1,
        "mlplatform:index:Cache": 1,
    }
    assert len(recording.children(recording.one("mlplatform:index:Cache"))) == 7


def test_required_inputs_alone_give_an_encrypted_cache_with_a_token() -> None:
    inputs = run().one(GROUP).inputs
    assert inputs["atRestEncryptionEnabled"] is True
    assert inputs["transitEncryptionEnabled"] is True
    assert inputs["transitEncryptionMode"] == "required"
    assert inputs["kmsKeyId"] == arn("data")
    assert inputs["autoMinorVersionUpgrade"] is True
    assert inputs["snapshotRetentionLimit"] == 1
    assert 16 <= len(inputs["authToken"]) <= 128
    assert {delivery["logType"] for delivery in inputs["logDeliveryConfigurations"]} == {"engine-log", "slow-log"}


def test_a_group_that_must_be_replaced_goes_first_since_its_id_is_taken() -> None:
    assert run().one(GROUP).delete_before_replace


def test_the_token_is_made_once_and_is_a_secret_everywhere() -> None:
    recording = run()
    version = recording.one("aws:secretsmanager/secretVersion:SecretVersion")
    group = recording.one(GROUP)
    assert version.ignore_changes == ("secretString",)
    assert "secretString" in version.secrets
    assert "authToken" in group.secrets
    assert json.loads(version.inputs["secretString"]) == {"token": group.inputs["authToken"]}
    # Rotation changes the token behind Pulumi's back, so neither is compared again.
    assert group.ignore_changes == ("authToken",)
    # The cache's token comes from what was kept, not from what was invented on this run.
    assert version.urn in group.dependencies


def test_connecting_means_reading_one_secret() -> None:
    read, decrypt = run().value
    assert read["Action"] == ["secretsmanager:GetSecretValue"]
    assert decrypt["Resource"] == [arn("secrets")]
    assert decrypt["Condition"] == {"StringEquals": {"kms:EncryptionContext:SecretARN": read["Resource"]}}


@pytest.mark.parametrize(("nodes", "failover"), [(1, False), (2, True)])
def test_a_replica_takes_over_where_there_is_one(nodes: int, failover: bool) -> None:
    inputs = run(nodes=nodes, multi_az=failover).one(GROUP).inputs
    assert (inputs["numCacheClusters"], inputs["automaticFailoverEnabled"]) == (nodes, failover)
    assert inputs["multiAzEnabled"] is failover


def test_one_setting_decides_about_deletion() -> None:
    kept, gone = run().one(GROUP), run(protect=False).one(GROUP)
    assert (kept.protect, kept.inputs["finalSnapshotIdentifier"]) == (True, "mlplatform-dev-cache-final")
    assert (gone.protect, "finalSnapshotIdentifier" in gone.inputs) == (False, False)
    secret = "aws:secretsmanager/secret:Secret"
    assert (run().one(secret).protect, run(protect=False).one(secret).protect) == (True, False)


def test_the_recovery_of_the_secret_is_chosen() -> None:
    secret = "aws:secretsmanager/secret:Secret"
    assert run().one(secret).inputs["recoveryWindowInDays"] == 30
    assert run(secret_recovery_days=7).one(secret).inputs["recoveryWindowInDays"] == 7


def test_changing_the_token_means_modifying_one_group() -> None:
    found = record(lambda: Cache("cache", arguments()).may_change_token()).value
    group = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:mlplatform-dev-cache"
    assert [row["Resource"] for row in found] == [[group]]
    assert found[0]["Action"] == ["elasticache:DescribeReplicationGroups", "elasticache:ModifyReplicationGroup"]


def test_zero_snapshot_days_make_no_snapshot() -> None:
    assert run(snapshot_days=0).one(GROUP).inputs["snapshotRetentionLimit"] == 0


@pytest.mark.parametrize(
    ("field", "value", "input_name"),
    [
        ("node_type", "cache.m7g.large", "nodeType"),
        ("snapshot_window", "01:00-02:00", "snapshotWindow"),
        ("maintenance_window", "mon:05:00-mon:06:00", "maintenanceWindow"),
        ("subnet_ids", ["subnet-2"], "subnetIds"),
        ("security_group_ids", ["sg-2"], "securityGroupIds"),
        ("log_key_arn", arn("other"), "kmsKeyId"),
        ("retention_days", 90, "retentionInDays"),
    ],
)
def test_every_field_reaches_a_resource(field: str, value: Any, input_name: str) -> None:
    assert value in [found.inputs.get(input_name) for found in run(**{field: value}).resources]
    assert value not in [found.inputs.get(input_name) for found in run().resources]


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(ValueError, match=r"name_prefix is 'Upper'.*nodes is 7; .*snapshot_days is 36"):
        run(name_prefix="Upper", nodes=7, snapshot_days=36)
    with pytest.raises(ValueError, match="nodes is 1 with multi_az"):
        run(multi_az=True)


def test_metrics_look_at_every_node_since_the_primary_changes() -> None:
    cache = made(nodes=3)
    worst = cache.worst("EngineCPUUtilization")
    assert {metric.dimensions["CacheClusterId"] for metric in worst.metrics.values()} == {
        f"mlplatform-dev-cache-00{node}" for node in (1, 2, 3)
    }
    assert cache.hit_share().expression == "100 * (h1+h2+h3) / (h1+h2+h3+m1+m2+m3)"
    assert [alarm.name for alarm in cache.alarms()] == ["cache-cpu", "cache-memory"]
    assert all(isinstance(metric, MetricExpression) for widget in cache.widgets() for metric in widget.metrics)
