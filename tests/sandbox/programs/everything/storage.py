"""Buckets, tables and a cache."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import dax, dynamodb, ec2, elasticache, kms, s3

key = kms.Key("storage")
bucket = s3.Bucket("Raw", force_destroy=True, object_lock_enabled=False)
versioning = s3.BucketVersioning("raw", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
copies = s3.Bucket("copies")
copied = s3.BucketVersioning("copies", bucket=copies.id, versioning_configuration={"status": "Enabled"})
s3.BucketReplicationConfig(
    "raw",
    bucket=bucket.id,
    role="arn:aws:iam::123456789012:role/replication",
    rules=[
        {
            "id": "everything",
            "priority": 1,
            "status": "Enabled",
            "filter": {"prefix": ""},
            "delete_marker_replication": {"status": "Enabled"},
            "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
            "destination": {
                "bucket": copies.arn,
                "encryption_configuration": {"replica_kms_key_id": key.arn},
                "replication_time": {"status": "Enabled", "time": {"minutes": 15}},
                "metrics": {"status": "Enabled", "event_threshold": {"minutes": 15}},
            },
        }
    ],
    opts=pulumi.ResourceOptions(depends_on=[versioning, copied]),
)
s3.BucketServerSideEncryptionConfiguration(
    "raw",
    bucket=bucket.id,
    rules=[
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn},
            "bucket_key_enabled": True,
        }
    ],
)
s3.BucketPublicAccessBlock(
    "raw",
    bucket=bucket.id,
    block_public_acls=True,
    block_public_policy=True,
    ignore_public_acls=True,
    restrict_public_buckets=True,
)
s3.BucketOwnershipControls("raw", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"})
s3.BucketLifecycleConfiguration(
    "raw",
    bucket=bucket.id,
    rules=[
        {
            "id": "cold",
            "status": "Enabled",
            "filter": {"prefix": "uploads/"},
            "transitions": [{"days": 90, "storage_class": "GLACIER"}],
            "noncurrent_version_expiration": {"noncurrent_days": 30, "newer_noncurrent_versions": 3},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ],
)
s3.BucketLogging("raw", bucket=bucket.id, target_bucket=bucket.id, target_prefix="logs/")
denied = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
s3.BucketPolicy(
    "raw",
    bucket=bucket.id,
    policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{**denied, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
        }
    ),
)
open_bucket = s3.Bucket("site")
s3.BucketPolicy(
    "site",
    bucket=open_bucket.id,
    policy=open_bucket.arn.apply(
        lambda arn: json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudfront.amazonaws.com"},
                        "Action": "s3:GetObject",
                        "Resource": f"{arn}/*",
                    }
                ],
            }
        )
    ),
)
s3.BucketNotification("raw", bucket=bucket.id, eventbridge=True)
s3.BucketIntelligentTieringConfiguration(
    "raw", bucket=bucket.id, name="all", tierings=[{"access_tier": "ARCHIVE_ACCESS", "days": 125}]
)
s3.BucketCorsConfiguration(
    "raw",
    bucket=bucket.id,
    cors_rules=[{"allowed_methods": ["GET"], "allowed_origins": ["https://example.org"], "max_age_seconds": 600}],
)
s3.BucketObjectv2(
    "model",
    bucket=bucket.id,
    key="models/baseline/model.tar.gz",
    source=pulumi.FileAsset("model.txt"),
    kms_key_id=key.arn,
    server_side_encryption="aws:kms",
    opts=pulumi.ResourceOptions(depends_on=[versioning]),
)
s3.BucketObject(
    "text",
    bucket=bucket.id,
    key="readme.txt",
    content="hello",
    content_type="text/plain",
    opts=pulumi.ResourceOptions(depends_on=[versioning]),
)
table = dynamodb.Table(
    "models",
    hash_key="version",
    billing_mode="PAY_PER_REQUEST",
    attributes=[
        {"name": "version", "type": "S"},
        {"name": "modelGroup", "type": "S"},
        {"name": "createdAt", "type": "S"},
    ],
    global_secondary_indexes=[
        {"name": "GroupIndex", "hash_key": "modelGroup", "range_key": "createdAt", "projection_type": "ALL"}
    ],
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    ttl={"enabled": True, "attribute_name": "ttl"},
    point_in_time_recovery={"enabled": True, "recovery_period_in_days": 35},
    server_side_encryption={"enabled": True, "kms_key_arn": key.arn},
    deletion_protection_enabled=True,
)
dynamodb.TableItem(
    "live",
    table_name=table.name,
    hash_key=table.hash_key,
    item=json.dumps({"version": {"S": "#live"}, "liveVersion": {"S": "baseline"}}),
)
s3.Inventory(
    "raw",
    bucket=bucket.id,
    name="weekly",
    included_object_versions="All",
    optional_fields=["Size", "StorageClass"],
    schedule={"frequency": "Weekly"},
    filter={"prefix": "uploads/"},
    destination={
        "bucket": {
            "bucket_arn": bucket.arn,
            "format": "Parquet",
            "prefix": "inventory",
            "encryption": {"sse_kms": {"key_id": key.arn}},
        }
    },
)
locked = s3.Bucket("locked", force_destroy=True, object_lock_enabled=True)
s3.BucketObjectLockConfiguration(
    "locked", bucket=locked.id, rule={"default_retention": {"mode": "GOVERNANCE", "days": 7}}
)
s3.BucketIntelligentTieringConfiguration(
    "locked",
    bucket=locked.id,
    name="archive",
    filter={"prefix": "archive/"},
    tierings=[{"access_tier": "ARCHIVE_ACCESS", "days": 90}],
)
shared_key = kms.Key("shared", multi_region=True, enable_key_rotation=True)
kms.ReplicaKey("shared", primary_key_arn=shared_key.arn, deletion_window_in_days=7, region="us-west-2")
network = ec2.Vpc("storage", cidr_block="10.1.0.0/16")
subnet = ec2.Subnet("storage", vpc_id=network.id, cidr_block="10.1.1.0/24")
accelerator = dax.Cluster(
    "fast",
    cluster_name="everything-dax",
    node_type="dax.t3.small",
    replication_factor=1,
    iam_role_arn="arn:aws:iam::123456789012:role/dax",
    cluster_endpoint_encryption_type="TLS",
    server_side_encryption={"enabled": True},
    subnet_group_name=dax.SubnetGroup("fast", name="everything-dax", subnet_ids=[subnet.id]).name,
    parameter_group_name=dax.ParameterGroup("fast", name="everything-dax").name,
)
subnets = elasticache.SubnetGroup("cache", subnet_ids=[subnet.id])
parameters = elasticache.ParameterGroup(
    "cache", family="redis7", parameters=[{"name": "maxmemory-policy", "value": "allkeys-lru"}]
)
leading = elasticache.ReplicationGroup(
    "cache",
    description="predictions",
    node_type="cache.t4g.micro",
    engine="redis",
    engine_version="7.1",
    num_cache_clusters=2,
    automatic_failover_enabled=True,
    multi_az_enabled=True,
    at_rest_encryption_enabled=True,
    transit_encryption_enabled=True,
    auth_token="t" * 32,
    kms_key_id=key.arn,
    parameter_group_name=parameters.name,
    subnet_group_name=subnets.name,
    port=6379,
    maintenance_window="sun:05:00-sun:06:00",
    snapshot_retention_limit=7,
    apply_immediately=True,
)
elasticache.GlobalReplicationGroup(
    "shared", global_replication_group_id_suffix="everything", primary_replication_group_id=leading.id
)
pulumi.export("bucket", bucket.id)
