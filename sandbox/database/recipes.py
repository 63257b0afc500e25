"""RDS: what moto keeps, and the real PostgreSQL behind it."""

from __future__ import annotations

import json
from secrets import token_urlsafe
from typing import Any

from sandbox.recipes.recipe import Answer, Recipe, RefusedError, Work, hands

_ARN = "arn:aws:rds:{region}:{account}:"
_MASTER = "rds!cluster-{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"
_LATER = "counts when the cluster is deleted"
_ONE = "one local PostgreSQL stands for the cluster, its instances and its readers"
_PAPER = "the local PostgreSQL runs with settings of its own"


def _cluster(work: Work) -> None:
    """Draws the administrator's password, keeps it as RDS does, and begins to make the PostgreSQL."""
    password = token_urlsafe(24)
    made = work.call(
        "secretsmanager.create_secret",
        Name=work.fill(_MASTER),
        KmsKeyId=work.inputs["masterUserSecretKmsKeyId"],
        SecretString=json.dumps({"username": work.inputs["masterUsername"], "password": password}),
        ClientRequestToken=work.fill("{hash:32}"),
    )
    work.outputs["masterUserSecrets"][0]["secretArn"] = made["ARN"]
    if work.databases is not None:
        host, port = work.databases.create(
            work.inputs["clusterIdentifier"],
            region=work.region,
            superuser=work.inputs["masterUsername"],
            password=password,
            database=work.inputs["databaseName"],
        )
        work.outputs |= {"endpoint": host, "readerEndpoint": host, "port": port}


def _drawn(work: Work) -> None:
    """Keeps moto from making the secret: its name would be another one on each run."""
    work.parameters["MasterUserPassword"] = token_urlsafe(24)


def _secrets(work: Work) -> list[dict[str, Any]]:
    arn = work.fill("arn:aws:secretsmanager:{region}:{account}:secret:" + _MASTER + "-{hash:6}")
    return [{"secretArn": arn, "secretStatus": "active", "kmsKeyId": work.inputs.get("masterUserSecretKmsKeyId")}]


def _target(work: Work) -> None:
    """From now on the proxy lets callers in."""
    if work.databases is not None:
        proxies = work.call("rds.describe_db_proxies", DBProxyName=work.inputs["dbProxyName"])["DBProxies"]
        secrets = [row["SecretArn"] for row in proxies[0]["Auth"]]
        resource, role = proxies[0]["DBProxyArn"].rpartition(":")[2], proxies[0]["RoleArn"]
        work.databases.open(work.inputs["dbClusterIdentifier"], work.region, secrets, resource=resource, role=role)


def _endpoint(work: Work) -> None:
    if work.databases is not None:
        work.outputs |= {"endpoint": work.databases.host}


def _event(work: Work) -> None:
    """What the provider sends when it creates an invocation that follows the stack's life."""
    if work.inputs.get("lifecycleScope") == "CRUD":
        key = work.inputs.get("terraformKey") or "tf"
        event = {**json.loads(work.inputs["input"]), key: {"action": "create", "prev_input": None}}
        work.parameters["Payload"] = json.dumps(event)


def _result(work: Work) -> str:
    if not work.answer:
        return "{}"
    text: str = work.answer["Payload"].read().decode()
    if work.answer.get("FunctionError"):
        raise RefusedError(f"function {work.inputs['functionName']} failed: {text}")
    return text


