"""The audit: what the trail records and who may write its archive, what watches a region, what is somebody else's."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import moto.config
import pytest

from components.governance import Trail, TrailArgs, Watchers, WatchersArgs
from components.governance.watchers import RULES
from tests.components.recorder import ACCOUNT, Recorded, Recording, record

KEY = "arn:aws:kms:us-east-1:123456789012:key/logs"
TRAIL = "aws:cloudtrail/trail:Trail"
RECORDER = "aws:cfg/recorder:Recorder"
ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/ml-prod-audit"


def arguments(**changes: Any) -> Any:
    args: TrailArgs = {
        "name_prefix": "ml-prod",
        "account_id": ACCOUNT,
        "region": "us-east-1",
        "key_arn": KEY,
        "logs_bucket": "ml-prod-logs",
        "data_buckets": ["ml-prod-raw", "ml-prod-models"],
    }
    return {**args, **changes}


def trail(**changes: Any) -> Recording:
    return record(lambda: Trail("audit", arguments(**changes)))


def watchers(**changes: Any) -> Recording:
    args: WatchersArgs = {"name_prefix": "ml-prod", "account_id": ACCOUNT, "region": "us-east-1"}
    changed: Any = {**args, **changes}
    return record(lambda: Watchers("watchers", changed))


def statements(resource: Recorded, field: str = "policy") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(resource.inputs[field])["Statement"]
    return found


def test_the_trail_records_every_region_signed_and_encrypted() -> None:
    inputs = trail().one(TRAIL).inputs
    assert inputs["isMultiRegionTrail"]
    assert inputs["includeGlobalServiceEvents"]
    assert inputs["enableLogFileValidation"]
    assert inputs["enableLogging"]
    assert inputs["kmsKeyId"] == KEY
    assert inputs["cloudWatchLogsGroupArn"].endswith(":*")


def test_calls_and_the_objects_of_the_lake_are_recorded() -> None:
    calls, objects = trail().one(TRAIL).inputs["advancedEventSelectors"]
    assert calls["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    assert objects["fieldSelectors"][1] == {"field": "resources.type", "equals": ["AWS::S3::Object"]}
    assert objects["fieldSelectors"][2]["startsWiths"] == ["arn:aws:s3:::ml-prod-raw/", "arn:aws:s3:::ml-prod-models/"]
    assert len(trail(data_buckets=[]).one(TRAIL).inputs["advancedEventSelectors"]) == 1


def test_only_that_trail_writes_the_archive_and_nobody_in_the_clear() -> None:
    rows = statements(trail().one("aws:s3/bucketPolicy:BucketPolicy"))
    allowed = [row for row in rows if row["Effect"] == "Allow"]
    assert {tuple(row["Action"]) for row in allowed} == {("s3:GetBucketAcl",), ("s3:PutObject",)}
    assert all(row["Condition"]["StringEquals"]["aws:SourceArn"] == [ARN] for row in allowed)
    (write,) = [row for row in allowed if row["Action"] == ["s3:PutObject"]]
    assert write["Resource"][0].endswith(f"/AWSLogs/{ACCOUNT}/*")
    assert write["Condition"]["StringEquals"]["s3:x-amz-acl"] == ["bucket-owner-full-control"]
    (deny,) = [row for row in rows if row["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}


def test_the_archive_stands_before_the_trail_and_is_kept() -> None:
    recording = trail()
    policy, bucket = recording.one("aws:s3/bucketPolicy:BucketPolicy"), recording.one("aws:s3/bucket:Bucket")
    assert policy.urn in recording.one(TRAIL).dependencies
    assert bucket.protect
    assert not bucket.inputs.get("forceDestroy")
    (rule,) = recording.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    assert rule["expiration"] == {"days": 400}
    loose = trail(protect=False, keep_days=90)
    assert not loose.one("aws:s3/bucket:Bucket").protect
    (rule,) = loose.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    assert rule["expiration"] == {"days": 90}


def test_what_is_recorded_can_be_searched_or_not() -> None:
    role = trail().one("aws:iam/role:Role")
    (assume,) = statements(role, "assumeRolePolicy")
    assert assume["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT], "aws:SourceArn": [ARN]}}
    silent = trail(searchable=False)
    assert silent.of_type("aws:cloudwatch/logGroup:LogGroup") == []
    assert "cloudWatchLogsGroupArn" not in silent.one(TRAIL).inputs


def test_a_recorder_begins_when_it_can_deliver_and_rules_follow() -> None:
    recording = watchers(archive="archive", key_arn=KEY)
    recorder = recording.one(RECORDER)
    channel = recording.one("aws:cfg/deliveryChannel:DeliveryChannel")
    status = recording.one("aws:cfg/recorderStatus:RecorderStatus")
    assert recorder.urn in channel.dependencies
    assert channel.urn in status.dependencies
    assert status.inputs == {"name": recorder.inputs["name"], "isEnabled": True}
    assert channel.inputs["s3BucketName"] == "archive"
    assert channel.inputs["s3KmsKeyArn"] == KEY
    rules = recording.of_type("aws:cfg/rule:Rule")
    assert {rule.inputs["source"]["sourceIdentifier"] for rule in rules} == set(RULES)
    assert all(status.urn in rule.dependencies for rule in rules)


def test_every_rule_of_config_is_one_that_aws_manages() -> None:
    path = Path(str(moto.config.__file__)).parent / "resources" / "aws_managed_rules.json.gz"
    assert set(RULES) - set(json.loads(gzip.decompress(path.read_bytes()))["ManagedRules"]) == set()


@pytest.mark.parametrize("everywhere", [True, False])
def test_iam_is_recorded_in_one_region(*, everywhere: bool) -> None:
    group = watchers(archive="a", key_arn=KEY, everywhere=everywhere).one(RECORDER).inputs["recordingGroup"]
    assert group == {"allSupported": True, "includeGlobalResourceTypes": everywhere}


def test_config_writes_its_own_folder_alone() -> None:
    rows = statements(watchers(archive="archive", key_arn=KEY).one("aws:iam/rolePolicy:RolePolicy"))
    (write,) = [row for row in rows if row["Action"] == ["s3:PutObject"]]
    assert write["Resource"] == [f"arn:aws:s3:::archive/AWSLogs/{ACCOUNT}/Config/*"]


def test_threats_and_access_are_watched_by_default() -> None:
    recording = watchers()
    assert recording.one("aws:guardduty/detector:Detector").inputs == {
        "enable": True,
        "findingPublishingFrequency": "FIFTEEN_MINUTES",
    }
    features = recording.of_type("aws:guardduty/detectorFeature:DetectorFeature")
    assert {row.inputs["name"] for row in features} == {"LAMBDA_NETWORK_LOGS", "S3_DATA_EVENTS"}
    assert recording.one("aws:accessanalyzer/analyzer:Analyzer").inputs["type"] == "ACCOUNT"
    assert recording.of_type(RECORDER) == []


def test_what_is_somebody_elses_is_left_out() -> None:
    assert set(watchers(threats=False, access=False).counts()) == {"mlplatform:index:Watchers"}


def test_standards_are_subscribed_by_their_arn() -> None:
    recording = watchers(archive="a", key_arn=KEY, standards=["fsbp", "cis"])
    rows = recording.of_type("aws:securityhub/standardsSubscription:StandardsSubscription")
    hub = recording.one("aws:securityhub/account:Account")
    assert hub.inputs["enableDefaultStandards"] is False
    assert {row.inputs["standardsArn"] for row in rows} == {
        "arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0",
        "arn:aws:securityhub:us-east-1::standards/cis-aws-foundations-benchmark/v/3.0.0",
    }
    assert all(hub.urn in row.dependencies for row in rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"archive": "a"}, "archive and key_arn are given one without the other", id="key"),
        pytest.param({"standards": ["fsbp"]}, "standards are given without archive", id="recorder"),
        pytest.param(
            {"archive": "a", "key_arn": KEY, "standards": ["pci"]}, "standards has 'pci'; allowed: fsbp, cis", id="name"
        ),
    ],
)
def test_what_would_not_work_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        watchers(**changes)
