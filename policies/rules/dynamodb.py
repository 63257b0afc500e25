"""DynamoDB tables: restorable, encrypted, not deleted by accident, never short of capacity."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from policies.conditions import all_of, is_on, must_be, must_be_on
from policies.documents import statements
from policies.resources import Node, read
from policies.rule import Rule

TABLE = "aws:dynamodb/table:Table"
RIGHTS = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
SCANS = ("dynamodb:scan", "dynamodb:partiqlselect")
SCALING_TARGET = "aws:appautoscaling/target:Target"


def scales(table: Node) -> Iterable[str]:
    """On demand, or provisioned with auto-scaling."""
    mode = table.read("billingMode", "PROVISIONED")
    if mode == "PAY_PER_REQUEST":
        return
    name = table.read("name", table.name)
    targets = table.stack.of_type(SCALING_TARGET)
    if not any(target.read("resourceId") == f"table/{name}" for target in targets):
        yield f"billingMode is {mode!r} and no scaling target has resourceId 'table/{name}'"


def encrypted(table: Node) -> Iterable[str]:
    """Encrypted by a key of ours; AWS's own key is what a table has without the setting."""
    if not table.read("serverSideEncryption.enabled", default=False):
        yield "serverSideEncryption.enabled is False, which means a key that AWS owns"
    elif not table.read("serverSideEncryption.kmsKeyArn"):
        yield "serverSideEncryption.kmsKeyArn is not set, which means the shared key aws/dynamodb"


def replicas_alike(table: Node) -> Iterable[str]:
    """A copy in another region is restorable, encrypted by a key of ours and kept as the table is."""
    found = table.rows("replicas")
    if found and table.read("streamViewType") != "NEW_AND_OLD_IMAGES":
        yield f"streamViewType is {table.read('streamViewType')!r}; replicas need 'NEW_AND_OLD_IMAGES'"
    for row in found:
        region = read(row, "regionName")
        if not is_on(row, "pointInTimeRecovery"):
            yield f"the replica in {region} has pointInTimeRecovery {read(row, 'pointInTimeRecovery', default=False)!r}"
        if not read(row, "kmsKeyArn"):
            yield f"the replica in {region} has no kmsKeyArn, which means a key that AWS owns"
        if table.protected and not is_on(row, "deletionProtectionEnabled"):
            yield f"the program keeps the table, and its replica in {region} has no deletionProtectionEnabled"


def never_scans(policy: Node) -> Iterable[str]:
    """No right to read whole tables."""
    for row in statements(policy.props.get("policy")):
        wide = [action for action in row.actions if any(fnmatchcase(scan, action.lower()) for scan in SCANS)]
        if row.allows and wide:
            yield f"policy: {row.label} allows {', '.join(wide)}"


def kept_when_protected(table: Node) -> Iterable[str]:
    """A table that the program keeps refuses deletion by anyone else too."""
    if table.protected and not table.read("deletionProtectionEnabled", default=False):
        yield "the program keeps it (protect or retain_on_delete), and deletionProtectionEnabled is False"


RULES = (
    Rule(
        id="dynamodb-point-in-time-recovery",
        severity="high",
        controls=("FSBP DynamoDB.2",),
        types=(TABLE,),
        what="Every table can be restored to any second of the last days.",
        why="A bad write to the model registry or the predictions would be final.",
        mend="set point_in_time_recovery.enabled to True",
        check=must_be_on("pointInTimeRecovery.enabled"),
    ),
    Rule(
        id="dynamodb-encrypted-by-own-key",
        severity="high",
        types=(TABLE,),
        what="Every table is encrypted by a KMS key of ours.",
        why="Only a key of ours can be audited, bounded and revoked.",
        mend="set server_side_encryption.enabled and kms_key_arn",
        check=encrypted,
    ),
    Rule(
        id="dynamodb-scales",
        severity="medium",
        controls=("FSBP DynamoDB.1",),
        types=(TABLE,),
        scope="stack",
        what="Every table takes load on demand, or scales its provisioned capacity.",
        why="A fixed capacity throttles predictions at the first peak.",
        mend="set billing_mode PAY_PER_REQUEST, or add an auto-scaling target and policy",
        check=scales,
    ),
    Rule(
        id="dynamodb-deletion-protected",
        severity="medium",
        controls=("FSBP DynamoDB.6",),
        types=(TABLE,),
        what="A table that the program keeps has deletion protection.",
        why="`protect` holds Pulumi back, and nobody in the console.",
        mend="set deletion_protection_enabled to True wherever protect is set",
        check=kept_when_protected,
    ),
    Rule(
        id="dynamodb-replicas-alike",
        severity="high",
        controls=("FSBP DynamoDB.2", "FSBP DynamoDB.6"),
        types=(TABLE,),
        what="A table's copies in other regions are restorable, encrypted by a key of ours, and kept as the table is.",
        why="The copy is what is left when a region is lost, and none of this is inherited.",
        mend="set point_in_time_recovery, kms_key_arn and deletion_protection_enabled in each row of replicas, and "
        "stream_view_type NEW_AND_OLD_IMAGES",
        check=replicas_alike,
    ),
    Rule(
        id="dynamodb-never-scanned",
        severity="medium",
        types=RIGHTS,
        what="No role may scan a table.",
        why="A scan reads and pays for the whole table, and gets slower with each day.",
        mend="grant dynamodb:Query on the index that answers the question, and add the index where there is none",
        check=never_scans,
    ),
    Rule(
        id="dynamodb-accelerator-encrypted",
        severity="medium",
        controls=("FSBP DynamoDB.3", "FSBP DynamoDB.7"),
        types=("aws:dax/cluster:Cluster",),
        what="A DAX cluster is encrypted at rest and in transit.",
        why="It holds the same records as the table behind it.",
        mend="set server_side_encryption.enabled to True and cluster_endpoint_encryption_type to TLS",
        check=all_of(
            must_be_on("serverSideEncryption.enabled"),
            must_be("clusterEndpointEncryptionType", "TLS", default="NONE"),
        ),
    ),
)