ROWS = {
    "aws:rds/subnetGroup:SubnetGroup": Recipe(
        call="rds.create_db_subnet_group",
        rename={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        outputs={"arn": _ARN + "subgrp:{name}"},
    ),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": Recipe(
        call="rds.create_db_cluster_parameter_group",
        rename={"name": "DBClusterParameterGroupName", "family": "DBParameterGroupFamily"},
        lost={"parameters": _PAPER},
        outputs={"arn": _ARN + "cluster-pg:{name}"},
    ),
    "aws:rds/cluster:Cluster": Recipe(
        call="rds.create_db_cluster",
        rename={
            "clusterIdentifier": "DBClusterIdentifier",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "dbClusterParameterGroupName": "DBClusterParameterGroupName",
            "dbSubnetGroupName": "DBSubnetGroupName",
        },
        by_hand=hands("manageMasterUserPassword", "masterUserSecretKmsKeyId"),
        lost={
            "deleteAutomatedBackups": _LATER,
            "skipFinalSnapshot": _LATER,
            "port": "the local server takes a free port",
            "dbClusterParameterGroupName": _PAPER,
            "engineVersion": "the local server is PostgreSQL 16 as its package brings it",
            "enabledCloudwatchLogsExports": "the local server writes its log to a file of the sandbox",
            "serverlessv2ScalingConfiguration": _ONE,
            "backupRetentionPeriod": "the local server's data goes with the sandbox",
        },
        shape=_drawn,
        after=_cluster,
        id="{clusterIdentifier}",
        outputs={
            "arn": _ARN + "cluster:{clusterIdentifier}",
            "clusterResourceId": Answer("DBCluster.DbClusterResourceId", "cluster-{hash:26}"),
            "endpoint": "{clusterIdentifier}.cluster-{hash:12}.{region}.rds.amazonaws.com",
            "readerEndpoint": "{clusterIdentifier}.cluster-ro-{hash:12}.{region}.rds.amazonaws.com",
            "port": lambda work: work.inputs.get("port", 5432),
            "masterUserSecrets": _secrets,
            "engineVersionActual": "{engineVersion}",
        },
    ),
    "aws:rds/clusterInstance:ClusterInstance": Recipe(
        call="rds.create_db_instance",
        rename={
            "identifier": "DBInstanceIdentifier",
            "clusterIdentifier": "DBClusterIdentifier",
            "instanceClass": "DBInstanceClass",
        },
        lost={"monitoringInterval": _ONE, "performanceInsightsEnabled": _ONE},
        id="{identifier}",
        outputs={
            "arn": _ARN + "db:{identifier}",
            "endpoint": "{identifier}.{hash:12}.{region}.rds.amazonaws.com",
            "writer": lambda work: work.inputs["identifier"].endswith("-1"),
        },
    ),
    "aws:rds/proxy:Proxy": Recipe(
        call="rds.create_db_proxy",
        rename={"name": "DBProxyName", "requireTls": "RequireTLS", "auths": "Auth"},
        after=_endpoint,
        outputs={
            "arn": Answer("DBProxy.DBProxyArn", _ARN + "db-proxy:prx-{hash:17}"),
            "endpoint": "{name}.proxy-{hash:12}.{region}.rds.amazonaws.com",
        },
    ),
    "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup": Recipe(
        recorded="the local gate opens a connection to PostgreSQL for each caller and keeps no pool",
        id="{dbProxyName}",
        outputs={"name": lambda _work: "default", "arn": _ARN + "target-group:prx-tg-{hash:17}"},
    ),
    "aws:rds/proxyTarget:ProxyTarget": Recipe(
        call="rds.register_db_proxy_targets",
        after=_target,
        tags="",
        id="{dbProxyName}/{targetGroupName}/TRACKED_CLUSTER/{dbClusterIdentifier}",
        outputs={"type": lambda _work: "TRACKED_CLUSTER", "rdsResourceId": "{dbClusterIdentifier}"},
    ),
    "aws:rds/proxyEndpoint:ProxyEndpoint": Recipe(
        recorded=_ONE,
        id="{dbProxyName}/{dbProxyEndpointName}",
        outputs={
            "arn": _ARN + "db-proxy-endpoint:prx-endpoint-{hash:17}",
            "endpoint": "{dbProxyEndpointName}.endpoint.proxy-{hash:12}.{region}.rds.amazonaws.com",
        },
    ),
    "aws:lambda/invocation:Invocation": Recipe(
        call="lambda.invoke",
        rename={"input": "Payload"},
        by_hand=hands("lifecycleScope", "terraformKey"),
        shape=_event,
        tags="",
        id="{functionName}_{hash:16}",
        outputs={"result": _result},
    ),
}
