"""SiteBucket: the web app's files, private, versioned and readable by one distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import s3
from components.site import documents
from components.site.content import SiteFile
from components.values import policy_json
from functions.shared.places import ACCESS_LOGS


class SiteBucketArgs(TypedDict):
    """What the bucket needs."""

    name_prefix: str
    """Beginning of its name; AWS needs it unique, so the rest is drawn."""
    logs_bucket: Input[str]
    """Bucket that takes its access log."""
    files: NotRequired[Sequence[SiteFile]]
    """What is uploaded; nothing by default. Files that must wait for something else are given to `upload`."""
    old_version_days: NotRequired[int]
    """How long replaced files stay; 30 by default."""
    protect: NotRequired[bool]
    """Whether it refuses to be deleted with what it holds; true by default."""


class SiteBucket(pulumi.ComponentResource):
    """Encrypted by S3's own keys: what it holds is sent to every visitor, so a key of ours would keep no secret."""

    bucket: s3.Bucket
    """The bucket."""
    versioning: s3.BucketVersioning
    """What replication of the bucket must wait for."""
    domain: Output[str]
    """Its regional domain, which CloudFront asks."""

    def __init__(self, name: str, args: SiteBucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:SiteBucket", name, {}, opts)
        self._name = name
        self._child = ResourceOptions(parent=self)
        protect = args.get("protect", True)
        self.bucket = s3.Bucket(
            f"{name}-bucket",
            bucket_prefix=f"{args['name_prefix']}-site-",
            force_destroy=not protect,
            opts=ResourceOptions(parent=self, protect=protect),
        )
        self._close(args)
        self.domain = self.bucket.bucket_regional_domain_name
        self.upload(args.get("files", []))
        self.register_outputs({"bucket": self.bucket.bucket})

    def let_read(self, distribution_arn: Input[str]) -> s3.BucketPolicy:
        """Declares the bucket's policy: that distribution reads, nobody speaks in the clear."""
        return s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.bucket.bucket,
            policy=policy_json(documents.bucket_statements(self.bucket.arn, distribution_arn)),
            opts=self._child,
        )

    def upload(self, files: Sequence[SiteFile], after: Sequence[pulumi.Resource] = ()) -> None:
        """Declares files of the bucket, which are put once what is named in `after` stands."""
        opts = ResourceOptions(parent=self, depends_on=list(after))
        for file in files:
            s3.BucketObjectv2(
                f"{self._name}-{file['key']}",
                bucket=self.bucket.bucket,
                key=file["key"],
                source=pulumi.FileAsset(file["path"]),
                content_type=file["content_type"],
                cache_control=file["cache_control"],
                opts=opts,
            )

    def _close(self, args: SiteBucketArgs) -> None:
        name, bucket = self._name, self.bucket.bucket
        s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child,
        )
        s3.BucketOwnershipControls(
            f"{name}-owner", bucket=bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self._child
        )
        self.versioning = s3.BucketVersioning(
            f"{name}-versions", bucket=bucket, versioning_configuration={"status": "Enabled"}, opts=self._child
        )
        s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._child,
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=bucket,
            rules=[
                {
                    "id": "abandoned",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                    "noncurrent_version_expiration": {"noncurrent_days": args.get("old_version_days", 30)},
                }
            ],
            # Rules about old versions need versions.
            opts=ResourceOptions(parent=self, depends_on=[self.versioning]),
        )
        s3.BucketLogging(
            f"{name}-access-log",
            bucket=bucket,
            target_bucket=args["logs_bucket"],
            target_prefix=f"{ACCESS_LOGS}site/",
            opts=self._child,
        )
