"""Multi-region keys: one family of keys in two regions, each with its own aliases."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.replication.support import WEST, Pair


@pytest.fixture
def key(pair: Pair) -> str:
    """The id of a key with a replica."""
    made = pair.client("kms").create_key(MultiRegion=True)["KeyMetadata"]
    pair.client("kms").create_alias(AliasName="alias/data", TargetKeyId=made["KeyId"])
    pair.client("kms").replicate_key(KeyId=made["KeyId"], ReplicaRegion=WEST)
    return str(made["KeyId"])


def test_each_region_has_its_own_alias(pair: Pair, key: str) -> None:
    west = pair.client("kms", WEST)
    west.create_alias(AliasName="alias/data", TargetKeyId=key)
    assert west.describe_key(KeyId="alias/data")["KeyMetadata"]["Arn"].split(":")[3] == WEST
    west.delete_alias(AliasName="alias/data")
    assert pair.client("kms").describe_key(KeyId="alias/data")["KeyMetadata"]["KeyId"] == key


def test_primary_and_replica_know_their_role(pair: Pair, key: str) -> None:
    kinds = [
        pair.client("kms", region).describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]
        for region in ("us-east-1", WEST)
    ]
    assert [kind["MultiRegionKeyType"] for kind in kinds] == ["PRIMARY", "REPLICA"]
    assert kinds[1]["PrimaryKey"]["Region"] == "us-east-1"


def test_the_replica_opens_what_the_primary_closed(pair: Pair, key: str) -> None:
    closed = pair.client("kms").encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    opened = pair.client("kms", WEST).decrypt(CiphertextBlob=closed, EncryptionContext={"a": "b"})
    assert opened["Plaintext"] == b"x"


def test_a_key_of_one_region_stays_there(pair: Pair) -> None:
    client = pair.client("kms")
    closed = client.encrypt(KeyId=client.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=closed)["Plaintext"] == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        pair.client("kms", WEST).decrypt(CiphertextBlob=closed)
