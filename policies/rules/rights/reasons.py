"""Why a policy may say `*`: one row for each form, and nothing that has no row passes.

A row speaks about kinds of documents: `role` policies belong to who calls, `key`, `bucket`, `queue`, `topic`, `secret`
and `trust` policies to what is called, `endpoint` policies to the network's way there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("endpoint", "policy"),
    "aws:iam/policy:Policy": ("role", "policy"),
    "aws:iam/role:Role": ("trust", "assumeRolePolicy"),
    "aws:iam/rolePolicy:RolePolicy": ("role", "policy"),
    "aws:kms/key:Key": ("key", "policy"),
    "aws:kms/replicaKey:ReplicaKey": ("key", "policy"),
    "aws:s3/bucketPolicy:BucketPolicy": ("bucket", "policy"),
    "aws:secretsmanager/secretPolicy:SecretPolicy": ("secret", "policy"),
    "aws:sns/topicPolicy:TopicPolicy": ("topic", "policy"),
    "aws:sqs/queuePolicy:QueuePolicy": ("queue", "policy"),
}
"""Type of a resource → the kind of document that it carries, and the input that is the document."""


@dataclass(frozen=True)
class Form:
    """A way to write a wildcard that is right where it stands."""

    kinds: tuple[str, ...]
    pattern: str
    """What the whole text looks like, as a regular expression; a resource follows its service in the ARN."""
    reason: str

    def explains(self, kind: str, text: str) -> bool:
        """Whether it is the reason of a wildcard."""
        return kind in self.kinds and re.fullmatch(self.pattern, text) is not None


ACTIONS: Final = (
    Form(("key",), r"kms:\*", "the account administers its keys by IAM; without it nobody could change the policy"),
    Form(
        ("key",),
        r"kms:(GenerateDataKey|ReEncrypt)\*",
        "one action in several forms, with and without the plain key, from and to; AWS's guides grant services all",
    ),
    Form(
        ("endpoint",),
        r"[a-z0-9-]+:\*",
        "the way to a service, open to this account; what a caller may do its role says",
    ),
)
"""Actions; a denial needs no row, since one that left an action out would deny too little."""

ARN: Final = r"arn:aws[a-z-]*:"
RESOURCES: Final = (
    Form(("key",), r"\*", "in a key's policy the key itself"),
    Form(("endpoint",), r"\*", "whatever of this account lies behind; what a caller may reach its role says"),
    Form(("role", "bucket"), ARN + r"s3:::[^*/]+(/[^*]+)?/\*", "objects of a place: they have no names before"),
    Form(("role",), ARN + r"logs:[^*]+:log-group:[^*]+:(log-stream:)?\*", "streams of a log are named by who writes"),
    Form(("role",), ARN + r"logs:[^*]+:log-group:/aws/sagemaker/[^*]+\*", "SageMaker names logs by jobs and endpoints"),
    Form(("role",), ARN + r"ec2:[^*]+:network-interface/\*", "interfaces have no names before; subnets bound them"),
    Form(
        ("role",),
        ARN + r"sagemaker:[^*]+:(endpoint-config|model|(processing|training|transform)-job)/[^*]+-\*",
        "named by the execution, batch or update that makes it, behind the stack's name",
    ),
    Form(("role",), ARN + r"sagemaker:[^*]+:model-package/[^*/]+/\*", "versions of one group, which count up"),
    Form(("role",), ARN + r"states:[^*]+:execution:[^*:]+:\*", "executions of one state machine"),
    Form(("role",), ARN + r"bedrock:\*::foundation-model/[^*]+", "a profile chooses the region that answers"),
    Form(
        ("role",), ARN + r"rds:[^*]+:cluster-snapshot:[^*]+\*", "snapshots are named by their time, behind the stack's"
    ),
    Form(
        ("role",), ARN + r"rds:[^*]+:cluster-snapshot:\*", "a list of a cluster's snapshots is asked of all snapshots"
    ),
)
"""Resources that leave a part open, and `*` itself where a document speaks about one thing.

What roles may do on `*` alone is listed by action in `policies/rules/iam.py`.
"""
