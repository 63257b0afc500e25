"""DynamoDB tables and their first items, ElastiCache groups with a real Redis behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.recipes.backup import ROWS as BACKUP_ROWS
from sandbox.recipes.recipe import Recipe, Work, hands

_STREAM_LABEL = "2000-01-01T00:00:00.000"
_NO_DAX = "nothing here speaks DAX's protocol, and functions read the tables themselves"
_PAPER = "moto has no cache parameter groups; the local Redis runs with its own defaults"


def _keys(declared: Mapping[str, Any]) -> list[dict[str, str]]:
    """The key schema of a table or an index, whichever of the two spellings it uses."""
    if declared.get("keySchemas"):
        return [{"AttributeName": key["attributeName"], "KeyType": key["keyType"]} for key in declared["keySchemas"]]
    pairs = (("hashKey", "HASH"), ("rangeKey", "RANGE"))
    return [{"AttributeName": declared[key], "KeyType": kind} for key, kind in pairs if declared.get(key)]


def _capacity(declared: Mapping[str, Any]) -> dict[str, Any]:
    if not declared.get("readCapacity"):
        return {}
    return {
        "ProvisionedThroughput": {
            "ReadCapacityUnits": declared["readCapacity"],
            "WriteCapacityUnits": declared["writeCapacity"],
        },
    }


def _index(declared: Mapping[str, Any]) -> dict[str, Any]:
    projection: dict[str, Any] = {"ProjectionType": declared["projectionType"]}
    if declared.get("nonKeyAttributes"):
        projection["NonKeyAttributes"] = declared["nonKeyAttributes"]
    return {
        "IndexName": declared["name"],
        "KeySchema": _keys(declared),
        "Projection": projection,
        **_capacity(declared),
    }


def _table(work: Work) -> None:
    given = work.inputs
    work.parameters |= {
        "AttributeDefinitions": [
            {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
            for attribute in given["attributes"]
        ],
        "KeySchema": _keys(given),
        **_capacity(given),
    }
    for key, member in (
        ("globalSecondaryIndexes", "GlobalSecondaryIndexes"),
        ("localSecondaryIndexes", "LocalSecondaryIndexes"),
    ):
        if given.get(key):
            work.parameters[member] = [_index(index) for index in given[key]]
    encryption = given.get("serverSideEncryption") or {}
    if encryption.get("enabled"):
        owned = {"KMSMasterKeyId": encryption["kmsKeyArn"]} if encryption.get("kmsKeyArn") else {}
        work.parameters["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", **owned}


def _table_settings(work: Work) -> None:
    name = work.inputs["name"]
    ttl = work.inputs.get("ttl") or {}
    if ttl.get("enabled"):
        specification = {"Enabled": True, "AttributeName": ttl["attributeName"]}
        work.call("dynamodb.update_time_to_live", TableName=name, TimeToLiveSpecification=specification)
    recovery = work.inputs.get("pointInTimeRecovery") or {}
    if recovery.get("enabled"):
        specification = {"PointInTimeRecoveryEnabled": True}
        if recovery.get("recoveryPeriodInDays"):
            specification["RecoveryPeriodInDays"] = recovery["recoveryPeriodInDays"]
        work.call(
            "dynamodb.update_continuous_backups",
            TableName=name,
            PointInTimeRecoverySpecification=specification,
        )
    if not work.inputs.get("streamEnabled"):
        return
    from moto.dynamodb.models import dynamodb_backends

    # A stream is labelled with the time of its creation; a fixed label lets two runs give the same ledger.
    table = dynamodb_backends[work.account][work.region].get_table(name)
    table.latest_stream_label = _STREAM_LABEL
    arn = work.fill("arn:aws:dynamodb:{region}:{account}:table/{name}")
    work.outputs |= {
        "streamArn": f"{arn}/stream/{table.latest_stream_label}",
        "streamLabel": table.latest_stream_label,
    }
    _replicate(work)


def _replicate(work: Work) -> None:
    """Asks for each replica as the provider does; the replication runtime makes it."""
    for replica in work.inputs.get("replicas") or []:
        wanted = {"RegionName": replica["regionName"]}
        if replica.get("kmsKeyArn"):
            wanted["KMSMasterKeyId"] = replica["kmsKeyArn"]
        work.call("dynamodb.update_table", TableName=work.inputs["name"], ReplicaUpdates=[{"Create": wanted}])


def _replicas(work: Work) -> list[dict[str, Any]] | None:
    if not work.inputs.get("replicas"):
        return None
    found = []
    for replica in work.inputs["replicas"]:
        arn = f"arn:aws:dynamodb:{replica['regionName']}:{work.account}:table/{work.inputs['name']}"
        found.append(
            {**replica, "arn": arn, "streamArn": f"{arn}/stream/{_STREAM_LABEL}", "streamLabel": _STREAM_LABEL}
        )
    return found


def _item(work: Work) -> None:
    work.parameters = {"TableName": work.inputs["tableName"], "Item": json.loads(work.inputs["item"])}


def _item_id(work: Work) -> str:
    item = json.loads(work.inputs["item"])
    keys = [work.inputs[key] for key in ("hashKey", "rangeKey") if work.inputs.get(key)]
    return "|".join([work.inputs["tableName"], *(str(next(iter(item[key].values()))) for key in keys)])


def _dax_port(work: Work) -> int:
    return 9111 if work.inputs.get("clusterEndpointEncryptionType") == "TLS" else 8111


def _dax_endpoint(work: Work) -> str | None:
    return work.fill(f"{{clusterName}}.{{hash:6}}.dax-clusters.{{region}}.amazonaws.com:{_dax_port(work)}")


def _zones(work: Work) -> list[str]:
    """The zone of each node: those of the subnets in turn, as ElastiCache chooses where none are named."""
    count = int(work.inputs.get("numCacheClusters") or 1)
    if not work.inputs.get("subnetGroupName"):
        return [""] * count
    answer = work.call("elasticache.describe_cache_subnet_groups", CacheSubnetGroupName=work.inputs["subnetGroupName"])
    subnets = [subnet["SubnetIdentifier"] for subnet in answer["CacheSubnetGroups"][0]["Subnets"]]
    found = work.call("ec2.describe_subnets", SubnetIds=subnets)["Subnets"]
    zones = sorted({str(subnet["AvailabilityZone"]) for subnet in found})
    return [zones[number % len(zones)] for number in range(count)]


def _redis(work: Work) -> None:
    """The group's endpoint is a real Redis on this machine, with the declared token and encryption."""
    if work.caches is None:
        return
    host, port = work.caches.create(
        work.inputs.get("authToken"),
        name=work.inputs["replicationGroupId"],
        region=work.region,
        # A member of a global datastore has the encryption of the first one.
        tls=bool(work.inputs.get("transitEncryptionEnabled") or work.inputs.get("globalReplicationGroupId")),
        zones=_zones(work),
        failover=bool(work.inputs.get("automaticFailoverEnabled")),
    )
    work.outputs |= {"primaryEndpointAddress": host, "readerEndpointAddress": host, "port": port}


