"""ElastiCache: encrypted, authenticated, private, and it survives a node."""

from __future__ import annotations

from collections.abc import Iterable

from policies.conditions import all_of, at_least, is_on, must_be, must_be_on, must_be_set
from policies.resources import Node, Unknown
from policies.rule import Check, Rule

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
CLUSTER = "aws:elasticache/cluster:Cluster"
SUBNET_GROUP_NAME = "subnetGroupName"


def of_its_own(check: Check) -> Check:
    """A check that holds for members of a global datastore, which have this from its first member."""

    def judge(group: Node) -> Iterable[str]:
        if group.props.get("globalReplicationGroupId") is None:
            yield from check(group)

    return judge


def nodes_of(group: Node) -> int:
    """How many nodes one shard has."""
    replicas = group.read("replicasPerNodeGroup")
    return int(float(replicas)) + 1 if replicas is not None else int(float(group.read("numCacheClusters", 1)))


def survives(group: Node) -> Iterable[str]:
    """Where there is a replica it takes over, from another zone."""
    if nodes_of(group) > 1:
        for switch in ("automaticFailoverEnabled", "multiAzEnabled"):
            if not is_on(group.props, switch):
                yield f"{switch} is False with {nodes_of(group)} nodes; allowed: True"


def backed_up(group: Node) -> Iterable[str]:
    """A cache with replicas has a snapshot; one node alone is declared to be expendable."""
    if nodes_of(group) > 1:
        yield from at_least("snapshotRetentionLimit", 1)(group)


def authenticated(group: Node) -> Iterable[str]:
    """A token or a user group; the value is never shown."""
    # A token that is not known yet is made by another resource: there will be one.
    token = group.props.get("authToken") or group.props.get("authTokenWo")
    if not isinstance(token, Unknown) and not token and not group.rows("userGroupIds"):
        yield "neither authToken nor userGroupIds is set"


def own_subnets(group: Node) -> Iterable[str]:
    """A subnet group of ours."""
    name = group.read(SUBNET_GROUP_NAME)
    if not name or name == "default":
        yield f"{SUBNET_GROUP_NAME} is {name!r}; allowed: a subnet group of private subnets"


RULES = (
    Rule(
        id="cache-encrypted-in-transit",
        severity="high",
        controls=("FSBP ElastiCache.5",),
        types=(GROUP,),
        what="The cache takes TLS connections only.",
        why="Predictions and the token itself would cross the network in clear text.",
        mend="set transit_encryption_enabled True, and transit_encryption_mode to required where it is set",
        check=all_of(
            of_its_own(must_be_on("transitEncryptionEnabled")),
            must_be("transitEncryptionMode", "required", default="required"),
        ),
    ),
    Rule(
        id="cache-encrypted-at-rest",
        severity="high",
        controls=("FSBP ElastiCache.4",),
        types=(GROUP,),
        what="The cache's disks and backups are encrypted by a KMS key of ours.",
        why="Backups hold what was cached; only a key of ours can be revoked.",
        mend="set at_rest_encryption_enabled True and kms_key_id",
        check=all_of(of_its_own(must_be_on("atRestEncryptionEnabled")), must_be_set("kmsKeyId")),
    ),
    Rule(
        id="cache-authenticated",
        severity="high",
        controls=("FSBP ElastiCache.6",),
        types=(GROUP,),
        what="The cache asks for a token or a user.",
        why="Any code in the network could read and change predictions of every tenant.",
        mend="set auth_token from a secret, or user_group_ids",
        check=authenticated,
    ),
    Rule(
        id="cache-survives-a-node",
        severity="medium",
        controls=("FSBP ElastiCache.3",),
        types=(GROUP,),
        what="A cache of several nodes fails over by itself, to another zone.",
        why="Otherwise the replicas are paid for and do not help.",
        mend="set automatic_failover_enabled and multi_az_enabled to True",
        check=survives,
    ),
    Rule(
        id="cache-backed-up",
        severity="low",
        controls=("FSBP ElastiCache.1",),
        types=(GROUP,),
        what="A cache of several nodes has a daily snapshot.",
        why="A cold cache sends the whole load to the model at once.",
        mend="set snapshot_retention_limit to 1 or more days",
        check=backed_up,
    ),
    Rule(
        id="cache-patched",
        severity="medium",
        controls=("FSBP ElastiCache.2",),
        types=(GROUP, CLUSTER),
        what="Minor versions are installed by themselves.",
        why="They mend security faults.",
        mend="leave auto_minor_version_upgrade at True",
        check=must_be_on("autoMinorVersionUpgrade", default=True),
    ),
    Rule(
        id="cache-in-own-subnets",
        severity="high",
        controls=("FSBP ElastiCache.7",),
        types=(GROUP, CLUSTER),
        what="The cache stands in private subnets that the program chose.",
        why="The default group has the subnets of the default VPC, which are public.",
        mend="set subnet_group_name to a subnet group of private subnets",
        check=own_subnets,
    ),
)
