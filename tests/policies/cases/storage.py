"""S3 and ElastiCache: what is good and bad."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.rows import Case, Row, but, row, without

ACCOUNT = "123456789012"


def allow(action: str | list[str], principal: Any, resource: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Principal": principal, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


TLS = {
    "Effect": "Deny",
    "Action": "s3:*",
    "Principal": "*",
    "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
DELIVERY = allow(
    "s3:PutObject",
    {"Service": "logging.s3.amazonaws.com"},
    "arn:aws:s3:::data/*",
    StringEquals={"aws:SourceAccount": ACCOUNT},
)
KMS = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:aws:kms:eu-west-1:1:key/k"}


def bucket(name: str = "data", *, algorithm: dict[str, Any] | None = None, policy: str = "") -> list[Row]:
    """A bucket with everything a bucket needs but logging."""
    it = row("aws:s3/bucket:Bucket", name)
    ref = f"{name}-id"

    def child(token: str, noun: str, **inputs: Any) -> Row:
        return row(f"aws:s3/{token}", f"{name}-{noun}", it, bucket=ref, **inputs)

    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    return [
        it,
        child("bucketPublicAccessBlock:BucketPublicAccessBlock", "block", **dict.fromkeys(switches, True)),
        child("bucketPolicy:BucketPolicy", "policy", policy=policy or document(TLS)),
        child(
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "encryption",
            rules=[{"applyServerSideEncryptionByDefault": algorithm or KMS, "bucketKeyEnabled": True}],
        ),
        child("bucketVersioning:BucketVersioning", "versioning", versioningConfiguration={"status": "Enabled"}),
        child(
            "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            "lifecycle",
            rules=[
                {
                    "id": "all",
                    "status": "Enabled",
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        ),
        child(
            "bucketOwnershipControls:BucketOwnershipControls", "owner", rule={"objectOwnership": "BucketOwnerEnforced"}
        ),
    ]


DATA = bucket()
LOGS = bucket("logs", algorithm={"sseAlgorithm": "AES256"}, policy=document(TLS, DELIVERY))
LOGGING = row(
    "aws:s3/bucketLogging:BucketLogging", "data-logging", DATA[0], LOGS[0], bucket="data-id", targetBucket="logs-id"
)
LOGGED = [*DATA, *LOGS, LOGGING]
KEY = row("aws:kms/key:Key", "logs-key", policy=document(allow("kms:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})))
LOGS_BY_KMS = [
    *but(
        LOGGED,
        "logs-encryption",
        rules=[{"applyServerSideEncryptionByDefault": {**KMS, "kmsMasterKeyId": KEY.outputs["arn"]}}],
    ),
    KEY,
]
KEY_LETS_IN = document(
    allow("kms:GenerateDataKey*", {"Service": "logging.s3.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT})
)

LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
TIERING = "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration"
RETENTION = {"defaultRetention": {"mode": "GOVERNANCE", "days": 7}}
LOCKED = [*LOGGED, row(LOCK, "data-lock", DATA[0], bucket="data-id", rule=RETENTION)]
TARGET = {
    "bucketArn": LOGS[0].outputs["arn"],
    "prefix": "inventory",
    "encryption": {"sseKms": {"keyId": "arn:aws:kms:eu-west-1:1:key/k"}},
}
INVENTORY = row(
    "aws:s3/inventory:Inventory", "data-inventory", DATA[0], LOGS[0], bucket="data-id", destination={"bucket": TARGET}
)
LISTS = allow(
    "s3:PutObject",
    {"Service": "s3.amazonaws.com"},
    "arn:aws:s3:::logs/inventory/*",
    StringEquals={"aws:SourceAccount": ACCOUNT},
)
LISTED = [*but(LOGGED, "logs-policy", policy=document(TLS, DELIVERY, LISTS)), INVENTORY]

S3 = (
    Case(
        "s3-public-access-blocked",
        {"all four": DATA},
        {"one off": but(DATA, "data-block", blockPublicPolicy=False), "none": without(DATA, "data-block")},
        "public access block",
    ),
    Case(
        "s3-policy-not-public",
        {
            "tls only": DATA,
            "bounded": bucket(policy=document(allow("s3:GetObject", "*", StringEquals={"aws:PrincipalOrgID": "o-1"}))),
        },
        {
            "everyone reads": bucket(policy=document(TLS, allow("s3:GetObject", "*"))),
            "every account": bucket(policy=document(allow("s3:GetObject", {"AWS": "*"}))),
            "a date bounds nobody": bucket(
                policy=document(allow("s3:GetObject", "*", DateLessThan={"aws:CurrentTime": "2030-01-01T00:00:00Z"}))
            ),
        },
        "allows everyone s3:GetObject",
    ),
    Case(
        "s3-tls-only",
        {"bucket and objects": DATA, "any": bucket(policy=document({**TLS, "Resource": "*"}))},
        {
            "no policy": without(DATA, "data-policy"),
            "objects left out": bucket(policy=document({**TLS, "Resource": "arn:aws:s3:::data"})),
            "one action": bucket(policy=document({**TLS, "Action": "s3:GetObject"})),
            "one principal": bucket(policy=document({**TLS, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}})),
            "allowed, not denied": bucket(policy=document({**TLS, "Effect": "Allow"})),
        },
    ),
    Case(
        "s3-encrypted-by-own-key",
        {
            "kms": DATA,
            "log target by s3": LOGGED,
            "site by s3": bucket(
                algorithm={"sseAlgorithm": "AES256"},
                policy=document(TLS, allow("s3:GetObject", {"Service": "cloudfront.amazonaws.com"})),
            ),
        },
        {
            "none": without(DATA, "data-encryption"),
            "by s3": bucket(algorithm={"sseAlgorithm": "AES256"}),
            "shared key": bucket(algorithm={"sseAlgorithm": "aws:kms"}),
            "no bucket key": but(DATA, "data-encryption", rules=[{"applyServerSideEncryptionByDefault": KMS}]),
        },
    ),
    Case(
        "s3-versioned",
        {"enabled": DATA},
        {
            "suspended": but(DATA, "data-versioning", versioningConfiguration={"status": "Suspended"}),
            "none": without(DATA, "data-versioning"),
        },
        "versioning",
    ),
    Case(
        "s3-lifecycle",
        {"ends old versions": DATA},
        {
            "none": without(DATA, "data-lifecycle"),
            "disabled": but(DATA, "data-lifecycle", rules=[{"status": "Disabled"}]),
            "old versions stay": but(
                DATA,
                "data-lifecycle",
                rules=[{"status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}],
            ),
            "uploads stay": but(
                DATA,
                "data-lifecycle",
                rules=[{"status": "Enabled", "noncurrentVersionExpiration": {"noncurrentDays": 7}}],
            ),
        },
    ),
    Case("s3-access-logged", {"to another bucket": LOGGED}, {"nowhere": DATA}, "no logging"),
    Case(
        "s3-log-target-receives",
        {"by s3": LOGGED, "by kms": but(LOGS_BY_KMS, "logs-key", policy=KEY_LETS_IN), "no target": DATA},
        {
            "no grant": but(LOGGED, "logs-policy", policy=document(TLS)),
            "key keeps it out": LOGS_BY_KMS,
            "other prefix": but(
                LOGGED, "logs-policy", policy=document(TLS, {**DELIVERY, "Resource": "arn:aws:s3:::logs/other/*"})
            ),
        },
        "logging.s3.amazonaws.com",
    ),
    Case(
        "s3-inventory-arrives",
        {"allowed": LISTED, "elsewhere": [INVENTORY]},
        {
            "in the clear": but(LISTED, "data-inventory", destination={"bucket": {**TARGET, "encryption": {}}}),
            "no grant": but(LISTED, "logs-policy", policy=document(TLS, DELIVERY)),
            "other prefix": but(LISTED, "data-inventory", destination={"bucket": {**TARGET, "prefix": "lists"}}),
        },
    ),
    Case(
        "s3-lock-keeps",
        {
            "days": LOCKED,
            "years": but(LOCKED, "data-lock", rule={"defaultRetention": {"mode": "COMPLIANCE", "years": 1}}),
        },
        {
            "no default": but(LOCKED, "data-lock", rule={}),
            "no period": but(LOCKED, "data-lock", rule={"defaultRetention": {"mode": "GOVERNANCE"}}),
            "target of logs": [*LOGGED, row(LOCK, "logs-lock", LOGS[0], bucket="logs-id", rule=RETENTION)],
        },
    ),
    Case(
        "s3-archive-bounded",
        {
            "prefix": [row(TIERING, "tiers", filter={"prefix": "archive/"})],
            "tags": [row(TIERING, "tiers", filter={"tags": {"keep": "long"}})],
        },
        {"everything": [row(TIERING, "tiers")], "empty": [row(TIERING, "tiers", filter={"prefix": ""})]},
        "every object of the bucket may be archived",
    ),
    Case(
        "s3-owner-enforced",
        {"enforced": DATA},
        {
            "preferred": but(DATA, "data-owner", rule={"objectOwnership": "BucketOwnerPreferred"}),
            "none": without(DATA, "data-owner"),
        },
        "ownership",
    ),
)

CACHE = [
    row(
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "cache",
        numCacheClusters=2,
        automaticFailoverEnabled=True,
        multiAzEnabled=True,
        transitEncryptionEnabled=True,
        atRestEncryptionEnabled="true",
        kmsKeyId="arn:aws:kms:eu-west-1:1:key/k",
        authToken="t" * 16,
        snapshotRetentionLimit=3,
        subnetGroupName="private",
    )
]
SINGLE = but(
    CACHE, "cache", numCacheClusters=1, automaticFailoverEnabled=False, multiAzEnabled=False, snapshotRetentionLimit=0
)
FOLLOWING = but(
    CACHE, "cache", globalReplicationGroupId="g", transitEncryptionEnabled=None, atRestEncryptionEnabled=None
)
ELASTICACHE = (
    Case(
        "cache-encrypted-in-transit",
        {"on": CACHE, "of the first member": FOLLOWING},
        {
            "off": but(CACHE, "cache", transitEncryptionEnabled=False),
            "preferred": but(CACHE, "cache", transitEncryptionMode="preferred"),
        },
        "transitEncryption",
    ),
    Case(
        "cache-encrypted-at-rest",
        {"own key": CACHE, "of the first member": FOLLOWING},
        {"off": but(CACHE, "cache", atRestEncryptionEnabled=False), "shared key": but(CACHE, "cache", kmsKeyId=None)},
    ),
    Case(
        "cache-authenticated",
        {"token": CACHE, "users": but(CACHE, "cache", authToken=None, userGroupIds=["group"])},
        {"open": but(CACHE, "cache", authToken=None)},
        "neither authToken nor userGroupIds",
    ),
    Case(
        "cache-survives-a-node",
        {"two": CACHE, "one": SINGLE},
        {
            "no failover": but(CACHE, "cache", automaticFailoverEnabled=False),
            "one zone": but(CACHE, "cache", numCacheClusters=None, replicasPerNodeGroup=1, multiAzEnabled=False),
        },
        "with 2 nodes",
    ),
    Case(
        "cache-backed-up",
        {"two": CACHE, "one": SINGLE},
        {"two": but(CACHE, "cache", snapshotRetentionLimit=0)},
        "snapshotRetentionLimit is 0; allowed: 1 or more",
    ),
    Case("cache-patched", {"default": CACHE}, {"off": but(CACHE, "cache", autoMinorVersionUpgrade=False)}),
    Case(
        "cache-in-own-subnets",
        {"own": CACHE},
        {"none": but(CACHE, "cache", subnetGroupName=None), "default": but(CACHE, "cache", subnetGroupName="default")},
        "subnetGroupName",
    ),
)

CASES = (*S3, *ELASTICACHE)
