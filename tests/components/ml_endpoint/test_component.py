"""The MlEndpoint component: a fixed name, values that promotions share, and only what AWS accepts."""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from components.ml_endpoint import Hosting, MlEndpoint, MlEndpointArgs, rights
from components.ml_endpoint.hosting import as_inputs, deployment, production_variant, takes_volume_key
from components.values import policy_json
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/models"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
MODEL = "aws:sagemaker/model:Model"


def args(**more: Any) -> MlEndpointArgs:
    given_args: MlEndpointArgs = {
        "endpoint_name": "mlplatform-dev-predict",
        "key_arn": KEY,
        "models_bucket": "models-bucket",
        "capture_bucket": "logs-bucket",
        "baseline_path": "dist/baseline/model.tar.gz",
        "baseline_digest": "0123456789abcdef",
    }
    given_args.update(more)  # type: ignore[typeddict-item]  # any mixture of fields is what the tests are about
    return given_args


def run(**more: Any) -> Recording:
    return record(lambda: MlEndpoint("predict", args(**more)).hosting)


def statements(recording: Recording) -> dict[str, Any]:
    found = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in found}


def test_an_endpoint_on_instances_has_exactly_these_children() -> None:
    assert run().counts() == {
        "aws:appautoscaling/policy:Policy": 1,
        "aws:appautoscaling/target:Target": 1,
        "aws:cloudwatch/metricAlarm:MetricAlarm": 2,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:s3/bucketObjectv2:BucketObjectv2": 1,
        CONFIGURATION: 1,
        ENDPOINT: 1,
        MODEL: 1,
        "mlplatform:index:MlEndpoint": 1,
    }


def test_a_serverless_endpoint_has_neither_scaling_nor_rollback() -> None:
    recording = run(mode="serverless")
    assert not recording.of_type("aws:appautoscaling/target:Target")
    assert not recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert "deploymentConfig" not in recording.one(ENDPOINT).inputs


def test_serverless_leaves_out_what_sagemaker_refuses_there() -> None:
    recording = run(mode="serverless", memory_mb=3072, max_concurrency=7)
    configuration = recording.one(CONFIGURATION).inputs
    assert "dataCaptureConfig" not in configuration
    assert "kmsKeyArn" not in configuration
    assert configuration["productionVariants"][0]["serverlessConfig"] == {"memorySizeInMb": 3072, "maxConcurrency": 7}
    assert "enableNetworkIsolation" not in recording.one(MODEL).inputs


def test_the_name_is_fixed_and_a_later_promotion_stays() -> None:
    endpoint = run().one(ENDPOINT)
    assert endpoint.inputs["name"] == "mlplatform-dev-predict"
    assert set(endpoint.ignore_changes) == {"endpointConfigName", "deploymentConfig"}


@pytest.mark.parametrize("token", [MODEL, CONFIGURATION])
def test_models_and_configurations_name_themselves_and_outlive_their_replacement(token: str) -> None:
    resource = run().one(token)
    assert not {"name", "namePrefix"} & set(resource.inputs)
    assert resource.retain_on_delete


def test_instances_are_isolated_encrypted_and_captured() -> None:
    recording = run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"])
    model = recording.one(MODEL).inputs
    assert model["enableNetworkIsolation"] is True
    assert model["vpcConfig"] == {"subnets": ["subnet-1"], "securityGroupIds": ["sg-1"]}
    configuration = recording.one(CONFIGURATION).inputs
    assert configuration["kmsKeyArn"] == KEY
    capture = configuration["dataCaptureConfig"]
    assert (capture["enableCapture"], capture["initialSamplingPercentage"]) == (True, 100)
    assert capture["destinationS3Uri"] == "s3://logs-bucket/inference"
    assert capture["kmsKeyId"] == KEY


def test_the_model_is_the_uploaded_baseline() -> None:
    recording = run()
    archive = recording.one("aws:s3/bucketObjectv2:BucketObjectv2").inputs
    assert archive["source"] == {"path": "dist/baseline/model.tar.gz"}
    container = recording.one(MODEL).inputs["primaryContainer"]
    assert container["modelDataUrl"] == f"s3://models-bucket/{archive['key']}"
    assert container["image"].endswith("/sagemaker-xgboost:3.0-5")
    assert container["environment"]["SAGEMAKER_PROGRAM"] == "serve.py"


def test_another_baseline_is_another_object() -> None:
    first, second = (
        run(baseline_digest=digest).one("aws:s3/bucketObjectv2:BucketObjectv2") for digest in ("a" * 64, "b" * 64)
    )
    assert first.inputs["key"] != second.inputs["key"]


