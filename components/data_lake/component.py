"""DataLake: four private, encrypted, versioned buckets with the lifecycle of what they hold."""

from __future__ import annotations

import re
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import s3

from components.data_lake import documents
from components.data_lake.documents import ACCESS_PREFIX, BUCKETS, BucketName
from components.values import Metric, Statement, Widget, policy_json

_DAY_S: Final = 86_400
# A bucket prefix has 37 characters at most, and the longest bucket noun takes eleven with its dashes.
_PREFIX: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,25}")


class DataLakeArgs(TypedDict):
    """What the lake needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the buckets' names, such as `mlplatform-dev`; AWS needs them unique, so the rest is drawn."""
    account_id: Input[str]
    """Account that owns the buckets."""
    data_key_arn: Input[str]
    """KMS key of raw and processed data."""
    models_key_arn: Input[str]
    """KMS key of models."""
    protect: NotRequired[bool]
    """Whether buckets refuse to be deleted with what they hold; true by default."""
    infrequent_access_days: NotRequired[int]
    """When processed data moves to Infrequent Access, 30 or more; 30 by default."""
    glacier_days: NotRequired[int]
    """When raw data moves to Glacier; 90 by default."""
    log_days: NotRequired[int]
    """When logs are deleted; 90 by default."""
    old_version_days: NotRequired[int]
    """How long overwritten and deleted objects stay; 30 by default."""