_TABLE = hands(
    "attributes",
    "globalSecondaryIndexes",
    "hashKey",
    "localSecondaryIndexes",
    "pointInTimeRecovery",
    "rangeKey",
    "readCapacity",
    "replicas",
    "serverSideEncryption",
    "ttl",
    "writeCapacity",
)

ROWS = {
    "aws:dynamodb/table:Table": Recipe(
        call="dynamodb.create_table",
        by_hand=_TABLE,
        lost={
            "ttl": "moto keeps the setting and shows expired items all the same",
            "tableClass": "moto forgets it",
            "onDemandThroughput": "moto forgets it",
        },
        shape=_table,
        after=_table_settings,
        id="{name}",
        outputs={
            "arn": "arn:aws:dynamodb:{region}:{account}:table/{name}",
            "streamArn": lambda work: (
                work.fill("arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{hash:8}")
                if work.inputs.get("streamEnabled")
                else None
            ),
            "replicas": _replicas,
        },
    ),
    "aws:dynamodb/tableItem:TableItem": Recipe(
        call="dynamodb.put_item",
        by_hand=hands("hashKey", "rangeKey", "item", "tableName"),
        shape=_item,
        id=_item_id,
    ),
    "aws:dax/subnetGroup:SubnetGroup": Recipe(recorded=_NO_DAX, outputs={"vpcId": "vpc-{hash:17}"}),
    "aws:dax/parameterGroup:ParameterGroup": Recipe(recorded=_NO_DAX),
    "aws:dax/cluster:Cluster": Recipe(
        recorded=_NO_DAX,
        id="{clusterName}",
        outputs={
            "arn": "arn:aws:dax:{region}:{account}:cache/{clusterName}",
            "clusterAddress": "{clusterName}.{hash:6}.dax-clusters.{region}.amazonaws.com",
            "configurationEndpoint": _dax_endpoint,
            "port": _dax_port,
        },
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Recipe(
        call="elasticache.create_cache_subnet_group",
        rename={"name": "CacheSubnetGroupName", "description": "CacheSubnetGroupDescription"},
        outputs={"arn": "arn:aws:elasticache:{region}:{account}:subnetgroup:{name}"},
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Recipe(
        recorded=_PAPER,
        outputs={"arn": "arn:aws:elasticache:{region}:{account}:parametergroup:{name}"},
    ),
    "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": Recipe(
        recorded="moto has no global datastores; the local servers of two regions know nothing of each other, so a "
        "second region's cache starts empty and takes writes",
        id="sandb-{globalReplicationGroupIdSuffix}",
        outputs={
            "arn": "arn:aws:elasticache::{account}:globalreplicationgroup:{id}",
            "globalReplicationGroupId": "{id}",
        },
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Recipe(
        call="elasticache.create_replication_group",
        rename={
            "description": "ReplicationGroupDescription",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "nodeType": "CacheNodeType",
            "securityGroupNames": "CacheSecurityGroupNames",
            "subnetGroupName": "CacheSubnetGroupName",
            "parameterGroupName": "CacheParameterGroupName",
        },
        by_hand=hands("authTokenUpdateStrategy"),
        lost={
            "parameterGroupName": _PAPER,
            "port": "the local server takes a free port",
            "logDeliveryConfigurations.destination": "the local server writes its log to a file of the sandbox",
            **dict.fromkeys(("nodeType", "numNodeGroups"), "a node is a local Redis server of one size"),
        },
        after=_redis,
        id="{replicationGroupId}",
        outputs={
            "arn": "arn:aws:elasticache:{region}:{account}:replicationgroup:{replicationGroupId}",
            "primaryEndpointAddress": "master.{replicationGroupId}.{hash:6}.cache.amazonaws.com",
            "readerEndpointAddress": "replica.{replicationGroupId}.{hash:6}.cache.amazonaws.com",
            "port": lambda work: work.inputs.get("port", 6379),
            "engineVersionActual": "{engineVersion}",
        },
    ),
    **BACKUP_ROWS,
}
