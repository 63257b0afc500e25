"""AWS Backup works in roles that have a policy of AWS's: it covers what is selected, under the keys that encrypt it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest

from sandbox.rights import Access, Grants, Policy, decide
from tests.components.answers import ACCOUNT
from tests.components.recorder import Recorded
from tests.stacks.platform import evaluated
from tests.stacks.rights.edges import arn
from tests.stacks.rights.region import Region

PROD = Region("prod")
ATTACHED = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
TABLE, CLUSTER = "aws:dynamodb/table:Table", "aws:rds/cluster:Cluster"
LENT = {"kms:grantisforawsresource": ("true",)}
BY_TABLES = {"kms:viaservice": ("dynamodb.us-east-1.amazonaws.com",), "aws:viaawsservice": ("true",)}
BY_DATABASES = {"kms:viaservice": ("rds.us-east-1.amazonaws.com",), "aws:viaawsservice": ("true",)}

Asked = tuple[str, str, Mapping[str, tuple[str, ...]]]


@cache
def policies_of_aws(noun: str) -> tuple[Policy, ...]:
    """What AWS's policies allow that are attached to a role of the program, as moto has them."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    (row,) = (one for one in evaluated("prod").of_type(ATTACHED) if one.name == noun)
    name = str(row.inputs["policyArn"]).rpartition("/")[2]
    return (Policy.parse(name, json.loads(aws_managed_policies_data)[name]["Document"]),)


def selected(token: str) -> list[tuple[str, str]]:
    """ARN and key of what the daily selection names of a type."""
    (selection,) = evaluated("prod").of_type("aws:backup/selection:Selection")
    named = set(selection.inputs["resources"])
    keys = {
        arn(row): row.inputs.get("kmsKeyId") or row.inputs["serverSideEncryption"]["kmsKeyArn"] for row in all_of(token)
    }
    return [(name, keys[name]) for name in sorted(named & set(keys))]


def all_of(token: str) -> list[Recorded]:
    return evaluated("prod").of_type(token)


def backups() -> Iterator[Asked]:
    """What Backup asks when it copies a table and a cluster into a vault, and from there into the other region's."""
    for table, key in selected(TABLE):
        for action in ("DescribeTable", "StartAwsBackupJob", "ListTagsOfResource"):
            yield f"dynamodb:{action}", table, {}
        yield "kms:Decrypt", key, BY_TABLES
        yield "kms:GenerateDataKey", key, BY_TABLES
    for cluster, key in selected(CLUSTER):
        snapshot = f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster-snapshot:awsbackup:job-1"
        yield "rds:DescribeDBClusters", cluster, {}
        yield "rds:CreateDBClusterSnapshot", cluster, {}
        for action in ("CreateDBClusterSnapshot", "CopyDBClusterSnapshot", "DeleteDBClusterSnapshot"):
            yield f"rds:{action}", snapshot, {}
        yield "kms:DescribeKey", key, {}
        yield "kms:CreateGrant", key, LENT
    for vault in all_of("aws:backup/vault:Vault"):
        where = f"arn:aws:backup:{vault.region}:{ACCOUNT}:backup-vault:{vault.inputs['name']}"
        yield "backup:CopyIntoBackupVault", where, {}


def restores() -> Iterator[Asked]:
    """What Backup asks when it tries whether a table and a cluster come back."""
    for table, key in selected(TABLE):
        yield "dynamodb:RestoreTableFromAwsBackup", f"{table}-tried", {}
        yield "dynamodb:DescribeTable", f"{table}-tried", {}
        yield "kms:Decrypt", key, BY_TABLES
    for _, key in selected(CLUSTER):
        yield "rds:RestoreDBClusterFromSnapshot", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:tried", {}
        yield "rds:DeleteDBCluster", f"arn:aws:rds:us-east-1:{ACCOUNT}:cluster:tried", {}
        yield "kms:Decrypt", key, BY_DATABASES
        yield "kms:CreateGrant", key, LENT


@pytest.mark.parametrize(
    ("attachment", "asked"),
    [("backups-backup-rights", backups), ("backups-restore-rights", restores)],
    ids=["backups", "restores"],
)
def test_aws_backup_may_do_its_work(attachment: str, asked: Callable[[], Iterator[Asked]]) -> None:
    found = list(asked())
    role = f"arn:aws:iam::{ACCOUNT}:role/{attachment}"
    refused = []
    for action, resource, facts in found:
        grants = Grants(identity=policies_of_aws(attachment), resource=PROD.carried)
        said = decide(Access(role, action, (PROD.text(resource),), facts, "AWSBackup"), grants)
        refused += [] if said.allowed else [said.text]
    assert len(found) > 10
    assert refused == []
    assert {action.partition(":")[0] for action, _, _ in found} >= {"dynamodb", "rds", "kms"}
