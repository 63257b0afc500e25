"""The DataLake component: four private buckets, and rights that reach one prefix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.data_lake import DataLake
from tests.components.recorder import ACCOUNT, REGION, Recording, record

DATA = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/data"
MODELS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/models"
LOGS = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/logs"
KINDS = (
    *("Bucket", "BucketLifecycleConfiguration", "BucketOwnershipControls", "BucketPolicy", "BucketPublicAccessBlock"),
    *("BucketServerSideEncryptionConfiguration", "BucketVersioning"),
)


def arguments(**more: Any) -> Any:
    return {
        "name_prefix": "mlplatform-dev",
        "account_id": ACCOUNT,
        "data_key_arn": DATA,
        "models_key_arn": MODELS,
        "logs_key_arn": LOGS,
        **more,
    }


def run(**more: Any) -> Recording:
    def program() -> None:
        DataLake("lake", arguments(**more))

    return record(program)


def token(kind: str) -> str:
    return f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"


def child(recording: Recording, kind: str, bucket: str) -> dict[str, Any]:
    return next(dict(r.inputs) for r in recording.of_type(token(kind)) if r.name.split("-")[1] == bucket)


def denied(recording: Recording, bucket: str) -> dict[str, dict[str, Any]]:
    document = json.loads(child(recording, "BucketPolicy", bucket)["policy"])
    return {statement["Sid"]: statement for statement in document["Statement"]}


def granted(right: str, bucket: str, prefix: str) -> dict[str, dict[str, Any]]:
    recording = record(lambda: getattr(DataLake("lake", arguments()), right)(bucket, prefix))
    return {statement["Sid"]: statement for statement in recording.value}


def test_children_are_exactly_these() -> None:
    recording = run()
    expected = dict.fromkeys(map(token, KINDS), 4) | dict.fromkeys(map(token, ("BucketLogging", "Inventory")), 3)
    single = ("BucketIntelligentTieringConfiguration", "BucketNotification")
    expected |= dict.fromkeys(map(token, single), 1)
    assert recording.counts() == expected | {"mlplatform:index:DataLake": 1}
    assert len(recording.children(recording.one("mlplatform:index:DataLake"))) == 36


@pytest.mark.parametrize("bucket", ["raw", "processed", "models", "logs"])
def test_every_bucket_is_private_versioned_and_speaks_tls_only(bucket: str) -> None:
    recording = run()
    block = child(recording, "BucketPublicAccessBlock", bucket)
    assert [value for key, value in block.items() if key != "bucket"] == [True] * 4
    assert child(recording, "BucketVersioning", bucket)["versioningConfiguration"] == {"status": "Enabled"}
    assert child(recording, "BucketOwnershipControls", bucket)["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    tls = denied(recording, bucket)["DenyWithoutTls"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
    assert len(tls["Resource"]) == 2
    assert child(recording, "Bucket", bucket)["bucketPrefix"] == f"mlplatform-dev-{bucket}-"


@pytest.mark.parametrize(("bucket", "key"), [("raw", DATA), ("processed", DATA), ("models", MODELS)])
def test_data_is_encrypted_by_its_key_and_by_no_foreign_one(bucket: str, key: str) -> None:
    recording = run()
    (rule,) = child(recording, "BucketServerSideEncryptionConfiguration", bucket)["rules"]
    assert rule == {
        "applyServerSideEncryptionByDefault": {"kmsMasterKeyId": key, "sseAlgorithm": "aws:kms"},
        "bucketKeyEnabled": True,
    }
    statements = denied(recording, bucket)
    assert {"DenyOtherAlgorithm", "DenyOtherKey"} <= statements.keys()
    # SageMaker uploads checkpoints without a way to name a key.
    assert ("DenySharedKey" in statements) is (bucket != "models")
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    assert statements["DenyOtherKey"]["Condition"] == {
        "StringNotEquals": {header: [DATA, MODELS]},
        "Null": {header: ["false"]},
    }


def test_access_logs_go_where_s3_can_write_them() -> None:
    recording = run()
    (rule,) = child(recording, "BucketServerSideEncryptionConfiguration", "logs")["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}
    delivery = denied(recording, "logs")["S3DeliversAccessLogs"]
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert len(delivery["Condition"]["ArnLike"]["aws:SourceArn"]) == 3
    assert delivery["Resource"][0].endswith("/system/access/*")
    prefixes = {log.inputs["targetPrefix"] for log in recording.of_type(token("BucketLogging"))}
    assert prefixes == {f"system/access/{bucket}/" for bucket in ("raw", "processed", "models")}
    policy = recording.one(token("BucketPolicy"), "lake-logs-policy")
    assert all(policy.urn in log.dependencies for log in recording.of_type(token("BucketLogging")))


@pytest.mark.parametrize(
    ("bucket", "rule"),
    [
        ("raw", {"transitions": [{"days": 90, "storageClass": "GLACIER_IR"}]}),
        ("processed", {"transitions": [{"days": 30, "storageClass": "STANDARD_IA"}]}),
        ("models", {"transitions": [{"days": 30, "storageClass": "INTELLIGENT_TIERING"}]}),
        ("logs", {"expiration": {"days": 45}}),
    ],
)
def test_what_is_old_moves_or_goes(bucket: str, rule: dict[str, Any]) -> None:
    abandoned, age, *_ = child(run(log_days=45, old_version_days=9), "BucketLifecycleConfiguration", bucket)["rules"]
    assert rule.items() <= age.items()
    assert abandoned["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert abandoned["noncurrentVersionExpiration"] == {"noncurrentDays": 9}
    assert {abandoned["status"], age["status"]} == {"Enabled"}


def test_what_buckets_hold_is_listed_every_week_and_encrypted() -> None:
    recording = run()
    policy = recording.one(token("BucketPolicy"), "lake-logs-policy")
    made = recording.of_type(token("Inventory"))
    assert {found.name for found in made} == {f"lake-{bucket}-inventory" for bucket in ("raw", "processed", "models")}
    for found in made:
        target = found.inputs["destination"]["bucket"]
        assert (target["format"], target["prefix"], target["accountId"]) == ("Parquet", "system/inventory", ACCOUNT)
        assert target["encryption"] == {"sseKms": {"keyId": LOGS}}
        assert found.inputs["includedObjectVersions"] == "All"
        assert policy.urn in found.dependencies
    lists = denied(recording, "logs")["S3DeliversInventories"]
    assert lists["Principal"] == {"Service": "s3.amazonaws.com"}
    assert lists["Resource"][0].endswith("/system/inventory/*")
    assert lists["Condition"]["StringEquals"] == {
        "aws:SourceAccount": [ACCOUNT],
        "s3:x-amz-acl": ["bucket-owner-full-control"],
    }


def test_only_models_in_the_archive_may_take_hours_to_come_back() -> None:
    made = run().one(token("BucketIntelligentTieringConfiguration"))
    assert made.inputs["filter"] == {"prefix": "archive/"}
    assert [row["accessTier"] for row in made.inputs["tierings"]] == ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"]


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_raw_files_can_be_locked(mode: str) -> None:
    recording = run(lock_days=30, lock_mode=mode)
    made = {bucket.name: bucket.inputs.get("objectLockEnabled") for bucket in recording.of_type(token("Bucket"))}
    assert made == {"lake-raw": True, "lake-processed": None, "lake-models": None, "lake-logs": None}
    lock = recording.one(token("BucketObjectLockConfiguration"))
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": mode, "days": 30}}
    assert recording.one(token("BucketVersioning"), "lake-raw-versions").urn in lock.dependencies


@pytest.mark.parametrize(
    ("service", "principal", "place"),
    [
        ("load-balancer", "logdelivery.elasticloadbalancing.amazonaws.com", f"/api/load-balancer/AWSLogs/{ACCOUNT}/*"),
        ("cloudfront", "delivery.logs.amazonaws.com", "/api/site/*"),
    ],
)
def test_other_services_deliver_logs_where_they_are_let_in(service: str, principal: str, place: str) -> None:
    after = denied(run(log_services=[service]), "logs")
    (added,) = (after[sid] for sid in after.keys() - denied(run(), "logs").keys())
    assert added["Principal"] == {"Service": principal}
    assert added["Resource"][0].endswith(place)
    assert added["Condition"]["StringEquals"]["aws:SourceAccount"] == [ACCOUNT]


def test_what_others_need_of_a_bucket_is_at_hand() -> None:
    def program() -> Any:
        lake = DataLake("lake", arguments())
        assert set(lake.versioning) == set(lake.buckets)
        return {bucket: lake.key_arn(bucket) for bucket in lake.buckets if lake.key_arn(bucket)}

    assert record(program).value == {"raw": DATA, "processed": DATA, "models": MODELS}


def test_what_has_aged_still_counts() -> None:
    recording = record(lambda: {"rows": DataLake("lake", arguments()).widgets()})
    (widget,) = recording.value["rows"]
    sums = {metric.label: metric for metric in widget.metrics}
    assert list(sums) == ["raw", "processed", "models", "logs"]
    assert sums["raw"].expression == "SUM([class0, class1])"
    classes = [metric.dimensions["StorageType"] for metric in sums["raw"].metrics.values()]
    assert classes == ["StandardStorage", "GlacierInstantRetrievalStorage"]
    assert len(sums["models"].metrics) == 6


def test_uploads_announce_themselves() -> None:
    notification = run().one(token("BucketNotification"))
    assert notification.inputs["eventbridge"] is True
    assert notification.inputs["bucket"].startswith("mlplatform-dev-raw-")


@pytest.mark.parametrize("protect", [True, False])
def test_one_setting_decides_about_deletion(protect: bool) -> None:
    buckets = run(protect=protect).of_type(token("Bucket"))
    assert {(bucket.protect, bucket.inputs["forceDestroy"]) for bucket in buckets} == {(protect, not protect)}


def test_reading_reaches_one_prefix_and_its_key() -> None:
    statements = granted("may_read", "raw", "uploads/")
    assert list(statements) == ["ReadRawUploads", "ListRawUploads", "DecryptRawUploads"]
    assert statements["ReadRawUploads"]["Resource"][0].endswith("/uploads/*")
    assert statements["ListRawUploads"]["Condition"] == {"StringLike": {"s3:prefix": ["uploads/*"]}}
    key = statements["DecryptRawUploads"]
    assert key["Resource"] == [DATA]
    context = key["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
    assert context[1] == f"{context[0]}/uploads/*"


def test_writing_gives_no_reading() -> None:
    statements = granted("may_write", "models", "training/")
    assert statements["WriteModelsTraining"]["Action"] == ["s3:AbortMultipartUpload", "s3:PutObject"]
    assert statements["EncryptModelsTraining"]["Resource"] == [MODELS]
    assert not any("GetObject" in action for statement in statements.values() for action in statement["Action"])


def test_logs_need_no_key() -> None:
    assert list(granted("may_write", "logs", "api/")) == ["WriteLogsApi"]


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(ValueError, match=r"infrequent_access_days is 29.*log_days is 0.*name_prefix is 'UPPER'"):
        run(infrequent_access_days=29, log_days=0, name_prefix="UPPER")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"lock_days": -1}, "lock_days is -1; allowed: 0 .no lock. to 36500"),
        ({"lock_mode": "NONE"}, "lock_mode is 'NONE'; allowed: GOVERNANCE, COMPLIANCE"),
        ({"log_services": ["ftp"]}, "log_services is 'ftp'; allowed: audit, cloudfront, load-balancer"),
    ],
)
def test_what_s3_does_not_have_is_refused(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        run(**more)


def test_an_unknown_bucket_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="'cooked' does not exist; allowed: raw, processed, models, logs"):
        granted("may_read", "cooked", "")
