"""Every type that the sandbox knows is created in moto, or recorded with a reason, and the same way each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from sandbox.cloud import Cloud
from sandbox.ledger import Ledger, Resource
from sandbox.program import ProgramError, run
from sandbox.recipes import RECIPES
from sandbox.report import plan
from sandbox.seam.create import Creator, Recorder
from tests.sandbox.seam.support import answering_cloud

EVERYTHING = Path(__file__).parents[1] / "programs" / "everything"
CALLED = sorted(token for token, recipe in RECIPES.items() if recipe.call)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    yield from answering_cloud()


@pytest.fixture(scope="module")
def ledger(cloud: Cloud) -> Ledger:
    return run("dev", Creator(cloud, root=EVERYTHING), root=EVERYTHING)


def named(ledger: Ledger, token: str, name: str) -> Resource:
    """The resource of a type with a name in the program."""
    (found,) = [resource for resource in ledger.of_type(token) if resource.name == name]
    return found


def test_each_row_is_exercised_by_the_program_of_everything(ledger: Ledger) -> None:
    assert {resource.type for resource in ledger} == set(RECIPES)


def test_each_type_with_a_call_is_created(ledger: Ledger) -> None:
    created = {resource.type for resource in ledger if resource.status == "created"}
    assert created == set(CALLED)


def test_each_recorded_resource_says_why(ledger: Ledger) -> None:
    recorded = [resource for resource in ledger if resource.status == "recorded"]
    assert recorded
    assert [resource.urn for resource in recorded if not resource.reason] == []


def test_each_resource_has_an_id(ledger: Ledger) -> None:
    assert [resource.urn for resource in ledger if not resource.id] == []


def test_a_second_run_gives_the_same_ledger(cloud: Cloud, ledger: Ledger) -> None:
    port = cloud.port
    cloud.stop()
    cloud.start(port)
    again = run("dev", Creator(cloud, root=EVERYTHING), root=EVERYTHING)
    assert again.to_json() == ledger.to_json()


def test_what_is_planned_is_what_is_created(ledger: Ledger) -> None:
    planned = {resource.urn: (resource.status, resource.dropped) for resource in plan("dev", EVERYTHING)}
    assert planned == {resource.urn: (resource.status, resource.dropped) for resource in ledger}


def test_paper_gives_the_outputs_that_creation_gives(ledger: Ledger) -> None:
    # A value that only AWS draws may be absent on paper; one that is derived must not differ in form.
    on_paper = {resource.urn: resource.outputs for resource in run("dev", Recorder(EVERYTHING), root=EVERYTHING)}
    for resource in ledger:
        for name in on_paper[resource.urn]:
            assert name in resource.outputs, (resource.urn, name)


@pytest.mark.parametrize("token", CALLED)
def test_each_row_names_an_operation_and_parameters_that_exist(token: str) -> None:
    recipe = RECIPES[token]
    service, method = recipe.call.split(".")
    model = service_model(service)
    operation = next(name for name in model.operation_names if xform_name(name) == method)
    shape = model.operation_model(operation).input_shape
    assert [path for key, path in recipe.rename.items() if "." not in key and not _exists(shape, path)] == []


@cache
def service_model(service: str) -> Any:
    return get_session().get_service_model(service)


def _exists(shape: Any, path: str) -> bool:
    for name in path.split("."):
        if name not in shape.members:
            return False
        shape = shape.members[name]
    return True


def test_a_bucket_takes_its_tags_and_region(cloud: Cloud, ledger: Ledger) -> None:
    name = ledger.exports["bucket"]
    tags = cloud.client("s3").get_bucket_tagging(Bucket=name)["TagSet"]
    assert tags == [{"Key": "Project", "Value": "everything"}]


def test_a_function_has_its_archive_and_alias(cloud: Cloud, ledger: Ledger) -> None:
    declared = named(ledger, "aws:lambda/function:Function", "hello")
    found = cloud.client("lambda").get_function(FunctionName="hello")["Configuration"]
    assert found["CodeSha256"] == declared.outputs["codeSha256"]
    alias = ledger.one("aws:lambda/alias:Alias")
    assert alias.outputs["arn"] == f"{declared.outputs['arn']}:live"
    assert alias.outputs["invokeArn"].endswith(f"functions/{alias.outputs['arn']}/invocations")


def test_a_table_has_its_index_stream_and_first_item(cloud: Cloud, ledger: Ledger) -> None:
    declared = ledger.one("aws:dynamodb/table:Table")
    client = cloud.client("dynamodb")
    table = client.describe_table(TableName=declared.id)["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["GroupIndex"]
    assert table["LatestStreamArn"] == declared.outputs["streamArn"]
    assert client.get_item(TableName=declared.id, Key={"version": {"S": "#live"}})["Item"]["liveVersion"] == {
        "S": "baseline"
    }


def test_a_bucket_lists_what_it_holds_every_week_on_paper(cloud: Cloud, ledger: Ledger) -> None:
    declared = ledger.one("aws:s3/inventory:Inventory")
    client = cloud.client("s3")
    (found,) = client.list_bucket_inventory_configurations(Bucket=ledger.exports["bucket"])[
        "InventoryConfigurationList"
    ]
    assert (found["Id"], found["Schedule"], found["IncludedObjectVersions"]) == (
        "weekly",
        {"Frequency": "Weekly"},
        "All",
    )
    assert found["Destination"]["S3BucketDestination"]["Format"] == "Parquet"
    assert declared.dropped == {"schedule": "moto keeps the setting and writes no list"}


def test_a_lock_is_a_real_one(cloud: Cloud, ledger: Ledger) -> None:
    bucket = next(found.id for found in ledger.of_type("aws:s3/bucket:Bucket") if found.name == "locked")
    client = cloud.client("s3")
    stored = client.put_object(Bucket=bucket, Key="evidence.csv", Body=b"x", ChecksumAlgorithm="SHA256")
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key="evidence.csv", VersionId=stored["VersionId"])


def test_a_replica_of_a_key_shares_its_id_in_another_region(cloud: Cloud, ledger: Ledger) -> None:
    replica = ledger.one("aws:kms/replicaKey:ReplicaKey")
    found = cloud.client("kms", "us-west-2").describe_key(KeyId=replica.id)["KeyMetadata"]
    assert found["Arn"] == replica.outputs["arn"]
    assert replica.outputs["arn"].split(":")[3] == "us-west-2"
    assert replica.inputs["primaryKeyArn"].endswith(f":key/{replica.id}")


def test_a_role_has_its_inline_policy(cloud: Cloud, ledger: Ledger) -> None:
    role = next(found for found in ledger.of_type("aws:iam/role:Role") if found.name == "role")
    assert "inline" in cloud.client("iam").list_role_policies(RoleName=role.id)["PolicyNames"]


def test_a_stage_has_its_log_tracing_and_limits(cloud: Cloud, ledger: Ledger) -> None:
    declared = named(ledger, "aws:apigateway/stage:Stage", "api")
    stage = cloud.client("apigateway").get_stage(restApiId=declared.inputs["restApi"], stageName="api")
    assert stage["tracingEnabled"] is True
    assert stage["accessLogSettings"]["format"] == "$context.requestId"
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 1000.0


def test_a_metric_filter_has_its_unit_and_dimensions(cloud: Cloud, ledger: Ledger) -> None:
    created = named(ledger, "aws:cloudwatch/logMetricFilter:LogMetricFilter", "errors")
    found = cloud.client("logs").describe_metric_filters(logGroupName=created.inputs["logGroupName"])["metricFilters"]
    assert [row["metricTransformations"] for row in found] == [
        [
            {
                "metricName": "errors",
                "metricNamespace": "everything",
                "metricValue": "1",
                "unit": "Count",
                "dimensions": {"Function": "$.function"},
            }
        ]
    ]


def test_a_policy_that_would_lock_everyone_out_is_kept_back(cloud: Cloud, ledger: Ledger) -> None:
    policies = {found.name: found for found in ledger.of_type("aws:s3/bucketPolicy:BucketPolicy")}
    assert (policies["raw"].status, policies["site"].status) == ("recorded", "created")
    cloud.client("s3").put_object(Bucket=ledger.exports["bucket"], Key="uploads/x.csv", Body=b"x")


def test_caches_come_from_the_runtime(cloud: Cloud, tmp_path: Path) -> None:
    class Caches:
        asked: tuple[str | None, dict[str, Any]] = (None, {})

        def create(self, auth_token: str | None = None, **settings: Any) -> tuple[str, int]:
            self.asked = (auth_token, settings)
            return "127.0.0.1", 6390

    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi\nfrom pulumi_aws import elasticache\n"
        "group = elasticache.ReplicationGroup('c', description='d', node_type='cache.t4g.micro',\n"
        "    num_cache_clusters=1, transit_encryption_enabled=True, port=6379,\n"
        "    auth_token=pulumi.Output.secret('t' * 20))\n"
        "pulumi.export('host', group.primary_endpoint_address)\npulumi.export('port', group.port)\n",
    )
    caches = Caches()
    made = run("dev", Creator(cloud, caches, root=tmp_path), root=tmp_path)
    assert caches.asked[0] == "t" * 20
    assert caches.asked[1]["tls"] is True
    assert made.exports == {"host": "127.0.0.1", "port": 6390}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            (
                "from pulumi_aws import dynamodb\ndynamodb.Table('t', hash_key='id', billing_mode='PAY_PER_REQUEST', "
                "attributes=[{'name': 'other', 'type': 'S'}])"
            ),
            "dynamodb.create_table",
        ),
        ("from pulumi_aws import iam\niam.RolePolicy('r', role='nobody', policy='{}')", "iam.put_role_policy"),
        (
            (
                "import pulumi\nfrom pulumi_aws import lambda_\nlambda_.LayerVersion('l', layer_name='l', "
                "code=pulumi.FileArchive('dist/layer.zip'))"
            ),
            r"layer\.zip is missing; run `make package`",
        ),
    ],
    ids=["value", "reference", "archive"],
)
def test_what_aws_would_refuse_is_refused_with_the_call(cloud: Cloud, tmp_path: Path, body: str, told: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "__main__.py").write_text(body)
    with pytest.raises(ProgramError, match=told):
        run("dev", Creator(cloud, root=tmp_path), root=tmp_path)


def test_the_ledger_is_json(ledger: Ledger) -> None:
    assert len(json.loads(ledger.to_json())["resources"]) == len(ledger)
