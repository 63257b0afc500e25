"""S3 buckets: closed, encrypted, kept, logged. What a bucket needs are resources of their own that name the bucket."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from policies.conditions import is_on, must_be, needs_companion
from policies.documents import public_grants, statements
from policies.resources import Node, read, rows
from policies.rule import Rule

BUCKET = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
INVENTORY = "aws:s3/inventory:Inventory"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
TIERING = "aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration"
KEY = "aws:kms/key:Key"
LOG_SERVICE = "logging.s3.amazonaws.com"
INVENTORY_SERVICE = "s3.amazonaws.com"


def everything_blocked(block: Node) -> Iterable[str]:
    """All four switches of the public access block are on."""
    for switch in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        if not is_on(block.props, switch):
            yield f"{switch} is {block.read(switch, default=False)!r}; allowed: True"


def refuses_plain_http(policy: Node) -> Iterable[str]:
    """Every request without TLS is denied, for the bucket and for its objects."""
    covered: set[str] = set()
    for row in statements(policy.props.get("policy")):
        denied = not row.allows and row.anyone and {"s3:*", "*"} & {action.lower() for action in row.actions}
        if denied and row.requires("Bool", "aws:SecureTransport", "false"):
            covered |= {"objects" if name.endswith("/*") else "bucket" for name in row.resources}
            covered |= {"objects", "bucket"} if "*" in row.resources else set()
    if missing := {"objects", "bucket"} - covered:
        yield f"no statement denies s3:* for the {' and the '.join(sorted(missing))} where aws:SecureTransport is false"


def is_log_target(bucket: Node) -> bool:
    """True where other buckets send their access logs to this one."""
    return bool(bucket.companions(LOGGING, "targetBucket"))


def is_site(bucket: Node) -> bool:
    """True where CloudFront reads the bucket: what it holds is sent to whoever asks."""
    policies = bucket.companions(POLICY, "bucket")
    grants = [row for policy in policies for row in statements(policy.props.get("policy")) if row.allows]
    return any("cloudfront.amazonaws.com" in row.principals.get("Service", ()) for row in grants)


def encrypted(bucket: Node) -> Iterable[str]:
    """SSE-KMS with a key of ours and a bucket key; a site's files and a target of access logs may have SSE-S3."""
    found = bucket.companions(ENCRYPTION, "bucket")
    if not found:
        yield f"no encryption configuration ({ENCRYPTION}) names it in bucket"
    for row in (row for companion in found for row in companion.rows("rules")):
        algorithm = read(row, "applyServerSideEncryptionByDefault.sseAlgorithm", "AES256")
        if algorithm not in {"aws:kms", "aws:kms:dsse"}:
            if not is_site(bucket) and not is_log_target(bucket):
                yield f"sseAlgorithm is {algorithm!r}; allowed: 'aws:kms'"
        elif not read(row, "applyServerSideEncryptionByDefault.kmsMasterKeyId"):
            yield "kmsMasterKeyId is not set, which means the shared key aws/s3"
        elif algorithm == "aws:kms" and not is_on(row, "bucketKeyEnabled"):
            yield f"bucketKeyEnabled is {read(row, 'bucketKeyEnabled', default=False)!r}; allowed: True"


def logs_arrive(bucket: Node) -> Iterable[str]:
    """A target of access logs lets S3's log delivery write, and use the key where there is one."""
    if not is_log_target(bucket):
        return
    for prefix in sorted({read(log.props, "targetPrefix", "") for log in bucket.companions(LOGGING, "targetBucket")}):
        if not lets_write(bucket, LOG_SERVICE, prefix):
            yield f"other buckets log to it, and its policy lets no {LOG_SERVICE} do s3:PutObject below {prefix!r}"
    for companion in bucket.companions(ENCRYPTION, "bucket"):
        for row in companion.rows("rules"):
            if str(read(row, "applyServerSideEncryptionByDefault.sseAlgorithm", "AES256")).startswith("aws:kms"):
                yield from _key_lets_in(companion, read(row, "applyServerSideEncryptionByDefault.kmsMasterKeyId"))


def lets_write(bucket: Node, service: str, prefix: str) -> bool:
    """True where the bucket's policy lets an AWS service store objects below a prefix."""
    return any(
        fnmatchcase(f"{prefix}object", resource.partition("/")[2])
        for policy in bucket.companions(POLICY, "bucket")
        for row in statements(policy.props.get("policy"))
        if row.allows and service in row.principals.get("Service", ()) and "s3:PutObject" in row.actions
        for resource in row.resources
    )


