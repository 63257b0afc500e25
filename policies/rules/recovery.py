"""Backups and the second region: everything that holds data has a copy elsewhere, and the copies are complete."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import at_least, must_be_set, needs_companion
from policies.resources import Node, read, rows
from policies.rule import Rule
from policies.rules.dynamodb import TABLE
from policies.rules.s3 import BUCKET, ENCRYPTION, VERSIONING, is_log_target

REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PLAN = "aws:backup/plan:Plan"
SELECTION = "aws:backup/selection:Selection"
CLUSTER = "aws:rds/cluster:Cluster"
RECORD = "aws:route53/record:Record"
TRAIL = "aws:cloudtrail/trail:Trail"
REPOSITORY = "aws:ecr/repository:Repository"
IMAGES = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
PARAMETER = "aws:ssm/parameter:Parameter"


def replicates_all(replication: Node) -> Iterable[str]:
    """Every rule sends all objects and deletions, in time, and what a key of ours encrypts under such a key."""
    key = "destination.encryptionConfiguration.replicaKmsKeyId"
    wanted = {
        "status": "Enabled",
        "deleteMarkerReplication.status": "Enabled",
        "destination.replicationTime.status": "Enabled",
        "destination.metrics.status": "Enabled",
    }
    # By the bucket's name and not by the bucket: replication names it by its versioning, for which it waits.
    bucket = replication.read("bucket")
    rules = [
        row
        for node in replication.stack.of_type(ENCRYPTION)
        if node.read("bucket") == bucket
        for row in node.rows("rules")
    ]
    by_key = [read(row, "applyServerSideEncryptionByDefault.sseAlgorithm") for row in rules] != ["AES256"]
    if by_key:
        wanted["sourceSelectionCriteria.sseKmsEncryptedObjects.status"] = "Enabled"
    for number, row in enumerate(replication.rows("rules")):
        for path, value in wanted.items():
            if read(row, path) != value:
                yield f"rules[{number}].{path} is {read(row, path)!r}; allowed: {value!r}"
        if by_key and not read(row, key):
            yield f"rules[{number}].{key} is not set"
        if read(row, "filter.prefix") or read(row, "filter.and") or read(row, "filter.tag"):
            yield f"rules[{number}].filter leaves objects out; allowed: an empty prefix"


def source_versioned(replication: Node) -> Iterable[str]:
    """What is replicated has versions: S3 copies nothing else."""
    bucket = replication.target("bucket", *BUCKET)
    found = bucket.companions(VERSIONING, "bucket") if bucket else []
    if bucket and not any(node.read("versioningConfiguration.status") == "Enabled" for node in found):
        yield f"its bucket {bucket.name} has no versioning whose status is 'Enabled'"


def table_replicated(table: Node) -> Iterable[str]:
    """Where buckets are replicated, tables are too, and each copy is as safe as its table."""
    replicas = table.rows("replicas")
    if not replicas and table.stack.of_type(REPLICATION):
        yield "the stack replicates buckets to another region, and replicas is empty"
    for row in replicas:
        region = read(row, "regionName")
        if not read(row, "pointInTimeRecovery", default=False):
            yield f"pointInTimeRecovery of the replica in {region} is False"
        if not read(row, "kmsKeyArn"):
            yield f"kmsKeyArn of the replica in {region} is not set, which means the shared key aws/dynamodb"
        if table.protected and not read(row, "deletionProtectionEnabled", default=False):
            yield f"the program keeps the table, and deletionProtectionEnabled of its replica in {region} is False"


def bucket_replicated(bucket: Node) -> Iterable[str]:
    """Where tables are replicated, buckets are too, but for those that hold logs or a trail's records."""
    elsewhere = any(table.rows("replicas") for table in bucket.stack.of_type(TABLE))
    logs = is_log_target(bucket) or any(
        trail.refers_to("s3BucketName", bucket) for trail in bucket.stack.of_type(TRAIL)
    )
    if elsewhere and not logs and not bucket.companions(REPLICATION, "bucket"):
        yield f"the stack has a second region, and no replication ({REPLICATION}) names it in bucket"


def images_replicated(repository: Node) -> Iterable[str]:
    """Where buckets are replicated, images are too: the registry sends them on, one configuration for all of it."""
    if not repository.stack.of_type(REPLICATION):
        return
    declared = [row for node in repository.stack.of_type(IMAGES) for row in node.rows("replicationConfiguration.rules")]
    if not any(rows(row, "destinations") for row in declared):
        yield f"the stack has a second region, and no rule of its registry ({IMAGES}) sends images there"


def parameter_in_both(parameter: Node) -> Iterable[str]:
    """Where buckets are replicated, each parameter exists twice: Systems Manager copies none by itself."""
    name = parameter.read("name")
    alike = [node for node in parameter.stack.of_type(PARAMETER) if node.read("name") == name]
    if parameter.stack.of_type(REPLICATION) and len(alike) < 2:
        yield f"the stack has a second region, and the parameter {name!r} exists once"


def in_a_plan(stateful: Node) -> Iterable[str]:
    """Where a region has backup plans, which copy to another one, a selection of them names it."""
    plans = [plan for plan in stateful.stack.of_type(PLAN) if plan.region == stateful.region]
    if plans and not stateful.companions(SELECTION, "resources"):
        yield f"no selection ({SELECTION}) of a backup plan names it in resources"


