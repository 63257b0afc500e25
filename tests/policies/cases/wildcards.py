"""Wildcards of every kind of policy: which have a reason and which have none."""

from __future__ import annotations

from tests.policies.cases.rights import TABLE_ARN, may, policy, role
from tests.policies.cases.storage import ACCOUNT, allow, document
from tests.policies.rows import Case, row

ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
CASES = (
    Case(
        "policy-wildcards-explained",
        {
            "named": policy(may(["dynamodb:GetItem"], TABLE_ARN)),
            "objects of a place": policy(may("s3:GetObject", ["arn:aws:s3:::b/raw/*", "arn:aws:s3:::b/*"])),
            "no resource": policy(may(["xray:PutTraceSegments", "ec2:DescribeVpcs"], "*")),
            "a tag names it": policy(may("ec2:StopInstances", "*", StringEquals={"aws:ResourceTag/team": "a"})),
            "denied": policy({"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/*"}),
            "the key itself": [row("aws:kms/key:Key", policy=document(allow(["kms:*", "kms:GenerateDataKey*"], ROOT)))],
            "the way there": [row("aws:ec2/vpcEndpoint:VpcEndpoint", policy=document(allow("s3:*", ROOT)))],
        },
        {
            "an action": policy(may("s3:Get*", "arn:aws:s3:::b/raw/*")),
            "a letter": policy(may("s3:GetObjec?", "arn:aws:s3:::b/raw/*")),
            "every table": policy(may("dynamodb:GetItem", TABLE_ARN.replace("mlplatform-dev-models", "*"))),
            "every bucket": policy(may("s3:GetObject", "arn:aws:s3:::*")),
            "part of a bucket's name": policy(may("s3:GetObject", "arn:aws:s3:::b*/raw/*")),
            "one action that has a resource": policy(may(["xray:PutTraceSegments", "sqs:SendMessage"], "*")),
            "a bucket's policy": [row("aws:s3/bucketPolicy:BucketPolicy", policy=document(allow("s3:*", ROOT)))],
            "a queue's policy": [row("aws:sqs/queuePolicy:QueuePolicy", policy=document(allow("sqs:*", ROOT)))],
            "all but one": policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b/*"}),
            "a trust": role({"Effect": "Allow", "Action": "sts:*", "Principal": {"Service": "lambda.amazonaws.com"}}),
        },
        "which no row gives a reason for",
    ),
)
