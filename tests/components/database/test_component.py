"""The Database component: what is declared, who may sign in, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.database import Database
from components.database.plan import PARAMETERS
from tests.components.recorder import ACCOUNT, REGION, Recording, record

CLUSTER, INSTANCE = "aws:rds/cluster:Cluster", "aws:rds/clusterInstance:ClusterInstance"
PROXY, TARGET = "aws:rds/proxy:Proxy", "aws:rds/proxyTarget:ProxyTarget"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
INVOCATION = "aws:lambda/invocation:Invocation"


def arn(key: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"


def arguments(**more: Any) -> Any:
    return {
        "name_prefix": "mlplatform-dev",
        "account_id": ACCOUNT,
        "region": REGION,
        "keys": {"data": arn("data"), "secrets": arn("secrets"), "logs": arn("logs")},
        "subnet_ids": ["subnet-1", "subnet-2"],
        "cluster_group_ids": ["sg-database"],
        "proxy_group_ids": ["sg-proxy"],
        "function_subnet_ids": ["subnet-3"],
        "function_group_ids": ["sg-functions"],
        "migrations_code": "dist/functions/migrations.zip",
        "migrations_digest": "a" * 64,
        **more,
    }


def run(*, preview: bool = False, **more: Any) -> Recording:
    return record(lambda: Database("database", arguments(**more)).may_connect(), preview=preview)


def made(**more: Any) -> Database:
    found: list[Database] = []
    record(lambda: found.append(Database("database", arguments(**more))))
    return found[0]


def policy(recording: Recording, name: str) -> dict[str, dict[str, Any]]:
    document = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_children_are_exactly_these() -> None:
    assert run().counts() == {
        "aws:cloudwatch/logGroup:LogGroup": 3,
        "aws:iam/role:Role": 3,
        "aws:iam/rolePolicy:RolePolicy": 3,
        "aws:lambda/alias:Alias": 1,
        "aws:lambda/function:Function": 1,
        INVOCATION: 1,
        CLUSTER: 1,
        INSTANCE: 1,
        "aws:rds/clusterParameterGroup:ClusterParameterGroup": 1,
        PROXY: 1,
        "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup": 1,
        TARGET: 1,
        "aws:rds/subnetGroup:SubnetGroup": 1,
        "aws:secretsmanager/secret:Secret": 1,
        "aws:secretsmanager/secretRotation:SecretRotation": 1,
        SECRET_VERSION: 1,
        "mlplatform:index:Database": 1,
        "mlplatform:index:DatabaseProxy": 1,
        "mlplatform:index:Function": 1,
        "mlplatform:index:Migrations": 1,
    }


def test_required_inputs_alone_give_a_private_encrypted_protected_cluster() -> None:
    recording = run()
    cluster = recording.one(CLUSTER)
    assert cluster.inputs["storageEncrypted"] is True
    assert cluster.inputs["kmsKeyId"] == arn("data")
    assert cluster.inputs["manageMasterUserPassword"] is True
    assert cluster.inputs["masterUserSecretKmsKeyId"] == arn("secrets")
    assert "masterPassword" not in cluster.inputs
    assert cluster.inputs["iamDatabaseAuthenticationEnabled"] is True
    assert cluster.inputs["backupRetentionPeriod"] == 30
    assert cluster.inputs["deletionProtection"] is True
    assert cluster.inputs["skipFinalSnapshot"] is False
    assert cluster.inputs["finalSnapshotIdentifier"] == "mlplatform-dev-database-final"
    assert cluster.inputs["serverlessv2ScalingConfiguration"] == {"minCapacity": 0.5, "maxCapacity": 2.0}
    assert cluster.protect
    assert cluster.ignore_changes == ("engineVersion",)
    assert recording.one(INSTANCE).inputs["publiclyAccessible"] is False


def test_an_expendable_cluster_goes_without_a_trace() -> None:
    recording = run(protect=False)
    cluster = recording.one(CLUSTER)
    assert cluster.inputs["skipFinalSnapshot"] is True
    assert cluster.inputs["deletionProtection"] is False
    assert not cluster.protect
    assert not recording.one("aws:secretsmanager/secret:Secret").protect


def test_the_proxy_takes_tokens_over_tls_for_two_roles_whose_secrets_it_may_read() -> None:
    recording = run()
    proxy = recording.one(PROXY)
    assert proxy.inputs["requireTls"] is True
    assert [row["iamAuth"] for row in proxy.inputs["auths"]] == ["REQUIRED", "REQUIRED"]
    secrets = [row["secretArn"] for row in proxy.inputs["auths"]]
    rights = policy(recording, "database-proxy-rights")
    assert [rights["ReadAdministrator"]["Resource"][0], rights["ReadApplication"]["Resource"][0]] == secrets
    assert rights["DecryptAdministrator"]["Resource"] == [arn("secrets")]
    assert recording.one(INSTANCE).urn in recording.one(TARGET).dependencies
    assert recording.one(TARGET).inputs["dbClusterIdentifier"] == "mlplatform-dev-database"


def test_connecting_means_one_user_behind_one_proxy() -> None:
    statement = run().value
    assert statement["Action"] == ["rds-db:connect"]
    assert len(statement["Resource"]) == 1
    before, _, user = statement["Resource"][0].rpartition("/")
    assert user == "application"
    assert before.startswith(f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:prx-")


def test_the_functions_password_is_made_once_and_is_a_secret_everywhere() -> None:
    version = run().one(SECRET_VERSION)
    assert version.ignore_changes == ("secretString",)
    assert "secretString" in version.secrets
    found = json.loads(version.inputs["secretString"])
    assert found["username"] == "application"
    assert len(found["password"]) >= 48


def test_the_administrators_password_changes_every_thirty_days_without_a_function_of_ours() -> None:
    rotation = run().one("aws:secretsmanager/secretRotation:SecretRotation")
    assert rotation.inputs["rotationRules"] == {"automaticallyAfterDays": 30}
    assert "rotationLambdaArn" not in rotation.inputs
    assert "rds!cluster" in rotation.inputs["secretId"]


def test_migrations_run_at_each_deployment_that_changes_them_once_the_proxy_has_its_target() -> None:
    recording = run()
    invocation = recording.one(INVOCATION)
    assert json.loads(invocation.inputs["input"]) == {"digest": "a" * 64}
    waiting = run(waiting=True).one(INVOCATION)
    assert json.loads(waiting.inputs["input"]) == {"digest": "a" * 64, "waiting": True}
    assert invocation.inputs["lifecycleScope"] == "CRUD"
    assert invocation.inputs["qualifier"] == "live"
    function = recording.one("aws:lambda/function:Function")
    assert recording.one(TARGET).urn in function.dependencies
    assert function.urn in invocation.dependencies
    assert function.inputs["vpcConfig"] == {"subnetIds": ["subnet-3"], "securityGroupIds": ["sg-functions"]}
    rights = policy(recording, "database-migrations-function-rights")
    assert rights["ConnectAsAdministrator"]["Resource"][0].endswith("/administrator")
    assert "ConnectAsApplication" not in rights


def test_readers_bring_a_read_only_address_and_a_watch_of_their_lag() -> None:
    recording = run(replicas=2)
    tiers = [found.inputs["promotionTier"] for found in recording.of_type(INSTANCE)]
    assert tiers == [0, 0, 2]
    assert recording.one("aws:rds/proxyEndpoint:ProxyEndpoint").inputs["targetRole"] == "READ_ONLY"
    assert "database-replica-lag" in {alarm.name for alarm in made(replicas=1).alarms()}
    assert "database-replica-lag" not in {alarm.name for alarm in made().alarms()}


def test_the_servers_settings_force_tls_and_keep_rows_out_of_its_log() -> None:
    group = run(engine_version="17.4").one("aws:rds/clusterParameterGroup:ClusterParameterGroup")
    assert group.inputs["family"] == "aurora-postgresql17"
    values = {row["name"]: row["value"] for row in group.inputs["parameters"]}
    assert values == {row["name"]: row["value"] for row in PARAMETERS}
    assert (values["rds.force_ssl"], values["log_error_verbosity"]) == ("1", "terse")


def test_a_preview_of_an_empty_account_declares_the_same() -> None:
    assert run(preview=True).counts() == run().counts()


@pytest.mark.parametrize(
    ("field", "value", "input_name", "expected"),
    [
        ("min_capacity", 4.0, "serverlessv2ScalingConfiguration", {"minCapacity": 4.0, "maxCapacity": 8.0}),
        ("backup_days", 7, "backupRetentionPeriod", 7),
        ("engine_version", "16.9", "engineVersion", "16.9"),
    ],
)
def test_each_size_reaches_the_cluster(field: str, value: Any, input_name: str, expected: Any) -> None:
    assert run(max_capacity=8.0, **{field: value}).one(CLUSTER).inputs[input_name] == expected


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"min_capacity": 0}, "min_capacity is 0; allowed: 0.5 to 256 in steps of 0.5; the proxy keeps connections"),
        ({"min_capacity": 0.7}, "min_capacity is 0.7; allowed: 0.5 to 256"),
        ({"max_capacity": 0.5}, "max_capacity is 0.5; allowed: 1 to 256"),
        ({"min_capacity": 4, "max_capacity": 2}, "not below min_capacity"),
        ({"replicas": 16}, "replicas is 16; allowed: 0 to 15"),
        ({"backup_days": 36}, "backup_days is 36; allowed: 1 to 35"),
        ({"engine_version": "12.3"}, "engine_version is '12.3'; allowed: one of 16 or 17"),
        ({"name_prefix": "Upper"}, "name_prefix is 'Upper'; allowed: lower-case letters"),
        ({"retention_days": 31}, "retention_days is 31; allowed: 1, 3"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(more: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match="Database 'database'") as refused:
        run(**more)
    assert says in str(refused.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="replicas is 99") as refused:
        run(replicas=99, backup_days=0)
    assert "backup_days is 0" in str(refused.value)
