"""S3 copies in the role that the bucket names: what the role lacks is not copied, and everybody is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.rights.calls.runtime import Rights
from tests.sandbox.replication.support import EAST, ROLE, WEST, Pair, buckets

TRUST = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
HERE, THERE = "arn:aws:s3:::here", "arn:aws:s3:::there"
GRANTED = {
    "s3:GetReplicationConfiguration": HERE,
    "s3:ListBucket": HERE,
    "s3:GetObjectVersionForReplication": f"{HERE}/*",
    "s3:GetObjectVersionAcl": f"{HERE}/*",
    "s3:GetObjectVersionTagging": f"{HERE}/*",
    "s3:ReplicateObject": f"{THERE}/*",
    "s3:ReplicateDelete": f"{THERE}/*",
    "s3:ReplicateTags": f"{THERE}/*",
}
KEYED = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")


@pytest.fixture
def rights(cloud: Cloud, pair: Pair, tmp_path: Path) -> Iterator[Rights]:
    """Buckets that are replicated in a role with just the rights that it takes."""
    found = Rights(cloud, tmp_path)
    found.install()
    buckets(pair)
    pair.client("iam").create_role(RoleName="replication", AssumeRolePolicyDocument=document(TRUST))
    grant(pair, GRANTED)
    yield found
    found.close()


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def grant(pair: Pair, actions: dict[str, str], name: str = "own") -> None:
    rows = [{"Effect": "Allow", "Action": action, "Resource": where} for action, where in actions.items()]
    pair.client("iam").put_role_policy(RoleName="replication", PolicyName=name, PolicyDocument=document(*rows))


def status(pair: Pair, key: str = "a") -> str:
    return str(pair.s3.head_object(Bucket="here", Key=key)["ReplicationStatus"])


def refused(rights: Rights) -> list[tuple[str, str]]:
    return [(row["action"], row["resource"]) for row in rights.told()["refused"]]


def test_a_role_with_the_rights_of_s3_s_guide_copies_all(pair: Pair, rights: Rights) -> None:
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1", Tagging="class=raw")
    pair.s3.put_object(Bucket="here", Key="b", Body=b"2")
    pair.s3.delete_object(Bucket="here", Key="b")
    pair.copied()
    assert pair.there() == ["a"]
    assert refused(rights) == []
    used = {row["action"] for row in rights.told()["used"] if row["principal"] == ROLE}
    assert used == set(GRANTED)


@pytest.mark.parametrize("lacking", sorted(set(GRANTED) - {"s3:ReplicateDelete"}))
def test_an_object_stays_where_its_role_lacks_a_right(pair: Pair, rights: Rights, lacking: str) -> None:
    grant(pair, {action: where for action, where in GRANTED.items() if action != lacking})
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1", Tagging="class=raw")
    pair.copied()
    assert pair.there() == []
    assert status(pair) == "FAILED"
    assert [action for action, _ in refused(rights)] == [lacking]
    (lane,) = (row for row in pair.replication.status()["lanes"] if row["kind"] == "s3")
    assert lane["failed"] == 1
    assert f"assumed-role/replication/s3-replication is not authorized to perform: {lacking}" in lane["failures"][0]


def test_a_deletion_stays_where_its_role_lacks_the_right(pair: Pair, rights: Rights) -> None:
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.copied()
    grant(pair, {action: where for action, where in GRANTED.items() if action != "s3:ReplicateDelete"})
    pair.s3.delete_object(Bucket="here", Key="a")
    pair.copied()
    assert pair.there() == ["a"]
    assert refused(rights) == [("s3:ReplicateDelete", f"{THERE}/a")]


def test_a_role_that_does_not_trust_s3_copies_nothing(pair: Pair, rights: Rights) -> None:
    other = {**TRUST, "Principal": {"Service": "lambda.amazonaws.com"}}
    pair.client("iam").update_assume_role_policy(RoleName="replication", PolicyDocument=document(other))
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.copied()
    assert pair.there() == []
    assert refused(rights) == [("sts:AssumeRole", ROLE)]


def encrypted(pair: Pair, *, bucket_key: bool) -> tuple[str, str]:
    """Both buckets under keys, with the rule that takes encrypted objects along; the keys' ARNs."""
    made = []
    for region, bucket in ((EAST, "here"), (WEST, "there")):
        key = pair.client("kms", region).create_key()["KeyMetadata"]["Arn"]
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
        pair.client("s3", region).put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
        made.append(str(key))
    buckets_rule = pair.s3.get_bucket_replication(Bucket="here")["ReplicationConfiguration"]
    (only,) = buckets_rule["Rules"]
    only["SourceSelectionCriteria"] = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    only["Destination"]["EncryptionConfiguration"] = {"ReplicaKmsKeyID": made[1]}
    pair.s3.put_bucket_replication(Bucket="here", ReplicationConfiguration=buckets_rule)
    return made[0], made[1]


@pytest.mark.parametrize(("bucket_key", "needed"), [(True, KEYED), (False, KEYED[:2])])
def test_keys_on_both_sides_have_to_agree(
    pair: Pair, rights: Rights, needed: tuple[str, ...], *, bucket_key: bool
) -> None:
    own, other = encrypted(pair, bucket_key=bucket_key)
    on = {"kms:Decrypt": own, "kms:Encrypt": other, "kms:GenerateDataKey": other}
    for number, lacking in enumerate((*needed, "")):
        grant(pair, {**GRANTED, **{action: key for action, key in on.items() if action != lacking}})
        pair.s3.put_object(Bucket="here", Key=f"a{number}", Body=b"1")
        pair.copied()
        assert status(pair, f"a{number}") == ("FAILED" if lacking else "COMPLETED")
    assert refused(rights) == [(action, on[action]) for action in needed]
