"""DataLake: four private, encrypted, versioned buckets with the lifecycle of what they hold."""

from __future__ import annotations

from typing import Any, Final

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import s3
from components.data_lake import documents
from components.data_lake.args import DataLakeArgs, validate
from components.data_lake.documents import BUCKETS, BucketName
from components.data_lake.lifecycle import ARCHIVE_TIERS, STORAGE_TYPES, lifecycle
from components.values import Metric, MetricExpression, Statement, Widget, formatted, policy_json
from functions.shared.places import ACCESS_LOGS, ARCHIVE, INVENTORY

_DAY_S: Final = 86_400
_INVENTORY_FIELDS: Final = (
    *("BucketKeyStatus", "ETag", "EncryptionStatus", "IntelligentTieringAccessTier", "IsMultipartUploaded"),
    *("LastModifiedDate", "ReplicationStatus", "Size", "StorageClass"),
)
"""What a weekly list tells of each object beside its key and version."""


class DataLake(pulumi.ComponentResource):
    """Buckets `raw` (uploads announce themselves to EventBridge), `processed`, `models` and `logs`."""

    buckets: dict[BucketName, s3.Bucket]
    """The buckets by name."""
    policies: dict[BucketName, s3.BucketPolicy]
    """Who may not, whatever a role says."""
    versioning: dict[BucketName, s3.BucketVersioning]
    """What replication of a bucket must wait for."""

    def __init__(self, name: str, args: DataLakeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:DataLake", name, {}, opts)
        self._name, self._args = name, args
        self._protect = args.get("protect", True)
        self._child = ResourceOptions(parent=self)
        days = {
            "infrequent_access": args.get("infrequent_access_days", 30),
            "glacier": args.get("glacier_days", 90),
            "logs": args.get("log_days", 90),
            "batches": args.get("batch_days", 30),
            "old_versions": args.get("old_version_days", 30),
        }
        self._lock_days = args.get("lock_days", 0)
        validate(name, args, days)
        # S3 delivers access logs only to a bucket whose default encryption is its own (SSE-S3).
        self._keys: dict[BucketName, Input[str] | None] = {
            "raw": args["data_key_arn"],
            "processed": args["data_key_arn"],
            "models": args["models_key_arn"],
            "logs": None,
        }
        self.buckets, self.policies, self.versioning = {}, {}, {}
        for bucket in BUCKETS:
            self._make(bucket, days)
        # Logs are lost until the logs bucket lets S3 write, so its policy stands first.
        self.policies["logs"] = self._policy("logs")
        for bucket in BUCKETS:
            if bucket != "logs":
                self.policies[bucket] = self._policy(bucket)
                self._watch(bucket)
        s3.BucketNotification(
            f"{name}-raw-events", bucket=self.buckets["raw"].bucket, eventbridge=True, opts=self._child
        )
        tiers: Any = list(ARCHIVE_TIERS)
        s3.BucketIntelligentTieringConfiguration(
            f"{name}-models-archive",
            bucket=self.buckets["models"].bucket,
            name="archive",
            filter={"prefix": ARCHIVE},
            tierings=tiers,
            opts=self._child,
        )
        if self._lock_days:
            s3.BucketObjectLockConfiguration(
                f"{name}-raw-lock",
                bucket=self.buckets["raw"].bucket,
                rule={"default_retention": {"mode": args.get("lock_mode", "GOVERNANCE"), "days": self._lock_days}},
                opts=ResourceOptions(parent=self, depends_on=[self.versioning["raw"]]),
            )
        self.register_outputs({bucket: self.bucket_name(bucket) for bucket in BUCKETS})

    def bucket_name(self, bucket: BucketName) -> Output[str]:
        """Physical name of a bucket."""
        return self._known(bucket).bucket

    def bucket_arn(self, bucket: BucketName) -> Output[str]:
        """ARN of a bucket."""
        return self._known(bucket).arn

    def key_arn(self, bucket: BucketName) -> Input[str] | None:
        """KMS key that a bucket encrypts by; None for the logs bucket, whose objects S3's own keys encrypt."""
        self._known(bucket)
        return self._keys[bucket]

    def may_read(self, bucket: BucketName, prefix: str = "") -> list[Statement]:
        """The right to read and list what lies below a prefix of functions.shared.places, and to decrypt it."""
        return documents.read(bucket, prefix, self.bucket_arn(bucket), self._keys[bucket])

    def may_write(self, bucket: BucketName, prefix: str = "") -> list[Statement]:
        """The right to store objects below a prefix, encrypted by the bucket's key."""
        return documents.write(bucket, prefix, self.bucket_arn(bucket), self._keys[bucket])

    def size(self, bucket: BucketName) -> MetricExpression:
        """Bytes in every class that the bucket's rules move objects to, measured once a day."""
        metrics = {
            f"class{number}": Metric(
                namespace="AWS/S3",
                name="BucketSizeBytes",
                dimensions={"BucketName": self.bucket_name(bucket), "StorageType": kind},
                statistic="Average",
                period_s=_DAY_S,
                unit="Bytes",
                label=f"{bucket} {kind}",
            )
            for number, kind in enumerate(STORAGE_TYPES[bucket])
        }
        # A class that holds nothing has no data point, and a plain sum would have none either.
        total = f"SUM([{', '.join(metrics)}])"
        return MetricExpression(expression=total, metrics=metrics, label=bucket, period_s=_DAY_S, unit="Bytes")

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

    def _make(self, bucket: BucketName, days: dict[str, int]) -> None:
        base, key = f"{self._name}-{bucket}", self._keys[bucket]
        made = self.buckets[bucket] = s3.Bucket(
            base,
            bucket_prefix=f"{self._args['name_prefix']}-{bucket}-",
            force_destroy=not self._protect,
            object_lock_enabled=True if bucket == "raw" and self._lock_days else None,
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
        versioning = self.versioning[bucket] = s3.BucketVersioning(
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
        rules: Any = lifecycle(bucket, days)
        s3.BucketLifecycleConfiguration(
            f"{base}-lifecycle",
            bucket=made.bucket,
            rules=rules,
            # Rules about old versions need versions.
            opts=ResourceOptions(parent=self, depends_on=[versioning]),
        )

    def _watch(self, bucket: BucketName) -> None:
        """Who reads and writes the bucket, and every week what lies in it, goes to the logs bucket."""
        base, logs = f"{self._name}-{bucket}", self.buckets["logs"]
        delivered = ResourceOptions(parent=self, depends_on=[self.policies["logs"]])
        s3.BucketLogging(
            f"{base}-access-log",
            bucket=self.buckets[bucket].bucket,
            target_bucket=logs.bucket,
            target_prefix=f"{ACCESS_LOGS}{bucket}/",
            opts=delivered,
        )
        s3.Inventory(
            f"{base}-inventory",
            bucket=self.buckets[bucket].bucket,
            name="weekly",
            included_object_versions="All",
            optional_fields=list(_INVENTORY_FIELDS),
            schedule={"frequency": "Weekly"},
            destination={
                "bucket": {
                    "account_id": self._args["account_id"],
                    "bucket_arn": logs.arn,
                    # S3 puts a slash, the bucket's name and the list's name behind it.
                    "prefix": INVENTORY.rstrip("/"),
                    "format": "Parquet",
                    "encryption": {"sse_kms": {"key_id": self._args["logs_key_arn"]}},
                }
            },
            opts=delivered,
        )

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
            services = self._args.get("log_services", [])
            # Buckets of the site and of the audit are made after this one, which takes their access logs.
            later = [noun for service, noun in documents.LATER.items() if service in services]
            part = arn.apply(lambda known: known.split(":")[1])
            sources += [formatted("arn:{0}:s3:::{1}-{2}-*", part, self._args["name_prefix"], noun) for noun in later]
            account = self._args["account_id"]
            statements += documents.allow_delivery(arn, account, sources)
            statements += [documents.allow_service(service, arn, account) for service in services if service != "audit"]
        return s3.BucketPolicy(
            f"{self._name}-{bucket}-policy",
            bucket=self.buckets[bucket].bucket,
            policy=policy_json(statements),
            opts=self._child,
        )
