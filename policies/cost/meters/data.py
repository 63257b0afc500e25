"""What stored data is charged for."""

from __future__ import annotations

from typing import Any

from policies.cost.meters.row import Charge, Meter, by, items, meter
from policies.resources import Node

CLUSTER = "aws:rds/cluster:Cluster"
INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
_LEAST_PROXY_UNITS = 8
"""ACUs that a proxy before a serverless cluster is charged for at least."""


def _nodes(node: Node, _: Any) -> float:
    return float(node.read("numCacheClusters", 1))


def _node_price(node: Node, _: Any) -> str:
    return f"elasticache.{node.read('engine', 'redis')}.{node.read('nodeType')}"


def _cluster(node: Node) -> Node | None:
    return node.target("clusterIdentifier", CLUSTER)


def _units(instance: Node, _: Any) -> float:
    """Capacity units that an instance has at least."""
    cluster = _cluster(instance)
    return float(cluster.read("serverlessv2ScalingConfiguration.minCapacity", 0.5)) if cluster else 0.5


def _serverless(instance: Node) -> list[Any]:
    return [instance.props] if instance.read("instanceClass") == "db.serverless" else []


def _provisioned(instance: Node) -> list[Any]:
    return [] if instance.read("instanceClass") == "db.serverless" else [instance.props]


def _proxied(proxy: Node, _: Any) -> float:
    """Units of the cluster in the proxy's region: which of several clusters it is follows from its target."""
    least = [
        float(cluster.read("serverlessv2ScalingConfiguration.minCapacity", 0.5))
        * sum(node.region == proxy.region for node in proxy.stack.of_type(INSTANCE))
        for cluster in proxy.stack.of_type(CLUSTER)
        if cluster.region == proxy.region
    ]
    return max([_LEAST_PROXY_UNITS, *least])


ROWS: dict[str, Meter] = {
    "aws:s3/bucket:Bucket": meter(
        "Amazon S3",
        Charge(what="storage", price="s3.storage", uses="storage_gb"),
        Charge(what="writes and lists", price="s3.writes", uses="writes"),
        Charge(what="reads", price="s3.reads", uses="reads"),
    ),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": meter(
        "Amazon S3",
        Charge(what="replicated in time", price="s3.replication_time", uses="replicated_gb"),
        Charge(what="to the other region", price="transfer.regions", uses="replicated_gb"),
    ),
    "aws:s3/inventory:Inventory": meter(
        "Amazon S3", Charge(what="listed objects", price="s3.inventory", uses="objects")
    ),
    "aws:dynamodb/table:Table": meter(
        "Amazon DynamoDB",
        Charge(what="writes", price="dynamodb.writes", uses="writes"),
        Charge(what="reads", price="dynamodb.reads", uses="reads"),
        Charge(what="storage", price="dynamodb.storage", uses="storage_gb"),
        Charge(
            what="recovery",
            price="dynamodb.recovery",
            count=lambda node, _: float(bool(node.read("pointInTimeRecovery.enabled", default=False))),
            uses="storage_gb",
        ),
        Charge(what="replicated writes", price="dynamodb.replicated_writes", uses="writes", each=items("replicas")),
        Charge(what="replicas", price="dynamodb.storage", uses="storage_gb", each=items("replicas")),
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": meter(
        "Amazon ElastiCache",
        Charge(what="nodes", price=_node_price, count=_nodes),
        Charge(what="snapshots", price="elasticache.snapshots", uses="snapshots_gb"),
    ),
    CLUSTER: meter(
        "Amazon RDS",
        Charge(what="storage", price="aurora.storage", uses="storage_gb"),
        Charge(what="I/O", price="aurora.io", uses="io"),
        Charge(what="backups", price="aurora.backups", uses="backups_gb"),
        Charge(what="to the other region", price="transfer.regions", uses="copied_gb"),
    ),
    INSTANCE: meter(
        "Amazon RDS",
        Charge(what="capacity at least", price="aurora.unit", count=_units, each=_serverless),
        Charge(what="capacity above", price="aurora.unit_used", uses="unit_hours", each=_serverless),
        Charge(what="instance", price=by("aurora.instance", "instanceClass"), each=_provisioned),
    ),
    "aws:rds/proxy:Proxy": meter("Amazon RDS", Charge(what="proxy", price="rds.proxy", count=_proxied)),
    "aws:rds/proxyEndpoint:ProxyEndpoint": meter(
        "Amazon RDS",
        Charge(
            what="endpoint in zones",
            price="vpc.endpoint",
            count=lambda node, _: float(len(node.rows("vpcSubnetIds"))),
        ),
    ),
    "aws:backup/vault:Vault": meter(
        "AWS Backup",
        Charge(what="tables", price="backup.dynamodb", uses="tables_gb"),
        Charge(what="buckets", price="backup.s3", uses="buckets_gb"),
        Charge(what="databases", price="backup.aurora", uses="databases_gb"),
        Charge(what="to the other region", price="transfer.regions", uses="copied_gb"),
    ),
}
"""By type."""
