"""What SageMaker's containers may do: the statements of the model's role, and those that jobs in a VPC need too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pulumi import Input, Output

from components.values import Statement, filled

_IMAGE: Final = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)")


def place(key_arn: Input[str]) -> Output[tuple[str, str]]:
    """Partition and ``region:account`` of a key, which are those of everything around it."""
    return Output.from_input(key_arn).apply(lambda arn: (arn.split(":")[1], ":".join(arn.split(":")[3:5])))


def local_arn(key_arn: Input[str], service: str, resource: Input[str]) -> Output[str]:
    """ARN of a resource in the key's region and account."""

    def local(known: list[str]) -> str:
        _, partition, _, region, account, *_ = known[0].split(":")
        return f"arn:{partition}:{service}:{region}:{account}:{known[1]}"

    return filled([key_arn, resource], local)


def bucket_arn(key_arn: Input[str], bucket: Input[str], keys: str = "") -> Output[str]:
    """ARN of a bucket, or with keys (``/models/*``) of the objects in it."""
    return filled([key_arn, bucket], lambda known: f"arn:{known[0].split(':')[1]}:s3:::{known[1]}{keys}")


def container(key_arn: Input[str], log_group: str, image: Input[str]) -> list[Statement]:
    """What every SageMaker container needs: its image, its log streams and its metrics."""
    return [
        *pull(key_arn, image),
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [local_arn(key_arn, "logs", f"log-group:{log_group}*")],
        },
        {
            "Sid": "PutMetrics",
            "Effect": "Allow",
            "Action": ["cloudwatch:PutMetricData"],
            # The action has no resource to name; the namespace bounds it.
            "Resource": ["*"],
            "Condition": {"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}},
        },
    ]


def pull(key_arn: Input[str], image: Input[str]) -> list[Statement]:
    """Pulling one image: SageMaker does it in the role's name, for its own prebuilt images as for any other."""
    repository = filled([key_arn, image], lambda known: _repository(known[0].split(":")[1], known[1]))
    return [
        {
            "Sid": "PullImage",
            "Effect": "Allow",
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Resource": [repository],
        },
        # The token is the account's and opens nothing by itself.
        {"Sid": "SignInToRegistry", "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken"], "Resource": ["*"]},
    ]


def watch(key_arn: Input[str], alarm_names: Sequence[str]) -> list[Statement]:
    """Looking at the alarms that roll an update of an endpoint back; deployments act on them in the role's name."""
    alarms = [local_arn(key_arn, "cloudwatch", f"alarm:{name}") for name in alarm_names]
    if not alarms:
        return []
    return [{"Sid": "WatchAlarms", "Effect": "Allow", "Action": ["cloudwatch:DescribeAlarms"], "Resource": alarms}]


def read(sid: str, key_arn: Input[str], bucket: Input[str], *keys: str) -> list[Statement]:
    """Reading objects below prefixes of a bucket such as `/training/*`, and listing it: SageMaker copies by prefix."""
    return [
        {
            "Sid": f"Read{sid}",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [bucket_arn(key_arn, bucket, found) for found in keys],
        },
        {
            "Sid": f"List{sid}",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket"],
            "Resource": [bucket_arn(key_arn, bucket)],
        },
    ]


def write(sid: str, key_arn: Input[str], bucket: Input[str], *keys: str) -> Statement:
    """Storing objects below prefixes of a bucket, such as `/training/*`."""
    return {
        "Sid": f"Write{sid}",
        "Effect": "Allow",
        "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
        "Resource": [bucket_arn(key_arn, bucket, found) for found in keys],
    }


def use_key(key_arn: Input[str]) -> list[Statement]:
    """Reading and writing what the key protects, volumes included: AWS services are passed the key on by grants."""
    return [
        {
            "Sid": "UseKey",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            "Resource": [key_arn],
        },
        {
            "Sid": "LendKey",
            "Effect": "Allow",
            "Action": ["kms:CreateGrant"],
            "Resource": [key_arn],
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": ["true"]}},
        },
    ]


def network(
    key_arn: Input[str], subnet_ids: Input[Sequence[Input[str]]], group_ids: Input[Sequence[Input[str]]]
) -> list[Statement]:
    """Placing containers in these subnets: SageMaker makes their network interfaces in the role's name."""
    interfaces = local_arn(key_arn, "ec2", "network-interface/*")
    subnets = _arns(key_arn, "subnet", subnet_ids)
    groups = _arns(key_arn, "security-group", group_ids)
    return [
        {
            "Sid": "PlaceInNetwork",
            "Effect": "Allow",
            "Action": ["ec2:CreateNetworkInterface"],
            "Resource": Output.all(interfaces, subnets, groups).apply(lambda all_: [all_[0], *all_[1], *all_[2]]),
        },
        {
            "Sid": "HandOverInterfaces",
            "Effect": "Allow",
            "Action": ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"],
            "Resource": [interfaces],
            "Condition": {"ArnEquals": {"ec2:Subnet": subnets}},
        },
        {
            "Sid": "TakeInterfacesBack",
            "Effect": "Allow",
            "Action": ["ec2:DeleteNetworkInterfacePermission"],
            # A permission is no resource: bound to interfaces or subnets, the statement would never match.
            "Resource": ["*"],
        },
        {
            "Sid": "DescribeNetwork",
            "Effect": "Allow",
            "Action": [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            # Describing the network has no resource level.
            "Resource": ["*"],
        },
    ]


def _repository(partition: str, image: str) -> str:
    """ARN of the ECR repository that an image is in."""
    found = _IMAGE.match(image)
    if found is None:
        raise ValueError(
            f"image is {image!r}; allowed: one in ECR such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/name:tag, "
            "since SageMaker takes no other; push it there"
        )
    account, region, name = found.groups()
    return f"arn:{partition}:ecr:{region}:{account}:repository/{name}"


def _arns(key_arn: Input[str], kind: str, ids: Input[Sequence[Input[str]]]) -> Output[list[str]]:
    where = place(key_arn)
    return Output.all(where, ids).apply(
        lambda known: [f"arn:{known[0][0]}:ec2:{known[0][1]}:{kind}/{each}" for each in known[1]]
    )
