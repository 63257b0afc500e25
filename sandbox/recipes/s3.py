"""Buckets, their settings and objects."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

from sandbox.recipes.recipe import Answer, KeptError, Recipe, Work, hands

_NO_LOGS = "moto delivers access logs only to buckets that grant it by an access control list, which this one forbids"


def _bucket(work: Work) -> None:
    if work.region != "us-east-1":
        work.parameters["CreateBucketConfiguration"] = {"LocationConstraint": work.region}


def _bucket_tags(work: Work) -> None:
    if work.tags():
        work.call("s3.put_bucket_tagging", Bucket=work.inputs["bucket"], Tagging={"TagSet": work.tags()})


def _policy(work: Work) -> None:
    """Keeps a policy back that would lock everyone out: moto takes every condition but StringEquals as met."""
    declared = work.inputs["policy"]
    document = json.loads(declared) if isinstance(declared, str) else declared
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    if any(statement["Effect"] == "Deny" and statement.get("Condition") for statement in statements):
        raise KeptError("moto would take the conditions of its Deny statements as always met and refuse every request")


def _notification(work: Work) -> None:
    wanted: dict[str, object] = {}
    if work.inputs.get("eventbridge"):
        wanted["EventBridgeConfiguration"] = {}
    for key, member, name, arn in (
        ("lambdaFunctions", "LambdaFunctionConfigurations", "LambdaFunctionArn", "lambdaFunctionArn"),
        ("queues", "QueueConfigurations", "QueueArn", "queueArn"),
        ("topics", "TopicConfigurations", "TopicArn", "topicArn"),
    ):
        if work.inputs.get(key):
            wanted[member] = [
                {
                    name: rule[arn],
                    "Events": rule["events"],
                    "Filter": {
                        "Key": {
                            "FilterRules": [
                                {"Name": kind, "Value": rule[field]}
                                for kind, field in (("prefix", "filterPrefix"), ("suffix", "filterSuffix"))
                                if rule.get(field)
                            ],
                        },
                    },
                }
                for rule in work.inputs[key]
            ]
    work.parameters["NotificationConfiguration"] = wanted


def _inventory(work: Work) -> None:
    given, target = work.inputs, work.inputs["destination"]["bucket"]
    destination = {"Bucket": target["bucketArn"], "Format": target["format"]}
    for key, member in (("accountId", "AccountId"), ("prefix", "Prefix")):
        if target.get(key):
            destination[member] = target[key]
    encryption = target.get("encryption") or {}
    if encryption.get("sseKms"):
        destination["Encryption"] = {"SSEKMS": {"KeyId": encryption["sseKms"]["keyId"]}}
    elif "sseS3" in encryption:
        destination["Encryption"] = {"SSES3": {}}
    configuration = {
        "Id": given["name"],
        "IsEnabled": given.get("enabled", True),
        "IncludedObjectVersions": given["includedObjectVersions"],
        "Schedule": {"Frequency": given["schedule"]["frequency"]},
        "Destination": {"S3BucketDestination": destination},
    }
    if given.get("optionalFields"):
        configuration["OptionalFields"] = given["optionalFields"]
    if (given.get("filter") or {}).get("prefix"):
        configuration["Filter"] = {"Prefix": given["filter"]["prefix"]}
    work.parameters = {"Bucket": given["bucket"], "Id": given["name"], "InventoryConfiguration": configuration}


def _lock(work: Work) -> None:
    retention = work.inputs["rule"]["defaultRetention"]
    period = {key.capitalize(): retention[key] for key in ("days", "years") if retention.get(key)}
    work.parameters["ObjectLockConfiguration"] = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": retention["mode"], **period}},
    }


def _object(work: Work) -> None:
    source = work.inputs.get("source")
    if isinstance(source, dict) and "path" in source:
        work.parameters["Body"] = (work.root / source["path"]).read_bytes()
    elif isinstance(source, dict) and "text" in source:
        work.parameters["Body"] = source["text"].encode()
    elif work.inputs.get("contentBase64"):
        work.parameters["Body"] = base64.b64decode(work.inputs["contentBase64"])
    else:
        work.parameters["Body"] = (work.inputs.get("content") or "").encode()
    if work.inputs.get("tagsAll"):
        work.parameters["Tagging"] = urlencode(sorted(work.inputs["tagsAll"].items()))


_OBJECT = Recipe(
    call="s3.put_object",
    by_hand=hands("source", "content", "contentBase64"),
    rename={"kmsKeyId": "SSEKMSKeyId", "websiteRedirect": "WebsiteRedirectLocation"},
    shape=_object,
    id="{bucket}/{key}",
    tags="",
    outputs={
        "arn": "arn:aws:s3:::{bucket}/{key}",
        "versionId": Answer("VersionId", "{hash:32}"),
        "etag": lambda work: str(work.answer.get("ETag", "")).strip('"') or work.fill("{hash:32}"),
    },
)

_LOGGING = "BucketLoggingStatus.LoggingEnabled."

ROWS = {
    "aws:s3/bucket:Bucket": Recipe(
        call="s3.create_bucket",
        rename={"objectLockEnabled": "ObjectLockEnabledForBucket"},
        shape=_bucket,
        after=_bucket_tags,
        id="{bucket}",
        tags="",
        outputs={
            "arn": "arn:aws:s3:::{bucket}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
            "bucketRegion": "{region}",
        },
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Recipe(call="s3.put_bucket_versioning", id="{bucket}"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Recipe(
        call="s3.put_bucket_encryption",
        id="{bucket}",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Recipe(call="s3.put_public_access_block", id="{bucket}"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Recipe(
        call="s3.put_bucket_ownership_controls",
        id="{bucket}",
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Recipe(
        call="s3.put_bucket_lifecycle_configuration",
        lost={
            "rules.noncurrentVersionExpiration.newerNoncurrentVersions": "moto forgets it, and moves no object by age",
            "rules.filter.objectSizeGreaterThan": "moto forgets it, and moves no object by age",
            "rules.filter.objectSizeLessThan": "moto forgets it, and moves no object by age",
        },
        id="{bucket}",
    ),
    "aws:s3/bucketLogging:BucketLogging": Recipe(recorded=_NO_LOGS, id="{bucket}"),
    "aws:s3/bucketPolicy:BucketPolicy": Recipe(call="s3.put_bucket_policy", shape=_policy, id="{bucket}"),
    "aws:s3/bucketNotification:BucketNotification": Recipe(
        call="s3.put_bucket_notification_configuration",
        by_hand=hands("eventbridge", "lambdaFunctions", "queues", "topics"),
        shape=_notification,
        id="{bucket}",
    ),
    "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration": Recipe(
        recorded="moto takes the call for one that creates a bucket, keeps nothing, and moves no object by its use",
        id="{bucket}:{name}",
    ),
    "aws:s3/inventory:Inventory": Recipe(
        call="s3.put_bucket_inventory_configuration",
        by_hand=hands("destination", "enabled", "filter", "includedObjectVersions", "name", "optionalFields"),
        lost={"schedule": "moto keeps the setting and writes no list"},
        shape=_inventory,
        id="{bucket}:{name}",
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": Recipe(
        call="s3.put_object_lock_configuration",
        by_hand=hands("rule"),
        shape=_lock,
        id="{bucket}",
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": Recipe(
        call="s3.put_bucket_replication",
        id="{bucket}",
    ),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": Recipe(call="s3.put_bucket_cors", id="{bucket}"),
    "aws:s3/bucketObjectv2:BucketObjectv2": _OBJECT,
    "aws:s3/bucketObject:BucketObject": _OBJECT,
}
