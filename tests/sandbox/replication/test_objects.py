"""S3 replication: what a rule takes arrives as it was written, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.replication.support import WEST_KEY, Pair, buckets, configure

OFF = {"Status": "Disabled"}


def test_an_object_arrives_after_the_lag_with_all_that_it_has(pair: Pair) -> None:
    buckets(pair)
    put = pair.s3.put_object(
        Bucket="here",
        Key="a/b.csv",
        Body=b"1,2",
        ContentType="text/csv",
        Metadata={"source": "lab"},
        Tagging="class=raw",
    )
    pair.hands.turn(9)
    assert pair.replication.copy_due() == 0
    pair.hands.turn(1)
    assert pair.replication.copy_due() == 1
    west = pair.west
    found = west.get_object(Bucket="there", Key="a/b.csv")
    assert found["Body"].read() == b"1,2"
    assert (found["ContentType"], found["Metadata"]) == ("text/csv", {"source": "lab"})
    assert found["VersionId"] == put["VersionId"]
    assert found["ETag"] == put["ETag"]
    assert west.get_object_tagging(Bucket="there", Key="a/b.csv")["TagSet"] == [{"Key": "class", "Value": "raw"}]


def test_the_status_tells_where_a_copy_stands(pair: Pair) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    assert pair.s3.head_object(Bucket="here", Key="a")["ReplicationStatus"] == "PENDING"
    pair.copied()
    assert pair.s3.head_object(Bucket="here", Key="a")["ReplicationStatus"] == "COMPLETED"
    assert pair.west.head_object(Bucket="there", Key="a")["ReplicationStatus"] == "REPLICA"


def test_every_version_arrives_in_order(pair: Pair) -> None:
    buckets(pair)
    written = [pair.s3.put_object(Bucket="here", Key="a", Body=bytes([n]))["VersionId"] for n in range(4)]
    assert pair.copied() == 4
    rows = pair.west.list_object_versions(Bucket="there")["Versions"]
    assert [row["VersionId"] for row in rows] == written[::-1]
    assert [row["IsLatest"] for row in rows] == [True, False, False, False]


def test_objects_from_before_the_rule_stay(pair: Pair) -> None:
    buckets(pair)
    pair.s3.delete_bucket_replication(Bucket="here")
    pair.s3.put_object(Bucket="here", Key="old", Body=b"")
    configure(pair, {})
    pair.s3.put_object(Bucket="here", Key="new", Body=b"")
    pair.copied()
    assert pair.there() == ["new"]


@pytest.mark.parametrize(("status", "left"), [("Enabled", []), ("Disabled", ["a"])], ids=["on", "off"])
def test_a_delete_marker_follows_only_where_it_is_asked_for(pair: Pair, status: str, left: list[str]) -> None:
    buckets(pair, DeleteMarkerReplication={"Status": status})
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.s3.delete_object(Bucket="here", Key="a")
    pair.copied()
    assert pair.there() == left


def test_the_deletion_of_one_version_stays_here(pair: Pair) -> None:
    buckets(pair)
    version = pair.s3.put_object(Bucket="here", Key="a", Body=b"1")["VersionId"]
    pair.copied()
    pair.s3.delete_object(Bucket="here", Key="a", VersionId=version)
    assert pair.replication.pending() == []
    assert pair.there() == ["a"]


def test_a_version_that_is_gone_before_its_copy_counts_as_overtaken(pair: Pair) -> None:
    buckets(pair)
    version = pair.s3.put_object(Bucket="here", Key="a", Body=b"1")["VersionId"]
    pair.s3.delete_object(Bucket="here", Key="a", VersionId=version)
    pair.copied()
    assert pair.there() == []
    (lane,) = pair.replication.status()["lanes"]
    assert (lane["replicated"], lane["superseded"], lane["failed"]) == (0, 1, 0)


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        ({"Filter": {"Prefix": "raw/"}}, ["raw/a"]),
        (
            {"Filter": {"Tag": {"Key": "keep", "Value": "yes"}}, "DeleteMarkerReplication": {"Status": "Disabled"}},
            ["b"],
        ),
        ({"Status": "Disabled"}, []),
    ],
    ids=["prefix", "tag", "disabled"],
)
def test_a_rule_takes_what_its_filter_names(pair: Pair, rule: dict[str, Any], taken: list[str]) -> None:
    buckets(pair, **rule)
    pair.s3.put_object(Bucket="here", Key="raw/a", Body=b"")
    pair.s3.put_object(Bucket="here", Key="b", Body=b"", Tagging="keep=yes")
    pair.copied()
    assert pair.there() == taken


def test_of_two_rules_for_one_bucket_the_higher_priority_decides(pair: Pair) -> None:
    buckets(pair)
    west = {"Bucket": "arn:aws:s3:::there"}
    configure(
        pair,
        {"Destination": {**west, "StorageClass": "STANDARD"}},
        {"Destination": {**west, "StorageClass": "STANDARD_IA"}, "Filter": {"Prefix": "cold/"}},
    )
    pair.s3.put_object(Bucket="here", Key="cold/a", Body=b"")
    assert pair.copied() == 1
    assert pair.west.head_object(Bucket="there", Key="cold/a")["StorageClass"] == "STANDARD_IA"


def test_objects_under_a_key_go_only_when_asked_and_get_the_key_of_the_destination(pair: Pair) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="left", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId="east")
    destination = {"Bucket": "arn:aws:s3:::there", "EncryptionConfiguration": {"ReplicaKmsKeyID": WEST_KEY}}
    selection = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    configure(pair, {"Destination": destination, "SourceSelectionCriteria": selection})
    pair.s3.put_object(Bucket="here", Key="taken", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId="east")
    pair.copied()
    assert pair.there() == ["taken"]
    head = pair.west.head_object(Bucket="there", Key="taken")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", WEST_KEY)


def test_changed_tags_follow(pair: Pair) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.copied()
    pair.s3.put_object_tagging(Bucket="here", Key="a", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    assert pair.copied() == 1
    found = pair.west.get_object_tagging(Bucket="there", Key="a")
    assert found["TagSet"] == [{"Key": "k", "Value": "v"}]


def test_a_replica_is_not_replicated_again(pair: Pair) -> None:
    buckets(pair)
    configure(pair, {}, source="there", target="here")
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.copied()
    assert pair.replication.pending() == []
    pair.west.put_object(Bucket="there", Key="b", Body=b"2")
    assert pair.copied() == 1
    assert pair.s3.get_object(Bucket="here", Key="b")["Body"].read() == b"2"


def test_multipart_uploads_and_copies_arrive(pair: Pair) -> None:
    buckets(pair)
    upload = pair.s3.create_multipart_upload(Bucket="here", Key="big", Metadata={"m": "1"})["UploadId"]
    part = pair.s3.upload_part(Bucket="here", Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = pair.s3.complete_multipart_upload(Bucket="here", Key="big", UploadId=upload, MultipartUpload=parts)
    pair.s3.copy_object(Bucket="here", Key="again", CopySource={"Bucket": "here", "Key": "big"})
    assert pair.copied() == 2
    head = pair.west.head_object(Bucket="there", Key="big")
    assert (head["ETag"], head["ContentLength"], head["Metadata"]) == (done["ETag"], 100, {"m": "1"})
    assert pair.there() == ["again", "big"]


def test_what_was_put_is_what_is_read_of_a_configuration(pair: Pair) -> None:
    rule = {
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": "arn:aws:s3:::there",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": WEST_KEY},
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        },
    }
    buckets(pair, **rule)
    (found,) = pair.s3.get_bucket_replication(Bucket="here")["ReplicationConfiguration"]["Rules"]
    assert found == {
        "ID": "rule-1",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        **rule,
    }


@pytest.mark.parametrize("unversioned", ["here", "there"])
def test_without_versions_there_is_no_replication(pair: Pair, unversioned: str) -> None:
    buckets(pair)
    pair.s3.put_bucket_versioning(Bucket=unversioned, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(ClientError, match=r"[Vv]ersioning"):
        configure(pair, {})


def test_a_lost_destination_is_told(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    buckets(pair)
    pair.s3.put_object(Bucket="here", Key="a", Body=b"1")
    pair.west.delete_bucket(Bucket="there")
    pair.copied()
    (lane,) = pair.replication.status()["lanes"]
    assert lane["failed"] == 1
    assert lane["failures"] == ["here a: destination bucket 'there' does not exist; create it or change the rule"]
    assert pair.s3.head_object(Bucket="here", Key="a")["ReplicationStatus"] == "FAILED"
    assert "not replicated: s3 here a" in caplog.text
