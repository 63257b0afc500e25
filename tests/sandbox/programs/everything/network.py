"""VPC, keys, roles and secrets."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import cloudwatch, ec2, iam, kms, secretsmanager, vpc

network = ec2.Vpc("net", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, enable_dns_support=True)
subnet = ec2.Subnet(
    "a", vpc_id=network.id, cidr_block="10.0.1.0/24", availability_zone="us-east-1a", map_public_ip_on_launch=False
)
gateway = ec2.InternetGateway("igw", vpc_id=network.id)
address = ec2.Eip("ip", domain="vpc")
nat = ec2.NatGateway("nat", allocation_id=address.allocation_id, subnet_id=subnet.id)
table = ec2.RouteTable("table", vpc_id=network.id, routes=[{"cidr_block": "0.0.0.0/0", "gateway_id": gateway.id}])
private = ec2.RouteTable("private", vpc_id=network.id)
ec2.Route("out", route_table_id=private.id, destination_cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)
ec2.RouteTableAssociation("in", route_table_id=private.id, subnet_id=subnet.id)
ec2.DefaultSecurityGroup("closed", vpc_id=network.id)
group = ec2.SecurityGroup(
    "group",
    vpc_id=network.id,
    description="for functions",
    egress=[
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.0.0.0/16"], "description": "tls"}
    ],
)
other = ec2.SecurityGroup("other", vpc_id=network.id, description="for the cache")
vpc.SecurityGroupIngressRule(
    "from-functions",
    security_group_id=other.id,
    referenced_security_group_id=group.id,
    ip_protocol="tcp",
    from_port=6379,
    to_port=6379,
    description="redis",
)
vpc.SecurityGroupEgressRule("to-cache", security_group_id=group.id, cidr_ipv4="10.0.0.0/16", ip_protocol="-1")
ec2.VpcEndpoint(
    "s3",
    vpc_id=network.id,
    service_name="com.amazonaws.us-east-1.s3",
    vpc_endpoint_type="Gateway",
    route_table_ids=[private.id],
    policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
)
ec2.VpcEndpoint(
    "kms",
    vpc_id=network.id,
    service_name="com.amazonaws.us-east-1.kms",
    vpc_endpoint_type="Interface",
    subnet_ids=[subnet.id],
    security_group_ids=[group.id],
    private_dns_enabled=True,
)
role = iam.Role(
    "role",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}}
            ],
        }
    ),
    inline_policies=[
        {
            "name": "inline",
            "policy": json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
            ),
        }
    ],
)
document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
iam.RolePolicy("rights", role=role.name, policy=json.dumps(document))
policy = iam.Policy("policy", policy=json.dumps(document))
iam.RolePolicyAttachment("own", role=role.name, policy_arn=policy.arn)
iam.RolePolicyAttachment("aws", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
iam.InstanceProfile("profile", role=role.name)
key = kms.Key(
    "key", description="data", enable_key_rotation=True, deletion_window_in_days=30, rotation_period_in_days=365
)
kms.Alias("alias", target_key_id=key.key_id)
kms.KeyPolicy("key-policy", key_id=key.key_id, policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
log = cloudwatch.LogGroup("flow", retention_in_days=30, kms_key_id=key.arn)
ec2.FlowLog(
    "flow",
    vpc_id=network.id,
    traffic_type="ALL",
    log_destination=log.arn,
    log_destination_type="cloud-watch-logs",
    iam_role_arn=role.arn,
)
secret = secretsmanager.Secret("token", kms_key_id=key.arn, recovery_window_in_days=7, description="of the cache")
secretsmanager.SecretVersion(
    "token", secret_id=secret.id, secret_string=pulumi.Output.secret(json.dumps({"token": "t" * 32}))
)
secretsmanager.SecretPolicy("token", secret_arn=secret.arn, policy=json.dumps(document))
secretsmanager.SecretRotation("token", secret_id=secret.id, rotation_rules={"automatically_after_days": 30})
pulumi.export("secret", secret.arn)
