"""The network's flow log: every connection, accepted or refused, in an encrypted log of its own."""

from __future__ import annotations

from pulumi import Input, Output, Resource, ResourceOptions

from components.aws import cloudwatch, ec2, iam
from components.keys import partition
from components.values import Statement, formatted, policy_json


def record_flows(
    name: str,
    vpc: ec2.Vpc,
    parent: Resource,
    *,
    prefix: str,
    region: str,
    account_id: Input[str],
    key_arn: Input[str],
    retention_days: int,
) -> ec2.FlowLog:
    """Declares the flow log of a VPC with its log group and the role that writes it."""
    child = ResourceOptions(parent=parent)
    log = cloudwatch.LogGroup(
        f"{name}-flow-log",
        name=f"/aws/vpc/{prefix}",
        kms_key_id=key_arn,
        retention_in_days=retention_days,
        opts=child,
    )
    flow_logs = formatted("arn:{0}:ec2:{1}:{2}:vpc-flow-log/*", partition(region), region, account_id)
    role = iam.Role(
        f"{name}-flow-log-role",
        assume_role_policy=flow_log_trust(account_id, flow_logs),
        description="Lets the VPC write its flow log",
        opts=child,
    )
    rights = iam.RolePolicy(f"{name}-flow-log-rights", role=role.id, policy=flow_log_rights(log.arn), opts=child)
    return ec2.FlowLog(
        f"{name}-flow",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=log.arn,
        iam_role_arn=role.arn,
        opts=ResourceOptions(parent=parent, depends_on=[rights]),
    )


def flow_log_trust(account_id: Input[str], flow_logs_arn: Input[str]) -> Output[str]:
    """The flow log service may take the role for flow logs of this account."""
    statement: Statement = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
        "Condition": {
            "StringEquals": {"aws:SourceAccount": [account_id]},
            "ArnLike": {"aws:SourceArn": [flow_logs_arn]},
        },
    }
    return policy_json([statement])


def flow_log_rights(log_group_arn: Input[str]) -> Output[str]:
    """Writing one log group."""
    write: Statement = {
        "Sid": "WriteFlowLog",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        "Resource": [log_group_arn, formatted("{0}:*", log_group_arn)],
    }
    # The service looks for its group among all of them.
    find: Statement = {
        "Sid": "FindLogGroup",
        "Effect": "Allow",
        "Action": ["logs:DescribeLogGroups"],
        "Resource": ["*"],
    }
    return policy_json([write, find])
