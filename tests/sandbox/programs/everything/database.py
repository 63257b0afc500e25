"""A cluster behind a proxy, and the function that prepares it."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import ec2, iam, kms, lambda_, rds, secretsmanager

ROLE = "arn:aws:iam::123456789012:role/everything"
vpc = ec2.Vpc("data", cidr_block="10.8.0.0/16")
subnets = [
    ec2.Subnet(f"data-{zone}", vpc_id=vpc.id, cidr_block=f"10.8.{number}.0/24", availability_zone=f"us-east-1{zone}")
    for number, zone in enumerate("ab")
]
group = ec2.SecurityGroup("data", vpc_id=vpc.id, description="data")
key = kms.Key("data")
places = rds.SubnetGroup("data", name="everything", description="data", subnet_ids=[one.id for one in subnets])
settings = rds.ClusterParameterGroup(
    "data", family="aurora-postgresql16", description="data", parameters=[{"name": "rds.force_ssl", "value": "1"}]
)
cluster = rds.Cluster(
    "data",
    cluster_identifier="everything",
    engine="aurora-postgresql",
    engine_mode="provisioned",
    engine_version="16.4",
    database_name="platform",
    master_username="administrator",
    manage_master_user_password=True,
    master_user_secret_kms_key_id=key.arn,
    iam_database_authentication_enabled=True,
    port=5432,
    serverlessv2_scaling_configuration={"min_capacity": 0.5, "max_capacity": 2.0},
    storage_encrypted=True,
    kms_key_id=key.arn,
    db_subnet_group_name=places.name,
    db_cluster_parameter_group_name=settings.name,
    vpc_security_group_ids=[group.id],
    backup_retention_period=7,
    skip_final_snapshot=True,
)
rds.ClusterInstance(
    "data",
    identifier="everything-1",
    cluster_identifier=cluster.cluster_identifier,
    engine=rds.EngineType.AURORA_POSTGRESQL,
    instance_class="db.serverless",
)
secret = secretsmanager.Secret("data", name="everything-data")
proxy = rds.Proxy(
    "data",
    name="everything",
    engine_family="POSTGRESQL",
    role_arn=ROLE,
    auths=[{"auth_scheme": "SECRETS", "iam_auth": "REQUIRED", "secret_arn": secret.arn}],
    require_tls=True,
    vpc_subnet_ids=[one.id for one in subnets],
    vpc_security_group_ids=[group.id],
)
pool = rds.ProxyDefaultTargetGroup(
    "data", db_proxy_name=proxy.name, connection_pool_config={"max_connections_percent": 90}
)
rds.ProxyTarget(
    "data",
    db_proxy_name=proxy.name,
    target_group_name=pool.name,
    db_cluster_identifier=cluster.cluster_identifier,
)
rds.ProxyEndpoint(
    "data",
    db_proxy_name=proxy.name,
    db_proxy_endpoint_name="everything-reading",
    target_role="READ_ONLY",
    vpc_subnet_ids=[one.id for one in subnets],
    vpc_security_group_ids=[group.id],
)
trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
role = iam.Role("migrations", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
migrations = lambda_.Function(
    "migrations",
    name="everything-migrations",
    runtime="python3.11",
    handler="app.handler",
    role=role.arn,
    code=pulumi.AssetArchive({"app.py": pulumi.StringAsset("")}),
)
lambda_.Invocation("migrations", function_name=migrations.name, input='{"digest": "1"}', lifecycle_scope="CRUD")
