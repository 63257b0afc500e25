"""DynamoDB: what is good and bad."""

from __future__ import annotations

from tests.policies.cases.storage import document
from tests.policies.rows import Case, Row, but, row

TABLE = [
    row(
        "aws:dynamodb/table:Table",
        "models",
        name="mlplatform-dev-models",
        billingMode="PAY_PER_REQUEST",
        pointInTimeRecovery={"enabled": True},
        serverSideEncryption={"enabled": True, "kmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k"},
        deletionProtectionEnabled=True,
    )
]
KEPT = [row("aws:dynamodb/table:Table", "models", protect=True, deletionProtectionEnabled=True)]
SCALING = row("aws:appautoscaling/target:Target", "scaling", resourceId="table/mlplatform-dev-models")
PROVISIONED = but(TABLE, "models", billingMode="PROVISIONED")
DAX = [
    row(
        "aws:dax/cluster:Cluster",
        "dax",
        serverSideEncryption={"enabled": True},
        clusterEndpointEncryptionType="TLS",
    )
]
REPLICA = {
    "regionName": "eu-west-1",
    "kmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k",
    "pointInTimeRecovery": True,
    "deletionProtectionEnabled": True,
}
COPIED = [
    row(
        "aws:dynamodb/table:Table",
        "models",
        protect=True,
        streamViewType="NEW_AND_OLD_IMAGES",
        replicas=[REPLICA],
    )
]


def rights(action: str | list[str], **more: str) -> Row:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return row("aws:iam/rolePolicy:RolePolicy", "rights", policy=document(statement))


CASES = (
    Case(
        "dynamodb-point-in-time-recovery",
        {"on": TABLE},
        {
            "off": but(TABLE, "models", pointInTimeRecovery={"enabled": False}),
            "missing": but(TABLE, "models", pointInTimeRecovery=None),
        },
        "pointInTimeRecovery.enabled is False; allowed: True",
    ),
    Case(
        "dynamodb-encrypted-by-own-key",
        {"own": TABLE},
        {
            "amazon's": but(TABLE, "models", serverSideEncryption=None),
            "shared": but(TABLE, "models", serverSideEncryption={"enabled": True}),
        },
        "serverSideEncryption",
    ),
    Case(
        "dynamodb-scales",
        {"on demand": TABLE, "scaled": [*PROVISIONED, SCALING]},
        {"fixed": PROVISIONED},
        "PROVISIONED",
    ),
    Case(
        "dynamodb-deletion-protected",
        {"kept": KEPT, "not kept": but(TABLE, "models", deletionProtectionEnabled=False)},
        {"kept": but(KEPT, "models", deletionProtectionEnabled=False)},
        "deletionProtectionEnabled",
    ),
    Case(
        "dynamodb-replicas-alike",
        {"alike": COPIED, "none": TABLE},
        {
            "not restorable": but(COPIED, "models", replicas=[{**REPLICA, "pointInTimeRecovery": False}]),
            "amazon's key": but(COPIED, "models", replicas=[{"regionName": "eu-west-1", "pointInTimeRecovery": True}]),
            "not kept": but(COPIED, "models", replicas=[{**REPLICA, "deletionProtectionEnabled": False}]),
            "no images": but(COPIED, "models", streamViewType="KEYS_ONLY"),
        },
    ),
    Case(
        "dynamodb-never-scanned",
        {"query": [rights("dynamodb:Query")], "denied": [rights("dynamodb:Scan", Effect="Deny")]},
        {
            "scan": [rights("dynamodb:Scan")],
            "among others": [rights(["dynamodb:GetItem", "dynamodb:Scan"])],
            "by a star": [rights("dynamodb:S*")],
            "everything": [rights("*")],
            "by its other language": [rights("dynamodb:PartiQLSelect")],
        },
        "policy: statement on",
    ),
    Case(
        "dynamodb-accelerator-encrypted",
        {"both": DAX},
        {
            "rest": but(DAX, "dax", serverSideEncryption=None),
            "transit": but(DAX, "dax", clusterEndpointEncryptionType="NONE"),
        },
    ),
)
