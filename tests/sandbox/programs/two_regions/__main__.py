"""The same small platform in two regions: an API and its function under equal names, and data that is copied over."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import apigateway, dynamodb, elasticache, iam, lambda_, s3, secretsmanager
from pulumi_aws.provider import Provider

REGIONS = {"": "us-east-1", "standby-": "us-west-2"}
CODE = """
import os
def handler(event, context):
    if event.get("do") == "wait":
        import time; time.sleep(30)
    return {"statusCode": 200, "body": os.environ["AWS_REGION"]}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
    ],
}


def document(invoke_arn: str) -> str:
    """One route, answered by the function."""
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_arn}
    health = {"get": {"operationId": "health", "x-amazon-apigateway-integration": integration}}
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": "two", "version": "1", "description": "two"},
            "paths": {"/v1/health": health},
        }
    )


providers = {label: Provider(f"{label}aws", region=region) for label, region in REGIONS.items()}
role = iam.Role(
    "role", assume_role_policy=json.dumps(TRUST), opts=pulumi.ResourceOptions(provider=providers[""], protect=True)
)
buckets: dict[str, s3.Bucket] = {}
versions: list[s3.BucketVersioning] = []
for label, region in REGIONS.items():
    options = pulumi.ResourceOptions(provider=providers[label])
    function = lambda_.Function(
        f"{label}health",
        name="two-health",
        runtime="python3.11",
        handler="app.handler",
        role=role.arn,
        code=pulumi.AssetArchive({"app.py": pulumi.StringAsset(CODE)}),
        timeout=60,
        opts=options,
    )
    api = apigateway.RestApi(f"{label}api", name="two", body=function.invoke_arn.apply(document), opts=options)
    deployment = apigateway.Deployment(f"{label}deployment", rest_api=api.id, opts=options)
    apigateway.Stage(f"{label}stage", rest_api=api.id, deployment=deployment.id, stage_name="api", opts=options)
    elasticache.ReplicationGroup(
        f"{label}cache",
        replication_group_id="two-cache",
        description="two",
        engine="redis",
        node_type="cache.t4g.micro",
        transit_encryption_enabled=True,
        auth_token="sixteen-characters-or-more",
        opts=options,
    )
    buckets[label] = s3.Bucket(f"{label}data", bucket=f"two-data-{region}", opts=options)
    versions.append(
        s3.BucketVersioning(
            f"{label}data",
            bucket=buckets[label].bucket,
            versioning_configuration={"status": "Enabled"},
            opts=options,
        )
    )
s3.BucketReplicationConfig(
    "data",
    bucket=buckets[""].bucket,
    role=role.arn,
    rules=[
        {
            "id": "all",
            "status": "Enabled",
            "priority": 1,
            "filter": {"prefix": ""},
            "delete_marker_replication": {"status": "Enabled"},
            "destination": {"bucket": buckets["standby-"].arn},
        }
    ],
    opts=pulumi.ResourceOptions(provider=providers[""], depends_on=versions),
)
dynamodb.Table(
    "items",
    name="two-items",
    billing_mode="PAY_PER_REQUEST",
    hash_key="id",
    attributes=[{"name": "id", "type": "S"}],
    stream_enabled=True,
    stream_view_type="NEW_AND_OLD_IMAGES",
    replicas=[{"region_name": REGIONS["standby-"]}],
    opts=pulumi.ResourceOptions(provider=providers[""]),
)
secret = secretsmanager.Secret(
    "token",
    name="two-token",
    replicas=[{"region": REGIONS["standby-"]}],
    opts=pulumi.ResourceOptions(provider=providers[""]),
)
secretsmanager.SecretVersion(
    "token", secret_id=secret.id, secret_string="hidden", opts=pulumi.ResourceOptions(provider=providers[""])
)
