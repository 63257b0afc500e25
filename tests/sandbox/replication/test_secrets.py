"""Replicas of secrets: behind their primary by the lag, closed to writers, and promoted when asked."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.replication.support import WEST, WEST_KEY, Pair


@pytest.fixture
def secret(pair: Pair) -> str:
    """The ARN of a secret with a replica."""
    replicas = [{"Region": WEST, "KmsKeyId": WEST_KEY}]
    made = pair.client("secretsmanager").create_secret(
        Name="token", SecretString="one", Description="a token", AddReplicaRegions=replicas
    )
    return str(made["ARN"])


def value(pair: Pair, region: str, stage: str = "AWSCURRENT") -> str:
    found = pair.client("secretsmanager", region).get_secret_value(SecretId="token", VersionStage=stage)
    return str(found["SecretString"])


def described(pair: Pair, region: str) -> dict[str, Any]:
    found: dict[str, Any] = pair.client("secretsmanager", region).describe_secret(SecretId="token")
    return found


def test_a_replica_begins_with_what_the_primary_holds(pair: Pair, secret: str) -> None:
    assert value(pair, WEST) == "one"
    there = described(pair, WEST)
    assert there["ARN"] == secret.replace("us-east-1", WEST)
    assert there["PrimaryRegion"] == "us-east-1"
    (row,) = described(pair, "us-east-1")["ReplicationStatus"]
    assert (row["Region"], row["KmsKeyId"], row["Status"]) == (WEST, WEST_KEY, "InSync")


def test_a_new_version_arrives_after_the_lag_with_its_stages(pair: Pair, secret: str) -> None:
    pair.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="two")
    assert value(pair, WEST) == "one"
    assert described(pair, "us-east-1")["ReplicationStatus"][0]["Status"] == "InProgress"
    assert pair.copied() == 1
    assert value(pair, WEST) == "two"
    assert value(pair, WEST, "AWSPREVIOUS") == "one"
    assert described(pair, "us-east-1")["ReplicationStatus"][0]["Status"] == "InSync"
    assert described(pair, WEST)["VersionIdsToStages"] == described(pair, "us-east-1")["VersionIdsToStages"]


def test_a_moved_stage_follows(pair: Pair, secret: str) -> None:
    client = pair.client("secretsmanager")
    first = described(pair, "us-east-1")["VersionIdsToStages"]
    client.put_secret_value(SecretId=secret, SecretString="two")
    second = client.get_secret_value(SecretId=secret)["VersionId"]
    client.update_secret_version_stage(
        SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=next(iter(first)), RemoveFromVersionId=second
    )
    pair.copied()
    assert value(pair, WEST) == "one"


def test_nobody_writes_to_a_replica(pair: Pair, secret: str) -> None:
    with pytest.raises(ClientError, match="Operation not permitted on a replica secret"):
        pair.client("secretsmanager", WEST).put_secret_value(
            SecretId=secret.replace("us-east-1", WEST), SecretString="x"
        )


def test_a_promoted_replica_is_a_secret_of_its_own(pair: Pair, secret: str) -> None:
    west = pair.client("secretsmanager", WEST)
    promoted = west.stop_replication_to_replica(SecretId=secret.replace("us-east-1", WEST))
    assert promoted["ARN"] == secret.replace("us-east-1", WEST)
    west.put_secret_value(SecretId="token", SecretString="mine")
    pair.client("secretsmanager").put_secret_value(SecretId=secret, SecretString="theirs")
    pair.copied()
    assert (value(pair, WEST), value(pair, "us-east-1")) == ("mine", "theirs")
    assert "ReplicationStatus" not in described(pair, "us-east-1")


def test_only_a_replica_can_be_promoted(pair: Pair, secret: str) -> None:
    with pytest.raises(ClientError, match="is no replica in us-east-1"):
        pair.client("secretsmanager").stop_replication_to_replica(SecretId=secret)


def test_a_removed_replica_gets_nothing_more(pair: Pair, secret: str) -> None:
    client = pair.client("secretsmanager")
    client.put_secret_value(SecretId=secret, SecretString="two")
    client.remove_regions_from_replication(SecretId=secret, RemoveReplicaRegions=[WEST])
    pair.copied()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        value(pair, WEST)
    (lane,) = pair.replication.status()["lanes"]
    assert lane["superseded"] == 1
