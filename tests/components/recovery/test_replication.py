"""Replication: every object, every deletion, encrypted on both sides, and rights for nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.recovery import Replication
from tests.components.recorder import Recording, record

HERE, THERE = "us-east-1", "us-west-2"
KEY, OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/a", "arn:aws:kms:us-west-2:123456789012:key/b"
PAIR: dict[str, Any] = {
    "source": "lake-raw",
    "source_key_arn": KEY,
    "target": "lake-raw-there",
    "target_key_arn": OTHER_KEY,
}
KEYLESS = {"source": "site", "target": "site-there"}
MODELS = {**PAIR, "source": "lake-models", "target": "lake-models-there"}


def run(**more: Any) -> Recording:
    args: Any = {"region": HERE, "target_region": THERE, "buckets": {"raw": PAIR, "models": MODELS}, **more}

    def program() -> dict[str, Any]:
        made = Replication("replication", args)
        return {
            "source": [row.name for row in made.source_alarms()],
            "target": [row.name for row in made.target_alarms()],
            "titles": [row.title for row in made.target_widgets()],
            "latency": made.latency("raw").dimensions,
        }

    return record(program)


def rule(recording: Recording, noun: str) -> dict[str, Any]:
    made = recording.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig", f"replication-{noun}")
    (only,) = made.inputs["rules"]
    found: dict[str, Any] = only
    return found


def statements(recording: Recording) -> dict[str, dict[str, Any]]:
    policy = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_a_rule_for_each_bucket_and_one_role() -> None:
    assert run().counts() == {
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig": 2,
        "mlplatform:index:Replication": 1,
    }


def test_everything_is_replicated_in_fifteen_minutes_deletions_and_encrypted_objects_too() -> None:
    found = rule(run(), "raw")
    assert found["status"] == "Enabled"
    assert found["filter"] == {"prefix": ""}
    assert found["deleteMarkerReplication"] == {"status": "Enabled"}
    assert found["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
    destination = found["destination"]
    assert destination["bucket"] == "arn:aws:s3:::lake-raw-there"
    assert destination["encryptionConfiguration"] == {"replicaKmsKeyId": OTHER_KEY}
    assert destination["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
    assert destination["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}


def test_what_has_no_key_is_replicated_without_one_and_opens_none() -> None:
    recording = run(buckets={"raw": KEYLESS})
    found = rule(recording, "raw")
    assert "sourceSelectionCriteria" not in found
    assert "encryptionConfiguration" not in found["destination"]
    assert found["destination"]["replicationTime"]["status"] == "Enabled"
    assert sorted(statements(recording)) == ["ReadConfiguration", "ReadVersions", "WriteReplicas"]
    assert statements(run(buckets={"raw": PAIR, "site": KEYLESS}))["DecryptObjects"]["Resource"] == [KEY]


def test_the_configuration_waits_for_the_rights() -> None:
    recording = run()
    rights = recording.one("aws:iam/rolePolicy:RolePolicy")
    for made in recording.of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig"):
        assert rights.urn in made.dependencies


def test_the_role_reads_sources_and_writes_replicas_and_nothing_else() -> None:
    found = statements(run())
    assert found["ReadVersions"]["Resource"] == ["arn:aws:s3:::lake-models/*", "arn:aws:s3:::lake-raw/*"]
    assert found["WriteReplicas"]["Resource"] == ["arn:aws:s3:::lake-models-there/*", "arn:aws:s3:::lake-raw-there/*"]
    assert found["WriteReplicas"]["Action"] == ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
    assert found["DecryptObjects"]["Action"] == ["kms:Decrypt"]
    assert found["DecryptObjects"]["Condition"] == {"StringLike": {"kms:ViaService": ["s3.us-east-1.amazonaws.com"]}}
    assert found["EncryptObjects"]["Resource"] == [OTHER_KEY]
    assert found["EncryptObjects"]["Condition"] == {"StringLike": {"kms:ViaService": ["s3.us-west-2.amazonaws.com"]}}
    trust = json.loads(run().one("aws:iam/role:Role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "s3.amazonaws.com"}


def test_each_region_hears_what_its_own_metrics_tell() -> None:
    assert run().value == {
        "source": ["replication-failures-to-us-west-2"],
        "target": ["replication-latency-from-us-east-1"],
        "titles": ["Replication from us-east-1: latency", "Replication from us-east-1: operations that wait"],
        "latency": {"SourceBucket": "lake-raw", "DestinationBucket": "lake-raw-there", "RuleId": "everything"},
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"target_region": HERE}, "target_region is 'us-east-1', that of the sources"),
        ({"target_region": "us-west-9"}, "target_region is 'us-west-9'; allowed: a region of AWS"),
        ({"buckets": {}}, "buckets is empty"),
        (
            {"buckets": {"raw": {**PAIR, "target_versioning": "Suspended"}}},
            "target_versioning of raw is 'Suspended'; allowed: Enabled",
        ),
        ({"buckets": {"raw": {**PAIR, "source_versioning": "Disabled"}}}, "source_versioning of raw is 'Disabled'"),
        ({"buckets": {"site": {**KEYLESS, "target_key_arn": OTHER_KEY}}}, "site has target_key_arn alone"),
    ],
    ids=["same-region", "no-region", "nothing", "target-unversioned", "source-unversioned", "one-key"],
)
def test_what_s3_would_refuse_is_refused_first(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="Replication 'replication'") as caught:
        run(**change)
    assert says in str(caught.value)
