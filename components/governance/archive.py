"""Archive: a bucket that keeps what was recorded of an account, which nobody changes and few read."""

from __future__ import annotations

from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import s3
from components.data_lake.documents import deny_without_tls
from components.governance.documents import deliver_trail
from components.values import policy_json
from functions.shared.places import ACCESS_LOGS


class ArchiveArgs(TypedDict):
    """What the bucket needs."""

    name_prefix: str
    """Beginning of its name; AWS needs it unique, so the rest is drawn."""
    account_id: Input[str]
    """Account whose records it keeps."""
    key_arn: Input[str]
    """KMS key of its objects; its policy must let CloudTrail use it."""
    logs_bucket: Input[str]
    """Bucket that takes its access log."""
    trail_arn: Input[str]
    """The only trail that may write."""
    keep_days: NotRequired[int]
    """How long records are kept; 400 by default."""
    protect: NotRequired[bool]
    """Whether it refuses to be deleted with what it holds; true by default."""


class Archive(pulumi.ComponentResource):
    """Private, encrypted by a key of ours, versioned, logged, and emptied when records are old."""

    bucket: s3.Bucket
    """The bucket."""
    policy: s3.BucketPolicy
    """What CloudTrail must wait for: it tries its right to write when a trail is made."""

    def __init__(self, name: str, args: ArchiveArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Archive", name, {}, opts)
        child, protect = ResourceOptions(parent=self), args.get("protect", True)
        self.bucket = s3.Bucket(
            f"{name}-bucket",
            bucket_prefix=f"{args['name_prefix']}-audit-",
            force_destroy=not protect,
            opts=ResourceOptions(parent=self, protect=protect),
        )
        held = self.bucket.bucket
        s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=held,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        s3.BucketOwnershipControls(
            f"{name}-owner", bucket=held, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        versions = s3.BucketVersioning(
            f"{name}-versions", bucket=held, versioning_configuration={"status": "Enabled"}, opts=child
        )
        s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=held,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": args["key_arn"],
                    },
                    "bucket_key_enabled": True,
                }
            ],
            opts=child,
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=held,
            rules=[
                {
                    "id": "old",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": args.get("keep_days", 400)},
                    "noncurrent_version_expiration": {"noncurrent_days": 30},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=ResourceOptions(parent=self, depends_on=[versions]),
        )
        s3.BucketLogging(
            f"{name}-access-log",
            bucket=held,
            target_bucket=args["logs_bucket"],
            target_prefix=f"{ACCESS_LOGS}audit/",
            opts=child,
        )
        arn = self.bucket.arn
        statements = [deny_without_tls(arn), *deliver_trail(arn, args["account_id"], args["trail_arn"])]
        self.policy = s3.BucketPolicy(f"{name}-policy", bucket=held, policy=policy_json(statements), opts=child)
        self.bucket_name: Output[str] = held
        self.register_outputs({"bucket": held})

    bucket_name: Output[str]
    """Its name."""