def copied_elsewhere(plan: Node) -> Iterable[str]:
    """Each backup is copied, and neither it nor its copy is kept for ever."""
    for row in plan.rows("rules"):
        name = read(row, "ruleName")
        if not rows(row, "copyActions"):
            yield f"rule {name!r} has no copyActions: its backups are lost with their region"
        if not read(row, "lifecycle.deleteAfter"):
            yield f"rule {name!r} has no lifecycle.deleteAfter: its backups are kept and paid for ever"


def failover_checked(record: Node) -> Iterable[str]:
    """A record that one of several regions answers knows how its own is."""
    for policy in ("failoverRoutingPolicies", "latencyRoutingPolicies"):
        if record.rows(policy) and not record.read("healthCheckId"):
            yield f"it has {policy} and no healthCheckId, which counts as healthy for ever"


RULES = (
    Rule(
        id="replication-complete",
        severity="high",
        controls=("FSBP S3.7",),
        types=(REPLICATION,),
        scope="stack",
        what="Replication covers every object and every deletion, within 15 minutes, and keeps keys of ours in use.",
        why="What is left out is found missing on the day the region is lost.",
        mend="give each rule an empty prefix, delete markers, KMS, replication time control and metrics",
        check=replicates_all,
    ),
    Rule(
        id="replication-versioned",
        severity="high",
        controls=("FSBP S3.14",),
        types=(REPLICATION,),
        scope="stack",
        what="A bucket that is replicated has versioning.",
        why="S3 refuses the configuration otherwise, in the middle of an update.",
        mend="add a BucketVersioning with status Enabled and name the bucket by it",
        check=source_versioned,
    ),
    Rule(
        id="recovery-tables-replicated",
        severity="high",
        types=(TABLE,),
        scope="stack",
        what="In a stack with a second region every table has a replica there, as safe as the table itself.",
        why="A region that takes over without the records is of no use.",
        mend="give replicas a region, a KMS key, point-in-time recovery and deletion protection",
        check=table_replicated,
    ),
    Rule(
        id="recovery-buckets-replicated",
        severity="high",
        controls=("FSBP S3.7",),
        types=BUCKET,
        scope="stack",
        what="In a stack with a second region every bucket but those of logs is replicated.",
        why="Models and data that exist once are lost with their region.",
        mend="add a BucketReplicationConfig, or an exemption for a bucket that can be filled again",
        check=bucket_replicated,
    ),
    Rule(
        id="recovery-images-replicated",
        severity="high",
        types=(REPOSITORY,),
        scope="stack",
        what="In a stack with a second region the registry replicates its images there.",
        why="Models and jobs of the second region could not start: their image is lost with the first.",
        mend="add an ecr.ReplicationConfiguration with the second region, and name the image there by its own registry",
        check=images_replicated,
    ),
    Rule(
        id="recovery-parameters-in-both-regions",
        severity="medium",
        types=(PARAMETER,),
        scope="stack",
        what="In a stack with a second region every parameter is declared in both.",
        why="What reads it there finds nothing on the day it takes over.",
        mend="declare the parameter by both providers",
        check=parameter_in_both,
    ),
    Rule(
        id="backup-of-databases",
        severity="high",
        controls=("FSBP RDS.26",),
        types=(CLUSTER,),
        scope="stack",
        what="A cluster in a region with backup plans is in one of them: each copies to another region.",
        why="Aurora's own backups are lost with their region.",
        mend="give the cluster's ARN to the backups",
        check=in_a_plan,
    ),
    Rule(
        id="backup-of-tables",
        severity="high",
        controls=("FSBP DynamoDB.4",),
        types=(TABLE,),
        scope="stack",
        what="A table in a region with backup plans is in one of them.",
        why="Replicas repeat a mistake within a second; only a backup is older than it.",
        mend="give the table's ARN to the backups",
        check=in_a_plan,
    ),
    Rule(
        id="backup-encrypted-by-own-key",
        severity="high",
        controls=("FSBP Backup.1",),
        types=(VAULT,),
        what="Backups are encrypted by a KMS key of ours.",
        why="A backup holds all that the table holds.",
        mend="set kms_key_arn",
        check=must_be_set("kmsKeyArn"),
    ),
    Rule(
        id="backup-locked",
        severity="high",
        types=(VAULT,),
        scope="stack",
        what="Every vault has a lock: nobody deletes a backup before its time.",
        why="Whoever can spoil the data can often delete the backups too.",
        mend="add a VaultLockConfiguration with min_retention_days",
        check=needs_companion(LOCK, "backupVaultName", "lock", at_least("minRetentionDays", 1)),
    ),
    Rule(
        id="backup-copied",
        severity="high",
        types=(PLAN,),
        what="Every backup is copied to another vault, and ends some day.",
        why="A backup in the region that is lost restores nothing.",
        mend="add copy_actions and lifecycle.delete_after to each rule",
        check=copied_elsewhere,
    ),
    Rule(
        id="failover-by-health",
        severity="high",
        types=(RECORD,),
        what="A record with a failover policy has a health check.",
        why="Without one Route 53 takes the region for healthy and moves nobody.",
        mend="set health_check_id",
        check=failover_checked,
    ),
)
