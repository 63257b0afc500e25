"""A database cluster with its proxy."""

from __future__ import annotations

from pulumi_aws import ec2, kms, rds, secretsmanager

vpc = ec2.Vpc("relational", cidr_block="10.77.0.0/16")
subnets = [
    ec2.Subnet(
        f"relational-{place}", vpc_id=vpc.id, cidr_block=f"10.77.{place}.0/24", availability_zone=f"us-east-1{zone}"
    )
    for place, zone in enumerate("ab")
]
ids = [subnet.id for subnet in subnets]
group = ec2.SecurityGroup("relational", vpc_id=vpc.id, description="the database")
key = kms.Key("relational")
secret = secretsmanager.Secret("relational")
cluster = rds.Cluster(
    "main",
    cluster_identifier="everything-database",
    engine="aurora-postgresql",
    engine_version="16.8",
    database_name="platform",
    master_username="administrator",
    manage_master_user_password=True,
    master_user_secret_kms_key_id=key.arn,
    db_subnet_group_name=rds.SubnetGroup("main", subnet_ids=ids).name,
    db_cluster_parameter_group_name=rds.ClusterParameterGroup("main", family="aurora-postgresql16").name,
    vpc_security_group_ids=[group.id],
    skip_final_snapshot=True,
)
rds.ClusterInstance(
    "main-1",
    identifier="everything-database-1",
    cluster_identifier=cluster.cluster_identifier,
    engine=rds.EngineType.AURORA_POSTGRESQL,
    instance_class="db.serverless",
)
proxy = rds.Proxy(
    "main",
    engine_family="POSTGRESQL",
    role_arn="arn:aws:iam::123456789012:role/proxy",
    vpc_subnet_ids=ids,
    auths=[{"auth_scheme": "SECRETS", "iam_auth": "REQUIRED", "secret_arn": secret.arn}],
)
pool = rds.ProxyDefaultTargetGroup("main", db_proxy_name=proxy.name)
rds.ProxyTarget(
    "main",
    db_proxy_name=proxy.name,
    target_group_name=pool.name,
    db_cluster_identifier=cluster.cluster_identifier,
)
rds.ProxyEndpoint(
    "main",
    db_proxy_name=proxy.name,
    db_proxy_endpoint_name="everything-reading",
    target_role="READ_ONLY",
    vpc_subnet_ids=ids,
)