def inventory_arrives(inventory: Node) -> Iterable[str]:
    """A list of what a bucket holds is encrypted, and its target lets S3 write it."""
    target = inventory.read("destination.bucket", {})
    encryption = read(target, "encryption", {})
    if "sseKms" not in encryption and "sseS3" not in encryption:
        yield "destination.bucket.encryption is not set, so the list is stored in the clear"
    arn, prefix = read(target, "bucketArn", ""), read(target, "prefix", "")
    below = f"{prefix}/" if prefix else ""
    for bucket in inventory.stack.of_type(*BUCKET):
        if arn in bucket.identities and not lets_write(bucket, INVENTORY_SERVICE, below):
            yield f"the policy of {bucket.name!r} does not allow {INVENTORY_SERVICE} to s3:PutObject below {below!r}"


def lock_keeps(lock: Node) -> Iterable[str]:
    """New objects are locked for a time, and access logs go elsewhere: S3 delivers none to a locked bucket."""
    retention = lock.read("rule.defaultRetention", {})
    if not read(retention, "mode") or not (read(retention, "days", 0) or read(retention, "years", 0)):
        yield "rule.defaultRetention has no mode with days or years, so nothing is locked"
    bucket = lock.target("bucket", *BUCKET)
    if bucket is not None and is_log_target(bucket):
        yield f"bucket {bucket.name!r} is a target of access logs, and S3 delivers none where a default lock is set"


def archive_bounded(tiering: Node) -> Iterable[str]:
    """What takes hours to come back is a part of a bucket, never the whole of it."""
    if not tiering.read("filter.prefix") and not tiering.read("filter.tags"):
        yield "filter has neither prefix nor tags, so every object of the bucket may be archived"


def _key_lets_in(companion: Node, key_arn: str) -> Iterable[str]:
    for key in companion.stack.of_type(KEY):
        if key_arn in key.identities:
            grants = [row for row in statements(key.props.get("policy")) if row.allows]
            if not any(LOG_SERVICE in row.principals.get("Service", ()) for row in grants):
                yield f"its key {key.name!r} does not let {LOG_SERVICE} in, so access logs are dropped without an error"


def logged(bucket: Node) -> Iterable[str]:
    """Access logs go to another bucket; a target of logs needs none, it would log its own writing."""
    if is_log_target(bucket):
        return
    found = bucket.companions(LOGGING, "bucket")
    if not found:
        yield f"no logging ({LOGGING}) names it in bucket"


def lifecycle_active(configuration: Node) -> Iterable[str]:
    """At least one rule is enabled, and old versions and broken uploads end."""
    active = [row for row in configuration.rows("rules") if read(row, "status") == "Enabled"]
    if not active:
        yield "no rule has status 'Enabled'"
    elif not any(rows(row, "noncurrentVersionExpiration") for row in active):
        yield "no enabled rule has noncurrentVersionExpiration, so old versions are paid for without end"
    elif not any(rows(row, "abortIncompleteMultipartUpload") for row in active):
        yield "no enabled rule has abortIncompleteMultipartUpload, so broken uploads are paid for without end"


def not_public(policy: Node) -> Iterable[str]:
    """No statement lets anyone in."""
    for row in public_grants(policy.props.get("policy")):
        yield f"policy: {row.label} allows everyone {', '.join(row.actions or row.not_actions)}"


