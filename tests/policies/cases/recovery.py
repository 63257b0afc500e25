"""Backups and the second region: what is good and what is bad."""

from __future__ import annotations

from typing import Any

from tests.policies.rows import Case, but, row, without

RULE: dict[str, Any] = {
    "status": "Enabled",
    "filter": {"prefix": ""},
    "deleteMarkerReplication": {"status": "Enabled"},
    "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
    "destination": {
        "replicationTime": {"status": "Enabled"},
        "metrics": {"status": "Enabled"},
        "encryptionConfiguration": {"replicaKmsKeyId": "arn:aws:kms:eu-west-1:1:key/k"},
    },
}
DATA = row("aws:s3/bucket:Bucket", "data")
VERSIONS = row(
    "aws:s3/bucketVersioning:BucketVersioning",
    "versions",
    DATA,
    bucket="data-id",
    versioningConfiguration={"status": "Enabled"},
)
REPLICATION = row(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig", "replication", DATA, bucket="data-id", rules=[RULE]
)
BUCKETS = [DATA, VERSIONS, REPLICATION]
REPLICA = {
    "regionName": "eu-central-1",
    "kmsKeyArn": "arn:aws:kms:eu-central-1:1:key/k",
    "pointInTimeRecovery": True,
    "deletionProtectionEnabled": True,
}
TABLE = row("aws:dynamodb/table:Table", "table", protect=True, name="table", replicas=[REPLICA])
BOTH = [*BUCKETS, TABLE]
LOGS = row("aws:s3/bucket:Bucket", "logs")
LOGGING = row("aws:s3/bucketLogging:BucketLogging", "logging", DATA, LOGS, bucket="data-id", targetBucket="logs-id")
SITE = row("aws:s3/bucket:Bucket", "site")
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
OWN_KEYS = row(
    ENCRYPTION,
    "encryption",
    DATA,
    bucket="data-id",
    rules=[{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
)
KEYLESS = {
    **RULE,
    "sourceSelectionCriteria": None,
    "destination": {**RULE["destination"], "encryptionConfiguration": None},
}
IMAGES = row("aws:ecr/repository:Repository", "images", name="training")
REGISTRY = row(
    "aws:ecr/replicationConfiguration:ReplicationConfiguration",
    "registry",
    replicationConfiguration={"rules": [{"destinations": [{"region": "eu-central-1", "registryId": "1"}]}]},
)
PARAMETER = row("aws:ssm/parameter:Parameter", "parameter", name="/a")
THERE = row("aws:ssm/parameter:Parameter", "there", name="/a")
VAULT = row("aws:backup/vault:Vault", "vault", name="vault", kmsKeyArn="arn:aws:kms:eu-west-1:1:key/k")
LOCK = row(
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
    "lock",
    VAULT,
    backupVaultName="vault",
    minRetentionDays=35,
)
DAILY: dict[str, Any] = {
    "ruleName": "daily",
    "lifecycle": {"deleteAfter": 35},
    "copyActions": [{"destinationVaultArn": "arn:aws:backup:eu-central-1:1:backup-vault:vault"}],
}
PLAN = row("aws:backup/plan:Plan", "plan", rules=[DAILY])
RECORD = row(
    "aws:route53/record:Record", "record", failoverRoutingPolicies=[{"type": "PRIMARY"}], healthCheckId="check"
)


def changed(**more: Any) -> list[Any]:
    return but([REPLICATION], "replication", rules=[{**RULE, **more}])


CLUSTER = row("aws:rds/cluster:Cluster", "cluster")
PLANNED = row("aws:backup/selection:Selection", "selection", CLUSTER, resources=[CLUSTER.outputs["arn"]])
BACKED = row("aws:backup/selection:Selection", "selection", TABLE, resources=[TABLE.outputs["arn"]])

CASES = (
    Case(
        "replication-complete",
        {
            "all": [REPLICATION],
            "of S3's own keys": [DATA, OWN_KEYS, *but([REPLICATION], "replication", rules=[KEYLESS])],
        },
        {
            "off": changed(status="Disabled"),
            "deletions": changed(deleteMarkerReplication={"status": "Disabled"}),
            "encrypted": changed(sourceSelectionCriteria=None),
            "late": changed(destination={**RULE["destination"], "replicationTime": None}),
            "unmeasured": changed(destination={**RULE["destination"], "metrics": None}),
            "key": changed(destination={**RULE["destination"], "encryptionConfiguration": None}),
            "part": changed(filter={"prefix": "uploads/"}),
        },
        "rules[0].",
    ),
    Case(
        "replication-versioned",
        {"versioned": BUCKETS, "another's bucket": but(BUCKETS, "replication", bucket="elsewhere")},
        {
            "none": without(BUCKETS, "versions"),
            "suspended": but(BUCKETS, "versions", versioningConfiguration={"status": "Suspended"}),
        },
        "data has no versioning",
    ),
    Case(
        "recovery-tables-replicated",
        {"replicated": BOTH, "one region": but([TABLE], "table", replicas=None)},
        {
            "forgotten": but(BOTH, "table", replicas=None),
            "unprotected": but(BOTH, "table", replicas=[{**REPLICA, "deletionProtectionEnabled": False}]),
            "not restorable": but(BOTH, "table", replicas=[{**REPLICA, "pointInTimeRecovery": False}]),
            "shared key": but(BOTH, "table", replicas=[{**REPLICA, "kmsKeyArn": None}]),
        },
        "replica",
    ),
    Case(
        "recovery-buckets-replicated",
        {
            "replicated": BOTH,
            "one region": [DATA, VERSIONS],
            "logs": [*BOTH, LOGS, LOGGING],
            "records of a trail": [
                *BOTH,
                LOGS,
                row("aws:cloudtrail/trail:Trail", "trail", LOGS, s3BucketName="logs-id"),
            ],
        },
        {"forgotten": without(BOTH, "replication"), "site": [*BOTH, SITE]},
        "no replication",
    ),
    Case(
        "recovery-images-replicated",
        {"sent on": [*BUCKETS, IMAGES, REGISTRY], "one region": [IMAGES]},
        {
            "forgotten": [*BUCKETS, IMAGES],
            "nowhere": [*BUCKETS, IMAGES, *but([REGISTRY], "registry", replicationConfiguration={"rules": []})],
        },
        "sends images there",
    ),
    Case(
        "recovery-parameters-in-both-regions",
        {"both": [*BUCKETS, PARAMETER, THERE], "one region": [PARAMETER]},
        {"once": [*BUCKETS, PARAMETER], "another name": [*BUCKETS, PARAMETER, *but([THERE], "there", name="/b")]},
        "exists once",
    ),
    Case(
        "backup-encrypted-by-own-key", {"own": [VAULT]}, {"shared": but([VAULT], "vault", kmsKeyArn=None)}, "kmsKeyArn"
    ),
    Case(
        "backup-locked",
        {"locked": [VAULT, LOCK]},
        {"open": [VAULT], "another's": but([VAULT, LOCK], "lock", backupVaultName="other")},
        "backupVaultName",
    ),
    Case(
        "backup-copied",
        {"copied": [PLAN]},
        {
            "here alone": but([PLAN], "plan", rules=[{**DAILY, "copyActions": []}]),
            "for ever": but([PLAN], "plan", rules=[{**DAILY, "lifecycle": None}]),
        },
        "rule 'daily' has no",
    ),
    Case(
        "failover-by-health",
        {"checked": [RECORD], "no failover": but([RECORD], "record", failoverRoutingPolicies=None, healthCheckId=None)},
        {
            "unchecked": but([RECORD], "record", healthCheckId=None),
            "the nearer": but(
                [RECORD],
                "record",
                failoverRoutingPolicies=None,
                latencyRoutingPolicies=[{"region": "eu-west-1"}],
                healthCheckId=None,
            ),
        },
        "healthCheckId",
    ),
    Case(
        rule="backup-of-databases",
        good={"in a plan": [CLUSTER, PLAN, PLANNED], "no plans": [CLUSTER]},
        bad={"in none": [CLUSTER, PLAN], "another": [CLUSTER, PLAN, BACKED]},
        says="no selection",
    ),
    Case(
        rule="backup-of-tables",
        good={"in a plan": [TABLE, PLAN, BACKED], "no plans": [TABLE]},
        bad={"in none": [TABLE, PLAN], "another": [TABLE, PLAN, PLANNED]},
        says="no selection",
    ),
)