class DataLake(pulumi.ComponentResource):
    """Buckets `raw` (uploads announce themselves to EventBridge), `processed`, `models` and `logs`."""

    buckets: dict[BucketName, s3.Bucket]
    """The buckets by name."""
    policies: dict[BucketName, s3.BucketPolicy]
    """Who may not, whatever a role says."""

    def __init__(self, name: str, args: DataLakeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:DataLake", name, {}, opts)
        self._name, self._args = name, args
        self._protect = args.get("protect", True)
        self._child = ResourceOptions(parent=self)
        days = {
            "infrequent_access": args.get("infrequent_access_days", 30),
            "glacier": args.get("glacier_days", 90),
            "logs": args.get("log_days", 90),
            "old_versions": args.get("old_version_days", 30),
        }
        _validate(name, args["name_prefix"], days)
        # S3 delivers access logs only to a bucket whose default encryption is its own (SSE-S3).
        self._keys: dict[BucketName, Input[str] | None] = {
            "raw": args["data_key_arn"],
            "processed": args["data_key_arn"],
            "models": args["models_key_arn"],
            "logs": None,
        }
        self.buckets, self.policies = {}, {}
        for bucket in BUCKETS:
            self.buckets[bucket] = self._bucket(bucket, days)
        # Logs are lost until the logs bucket lets S3 write, so its policy stands first.
        self.policies["logs"] = self._policy("logs")
        for bucket in BUCKETS:
            if bucket != "logs":
                self.policies[bucket] = self._policy(bucket)
                s3.BucketLogging(
                    f"{name}-{bucket}-access-log",
                    bucket=self.buckets[bucket].bucket,
                    target_bucket=self.buckets["logs"].bucket,
                    target_prefix=f"{ACCESS_PREFIX}{bucket}/",
                    opts=ResourceOptions(parent=self, depends_on=[self.policies["logs"]]),
                )
        s3.BucketNotification(
            f"{name}-raw-events", bucket=self.buckets["raw"].bucket, eventbridge=True, opts=self._child
        )
        self.register_outputs({bucket: self.bucket_name(bucket) for bucket in BUCKETS})

    def bucket_name(self, bucket: BucketName) -> Output[str]:
        """Physical name of a bucket."""
        return self._known(bucket).bucket

    def bucket_arn(self, bucket: BucketName) -> Output[str]:
        """ARN of a bucket."""
        return self._known(bucket).arn

    def may_read(self, bucket: BucketName, prefix: str = "") -> list[Statement]:
        """The right to read and list what lies below a prefix such as `uploads/`, and to decrypt it."""
        return documents.read(bucket, prefix, self.bucket_arn(bucket), self._keys[bucket])

    def may_write(self, bucket: BucketName, prefix: str = "") -> list[Statement]:
        """The right to store objects below a prefix, encrypted by the bucket's key."""
        return documents.write(bucket, prefix, self.bucket_arn(bucket), self._keys[bucket])

    def size(self, bucket: BucketName) -> Metric:
        """Bytes in the standard class, measured once a day."""
        return Metric(
            namespace="AWS/S3",
            name="BucketSizeBytes",
            dimensions={"BucketName": self.bucket_name(bucket), "StorageType": "StandardStorage"},
            statistic="Average",
            period_s=_DAY_S,
            unit="Bytes",
            label=bucket,
        )

    def widgets(self) -> list[Widget]:
        """How much the lake holds."""
        return [
            Widget(
                title="Data lake: size by bucket",
                section="Data",
                metrics=[self.size(bucket) for bucket in BUCKETS],
                kind="stacked",
                y_label="bytes",
            ),
        ]

    def _known(self, bucket: BucketName) -> s3.Bucket:
        if bucket not in self.buckets:
            raise ValueError(f"bucket {bucket!r} does not exist; allowed: {', '.join(BUCKETS)}")
        return self.buckets[bucket]

    def _bucket(self, bucket: BucketName, days: dict[str, int]) -> s3.Bucket:
        base, key = f"{self._name}-{bucket}", self._keys[bucket]
        made = s3.Bucket(
            base,
            bucket_prefix=f"{self._args['name_prefix']}-{bucket}-",
            force_destroy=not self._protect,
            opts=ResourceOptions(parent=self, protect=self._protect),
        )
        s3.BucketPublicAccessBlock(
            f"{base}-private",
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        s3.BucketOwnershipControls(
            f"{base}-owner",
            bucket=made.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child,
        )
        versioning = s3.BucketVersioning(
            f"{base}-versions",
            bucket=made.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=self._child,
        )
        encryption: dict[str, Any] = {"sse_algorithm": "AES256"}
        if key is not None:
            encryption = {"sse_algorithm": "aws:kms", "kms_master_key_id": key}
        rule: Any = {"apply_server_side_encryption_by_default": encryption, "bucket_key_enabled": key is not None}
        s3.BucketServerSideEncryptionConfiguration(
            f"{base}-encryption",
            bucket=made.bucket,
            rules=[rule],
            opts=self._child,
        )
        rules: Any = documents.lifecycle(bucket, days)
        s3.BucketLifecycleConfiguration(
            f"{base}-lifecycle",
            bucket=made.bucket,
            rules=rules,
            # Rules about old versions need versions.
            opts=ResourceOptions(parent=self, depends_on=[versioning]),
        )
        return made

    def _policy(self, bucket: BucketName) -> s3.BucketPolicy:
        arn, key = self.bucket_arn(bucket), self._keys[bucket]
        statements = [documents.deny_without_tls(arn)]
        if key is not None:
            # Jobs write models and splits alike, so either key will do; and checkpoints, which SageMaker uploads
            # without a way to name a key, must not be turned away.
            keys = [self._args["data_key_arn"], self._args["models_key_arn"]]
            statements += documents.deny_other_encryption(arn, keys, shared_key=bucket == "models")
        if bucket == "logs":
            sources = [self.bucket_arn(source) for source in BUCKETS if source != "logs"]
            statements.append(documents.allow_access_logs(arn, self._args["account_id"], sources))
        return s3.BucketPolicy(
            f"{self._name}-{bucket}-policy",
            bucket=self.buckets[bucket].bucket,
            policy=policy_json(statements),
            opts=self._child,
        )


def _validate(name: str, prefix: str, days: dict[str, int]) -> None:
    least = {"infrequent_access": 30, "glacier": 1, "logs": 1, "old_versions": 1}
    problems = [
        f"{key}_days is {days[key]}; allowed: {low} or more".replace("logs_", "log_").replace("versions_", "version_")
        for key, low in least.items()
        if days[key] < low
    ]
    if not _PREFIX.fullmatch(prefix):
        problems.append(f"name_prefix is {prefix!r}; allowed: up to 26 lower-case letters, digits and dashes")
    if problems:
        raise ValueError(f"DataLake {name!r}: " + "; ".join(problems))