RULES = (
    Rule(
        id="s3-public-access-blocked",
        severity="critical",
        controls=("FSBP S3.2", "FSBP S3.3", "FSBP S3.8", "FSBP CloudTrail.6", "CIS 2.1.4"),
        types=BUCKET,
        scope="stack",
        what="Every bucket has a public access block with all four switches on.",
        why="One wrong policy or ACL on data, models or logs would open them to the world.",
        mend="add a BucketPublicAccessBlock for the bucket with all four switches true",
        check=needs_companion(ACCESS_BLOCK, "bucket", "public access block", everything_blocked),
    ),
    Rule(
        id="s3-policy-not-public",
        severity="critical",
        controls=("FSBP S3.2", "FSBP S3.3", "FSBP S3.6"),
        types=(POLICY,),
        what="No bucket policy allows everyone anything without a condition that bounds who.",
        why="A public grant waits behind the access block for the day when somebody lifts it.",
        mend="name the principals, or bound the grant by aws:SourceAccount, aws:PrincipalOrgID or aws:SourceVpce",
        check=not_public,
    ),
    Rule(
        id="s3-tls-only",
        severity="high",
        controls=("FSBP S3.5", "CIS 2.1.1"),
        types=BUCKET,
        scope="stack",
        what="Every bucket's policy denies requests without TLS, for the bucket and its objects.",
        why="Data and signed requests could be read and changed on the way.",
        mend="deny s3:* to * on the bucket and bucket/* where aws:SecureTransport is false",
        check=needs_companion(POLICY, "bucket", "bucket policy", refuses_plain_http),
    ),
    Rule(
        id="s3-encrypted-by-own-key",
        severity="high",
        controls=("FSBP S3.17",),
        types=BUCKET,
        scope="stack",
        what="Buckets encrypt by a KMS key of ours with a bucket key; log targets and sites may use SSE-S3.",
        why="Only a key of ours can be audited and revoked; without a bucket key each object costs a KMS call.",
        mend="set sse_algorithm aws:kms, kms_master_key_id and bucket_key_enabled in its encryption configuration",
        check=encrypted,
    ),
    Rule(
        id="s3-versioned",
        severity="high",
        controls=("FSBP S3.14", "ML Lens MLSEC03-BP04", "ML Lens MLREL05-BP02"),
        types=BUCKET,
        scope="stack",
        what="Every bucket is versioned.",
        why="A model, a data set or a log that is overwritten or deleted could not be brought back or traced.",
        mend="add a BucketVersioning with status Enabled",
        check=needs_companion(VERSIONING, "bucket", "versioning", must_be("versioningConfiguration.status", "Enabled")),
    ),
    Rule(
        id="s3-lifecycle",
        severity="medium",
        controls=("FSBP S3.10", "FSBP S3.13"),
        types=BUCKET,
        scope="stack",
        what="Every bucket has an enabled lifecycle that ends old versions and broken uploads.",
        why="Versions nobody can see are kept and paid for without end, and outlive their retention.",
        mend="add a lifecycle with noncurrent_version_expiration and abort_incomplete_multipart_upload",
        check=needs_companion(LIFECYCLE, "bucket", "lifecycle", lifecycle_active),
    ),
    Rule(
        id="s3-access-logged",
        severity="medium",
        controls=("FSBP S3.9", "FSBP CloudTrail.7", "CIS 3.4"),
        types=BUCKET,
        scope="stack",
        what="Every bucket sends its access log to another bucket; the target of the logs sends none.",
        why="Without it nobody can say who read the training data.",
        mend="add a BucketLogging whose target_bucket is the logs bucket",
        check=logged,
    ),
    Rule(
        id="s3-log-target-receives",
        severity="medium",
        controls=("FSBP S3.9",),
        types=BUCKET,
        scope="stack",
        what="A bucket that others log to lets S3's log delivery write, and use its key where it has one.",
        why="S3 drops access logs without an error where it may not write them.",
        mend=f"allow {LOG_SERVICE} s3:PutObject in the bucket's policy and kms:GenerateDataKey* in the key's, "
        "bounded by aws:SourceAccount",
        check=logs_arrive,
    ),
    Rule(
        id="s3-inventory-arrives",
        severity="medium",
        types=(INVENTORY,),
        scope="stack",
        what="A list of what a bucket holds is encrypted, and its target's policy lets S3 write it.",
        why="S3 drops lists without an error where it may not write them.",
        mend=f"set destination.bucket.encryption, and allow {INVENTORY_SERVICE} s3:PutObject below the list's prefix "
        "in the target's policy, bounded by aws:SourceAccount",
        check=inventory_arrives,
    ),
    Rule(
        id="s3-lock-keeps",
        severity="medium",
        controls=("FSBP S3.15",),
        types=(LOCK,),
        scope="stack",
        what="An object lock keeps new objects for a time, on a bucket that takes no access logs.",
        why="Without a default only what its uploader asks for is kept, and a locked target receives no access logs.",
        mend="set rule.default_retention with mode and days, on another bucket than the target of access logs",
        check=lock_keeps,
    ),
    Rule(
        id="s3-archive-bounded",
        severity="medium",
        types=(TIERING,),
        what="Archive tiers are bounded to a prefix or tags.",
        why="An archived model or file cannot be read for hours: endpoints and trainings that need it fail.",
        mend="set filter.prefix of the tiering configuration",
        check=archive_bounded,
    ),
    Rule(
        id="s3-owner-enforced",
        severity="medium",
        controls=("FSBP S3.12",),
        types=BUCKET,
        scope="stack",
        what="Every bucket's owner owns all objects; ACLs are off.",
        why="An ACL on one object opens it past every policy.",
        mend="add a BucketOwnershipControls with rule.object_ownership BucketOwnerEnforced",
        check=needs_companion(
            OWNERSHIP, "bucket", "ownership controls", must_be("rule.objectOwnership", "BucketOwnerEnforced")
        ),
    ),
)