def test_scaling_follows_invocations_between_the_bounds() -> None:
    recording = run(min_instances=2, max_instances=7, invocations_per_instance=300)
    target = recording.one("aws:appautoscaling/target:Target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 7)
    assert target["resourceId"] == "endpoint/mlplatform-dev-predict/variant/live"
    policy = recording.one("aws:appautoscaling/policy:Policy").inputs["targetTrackingScalingPolicyConfiguration"]
    assert policy["targetValue"] == 300
    metric = policy["predefinedMetricSpecification"]["predefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_an_update_is_rolled_back_by_alarms_that_exist_before_the_endpoint() -> None:
    recording = run()
    endpoint = recording.one(ENDPOINT)
    named = {row["alarmName"] for row in endpoint.inputs["deploymentConfig"]["autoRollbackConfiguration"]["alarms"]}
    alarms = recording.of_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert named == {alarm.inputs["name"] for alarm in alarms}
    assert {alarm.urn for alarm in alarms} <= endpoint.dependencies


def test_the_role_reads_models_and_writes_logs_and_capture_only() -> None:
    found = statements(run())
    assert set(found) == {
        "ReadModels",
        "ListModels",
        "WriteLogs",
        "PutMetrics",
        "UseKey",
        "LendKey",
        "WriteCapturedData",
        "PullImage",
        "SignInToRegistry",
        "WatchAlarms",
    }
    assert found["ReadModels"]["Resource"] == ["arn:aws:s3:::models-bucket/production/*"]
    assert found["WriteCapturedData"]["Resource"] == ["arn:aws:s3:::logs-bucket/inference/*"]
    everywhere = {sid for sid, statement in found.items() if "*" in statement["Resource"]}
    assert everywhere == {"PutMetrics", "SignInToRegistry"}
    assert found["LendKey"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": ["true"]}}
    assert found["PutMetrics"]["Condition"]["StringLike"]["cloudwatch:namespace"]


def test_the_role_pulls_the_image_and_sees_the_alarms_of_its_updates() -> None:
    found = statements(run())
    assert found["PullImage"]["Resource"] == [f"arn:aws:ecr:{REGION}:683313688378:repository/sagemaker-xgboost"]
    named = run().one(ENDPOINT).inputs["deploymentConfig"]["autoRollbackConfiguration"]["alarms"]
    alarms = {f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{row['alarmName']}" for row in named}
    assert set(found["WatchAlarms"]["Resource"]) == alarms
    assert "WatchAlarms" not in statements(run(mode="serverless"))


@pytest.mark.parametrize("image", ["xgboost:3.0-5", "public.ecr.aws/docker/library/python:3.13"])
def test_an_image_outside_of_ecr_is_told(image: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"image is {image!r}; allowed: one in ECR")):
        record(lambda: policy_json(rights.pull(KEY, image)))


def test_a_place_in_the_network_brings_the_rights_it_needs() -> None:
    found = statements(run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"]))
    assert {"PlaceInNetwork", "DescribeNetwork"} <= set(found)
    handed_over = found["HandOverInterfaces"]
    assert handed_over["Action"] == ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"]
    assert handed_over["Condition"] == {
        "ArnEquals": {"ec2:Subnet": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/subnet-1"]}
    }
    # The permission on an interface is no resource of IAM's.
    assert found["TakeInterfacesBack"] == {
        "Sid": "TakeInterfacesBack",
        "Effect": "Allow",
        "Action": ["ec2:DeleteNetworkInterfacePermission"],
        "Resource": ["*"],
    }


@pytest.mark.parametrize("mode", ["instances", "serverless"])
def test_promotions_get_members_that_the_api_accepts(mode: str) -> None:
    recording = run(mode=mode)
    shared = recording.value
    client = botocore.session.get_session().get_service_model("sagemaker")
    documents = {
        "CreateModel": {
            "ModelName": "m",
            "PrimaryContainer": {**shared["Container"], "ModelDataUrl": "s3://b/model.tar.gz"},
            **shared["Model"],
        },
        "CreateEndpointConfig": {
            "EndpointConfigName": "c",
            "ProductionVariants": [{**shared["Variant"], "ModelName": "m"}],
            **shared["Config"],
        },
        "UpdateEndpoint": {"EndpointName": "e", "EndpointConfigName": "c", **shared["Update"]},
    }
    for operation, document in documents.items():
        report = ParamValidator().validate(document, client.operation_model(operation).input_shape)
        assert not report.has_errors(), f"{operation}: {report.generate_report()}"


def test_promotions_use_the_same_variant_as_the_program() -> None:
    recording = run(instance_type="ml.m5.large", min_instances=3)
    variant = recording.one(CONFIGURATION).inputs["productionVariants"][0]
    assert (variant["instanceType"], variant["initialInstanceCount"]) == ("ml.m5.large", 3)
    assert recording.value["Variant"]["InstanceType"] == "ml.m5.large"
    assert recording.value["Variant"]["InitialInstanceCount"] == 3


@pytest.mark.parametrize(
    ("given_args", "words"),
    [
        ({"mode": "spot"}, "mode is 'spot'; allowed: instances, serverless"),
        ({"mode": "serverless", "memory_mb": 1000}, "memory_mb is 1000; allowed: 1024"),
        ({"mode": "serverless", "max_concurrency": 0}, "max_concurrency is 0; allowed: 1 to 200"),
        ({"mode": "serverless", "subnet_ids": ["s"], "security_group_ids": ["g"]}, "AWS cannot place it in a VPC"),
        ({"min_instances": 3, "max_instances": 2}, "min_instances is 3 and max_instances 2"),
        ({"min_instances": 0}, "1 <= min_instances"),
        ({"instance_type": "c5.xlarge"}, "instance_type is 'c5.xlarge'"),
        ({"instance_type": "ml.t2.medium"}, "ml.t2.medium cannot scale"),
        ({"invocations_per_instance": 0}, "invocations_per_instance is 0"),
        ({"capture_percent": 101}, "capture_percent is 101"),
        ({"endpoint_name": "x" * 64}, "endpoint_name"),
        ({"subnet_ids": ["s"]}, "given together"),
    ],
)
def test_what_aws_would_refuse_is_named(given_args: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="MlEndpoint 'predict'") as caught:
        run(**given_args)
    assert words in str(caught.value)


def test_all_problems_come_in_one_message() -> None:
    with pytest.raises(ValueError, match=r"instance_type.*capture_percent.*endpoint_name"):
        run(instance_type="big", capture_percent=-1, endpoint_name="-")


def test_a_burstable_type_that_does_not_scale_is_fine() -> None:
    recording = run(instance_type="ml.t2.medium", max_instances=1)
    assert not recording.of_type("aws:appautoscaling/target:Target")


@pytest.mark.parametrize(
    ("instance_type", "takes"),
    [
        ("ml.c5.xlarge", True),
        ("ml.m5.large", True),
        ("ml.t2.medium", True),
        ("ml.g4dn.xlarge", False),
        ("ml.m5d.large", False),
        ("ml.g5.xlarge", False),
        ("ml.c6id.large", False),
        ("ml.m6g.large", True),
    ],
)
def test_a_volume_key_only_where_there_is_no_local_storage(instance_type: str, *, takes: bool) -> None:
    assert takes_volume_key(instance_type) is takes
    assert ("kmsKeyArn" in run(instance_type=instance_type, max_instances=1).one(CONFIGURATION).inputs) is takes


def test_capture_off_needs_no_bucket() -> None:
    def program() -> None:
        plain = args(capture_percent=0)
        del plain["capture_bucket"]
        MlEndpoint("predict", plain)

    assert "dataCaptureConfig" not in record(program).one(CONFIGURATION).inputs


def test_the_first_preview_of_an_empty_account_runs() -> None:
    preview = record(lambda: MlEndpoint("predict", args()), preview=True)
    assert preview.one(ENDPOINT).inputs["name"] == "mlplatform-dev-predict"


def test_rights_and_metrics_name_this_endpoint() -> None:
    def program() -> Any:
        endpoint = MlEndpoint("predict", args())
        names = [alarm.name for alarm in endpoint.alarms()]
        seconds = {alarm.name: alarm.threshold for alarm in endpoint.alarms()}
        return {
            "right": endpoint.may_invoke(),
            "alarms": names,
            "seconds": seconds,
            "latency": dict(endpoint.latency("p99").dimensions),
            "errors": endpoint.errors().name,
            "widgets": [widget.title for widget in endpoint.widgets()],
        }

    value = record(program).value
    assert value["right"]["Action"] == ["sagemaker:InvokeEndpoint"]
    assert value["right"]["Resource"] == [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/mlplatform-dev-predict"]
    assert value["seconds"] == {
        "endpoint-latency": 1_000_000,
        "endpoint-latency-critical": 2_000_000,
        "endpoint-errors": 10,
    }
    assert value["latency"] == {"EndpointName": "mlplatform-dev-predict", "VariantName": "live"}
    assert value["errors"] == "Invocation5XXErrors"
    assert len(value["widgets"]) == 3


@given(
    mode=st.sampled_from(["instances", "serverless"]),
    count=st.integers(1, 50),
    extra=st.integers(0, 50),
    memory=st.sampled_from([1024, 2048, 6144]),
)
def test_any_valid_hosting_makes_a_variant_of_one_kind(mode: str, count: int, extra: int, memory: int) -> None:
    hosting = Hosting(mode=mode, min_instances=count, max_instances=count + extra, memory_mb=memory)
    assert hosting.problems() == []
    variant = production_variant(hosting)
    assert ("ServerlessConfig" in variant) != ("InstanceType" in variant)
    assert (deployment(hosting, ["alarm"]) is None) == hosting.serverless


def test_names_of_the_api_become_names_of_the_program() -> None:
    assert as_inputs({"VolumeSizeInGB": 1, "A": [{"DestinationS3Uri": "s3://x"}]}) == {
        "volume_size_in_gb": 1,
        "a": [{"destination_s3_uri": "s3://x"}],
    }
