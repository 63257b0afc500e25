"""Bucket, endpoint, registry and triggers as AWS has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.shared.aws.sdk import client
from functions.standby.handler import build
from functions.standby.logic import Serving
from functions.standby.store import Bucket, PackageGroup, SageMakerEndpoint, TrainingTriggers
from tests.functions.support.calls import REGION

ROLE = "arn:aws:iam::123456789012:role/model"
GROUP = "mlplatform-test-models"
ARTIFACT = "s3://models/training/v2/model.tar.gz"
HOSTING: dict[str, Any] = {
    "Container": {"Image": "image:3.0-5", "Environment": {"SAGEMAKER_PROGRAM": "serve.py"}},
    "Model": {"ExecutionRoleArn": ROLE, "EnableNetworkIsolation": True},
    "Variant": {"VariantName": "live", "InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"},
    "Config": {"KmsKeyId": "key"},
    "Update": {"RetainAllVariantProperties": True},
    "Tags": [{"Key": "Project", "Value": "mlplatform"}],
}
pytestmark = pytest.mark.usefixtures("aws")


def endpoint(artifact: str = "s3://models/old.tar.gz") -> SageMakerEndpoint:
    sagemaker = client("sagemaker")
    sagemaker.create_model(
        ModelName="old", PrimaryContainer={**HOSTING["Container"], "ModelDataUrl": artifact}, ExecutionRoleArn=ROLE
    )
    variant = {**HOSTING["Variant"], "ModelName": "old"}
    sagemaker.create_endpoint_config(EndpointConfigName="old", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="predict", EndpointConfigName="old")
    return SageMakerEndpoint("predict", HOSTING)


def test_a_bucket_tells_what_has_arrived() -> None:
    client("s3").create_bucket(Bucket="models")
    client("s3").put_object(Bucket="models", Key="training/v2/model.tar.gz", Body=b"x")
    bucket = Bucket("models")
    assert bucket.has("training/v2/model.tar.gz")
    assert not bucket.has("training/v3/model.tar.gz")


def test_an_endpoint_tells_the_archive_that_it_serves() -> None:
    assert endpoint().serving() == Serving("InService", "s3://models/old.tar.gz")


def test_an_update_makes_model_and_configuration_once() -> None:
    made = endpoint()
    with Stubber(client("sagemaker")) as stub:
        name = {"ModelName": "new", "EndpointConfigName": "new"}
        taken = {"service_error_code": "ValidationException", "service_message": "Cannot create already existing model"}
        container = {**HOSTING["Container"], "ModelDataUrl": ARTIFACT}
        for again in (False, True):
            model = {"ModelName": "new", "PrimaryContainer": container, **HOSTING["Model"]}
            model["Tags"] = configuration_tags = HOSTING["Tags"]
            variants = [{**HOSTING["Variant"], "ModelName": "new"}]
            configuration = {"EndpointConfigName": "new", "ProductionVariants": variants, **HOSTING["Config"]}
            configuration["Tags"] = configuration_tags
            if again:
                stub.add_client_error("create_model", **taken, expected_params=model)
                stub.add_client_error("create_endpoint_config", **taken, expected_params=configuration)
            else:
                stub.add_response("create_model", {"ModelArn": "arn:aws:sagemaker:::model/new"}, model)
                answer = {"EndpointConfigArn": "arn:aws:sagemaker:::endpoint-config/new"}
                stub.add_response("create_endpoint_config", answer, configuration)
            update = {"EndpointName": "predict", "EndpointConfigName": name["EndpointConfigName"], **HOSTING["Update"]}
            stub.add_response("update_endpoint", {"EndpointArn": "arn:aws:sagemaker:::endpoint/predict"}, update)
            made.update("new", ARTIFACT)
        stub.assert_no_pending_responses()


def test_another_refusal_stays_an_error() -> None:
    made = endpoint()
    with Stubber(client("sagemaker")) as stub:
        stub.add_client_error("create_model", "ValidationException", "Could not access model data")
        with pytest.raises(ClientError, match="Could not access"):
            made.update("new", ARTIFACT)


def test_a_version_is_registered_once() -> None:
    client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
    group = PackageGroup(GROUP, HOSTING)
    assert [group.add("v2", ARTIFACT), group.add("v2", ARTIFACT), group.add("v3", ARTIFACT)] == [True, False, True]
    listed = client("sagemaker").list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    assert len(listed) == 2
    assert {row["ModelApprovalStatus"] for row in listed} == {"Approved"}


def triggers() -> TrainingTriggers:
    pattern = json.dumps({"source": ["aws.s3"]})
    client("events").put_rule(Name="upload", EventPattern=pattern, State="DISABLED")
    client("scheduler").create_schedule(
        Name="training",
        ScheduleExpression="cron(0 3 1 * ? *)",
        ScheduleExpressionTimezone="UTC",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        Target={"Arn": "arn:aws:states:::stateMachine:t", "RoleArn": ROLE, "Input": "{}"},
        State="DISABLED",
    )
    return TrainingTriggers(["upload"], "training")


def test_triggers_are_switched_and_the_schedule_keeps_all_else() -> None:
    found = triggers()
    before = client("scheduler").get_schedule(Name="training")
    assert found.states() == {"upload": "DISABLED", "training": "DISABLED"}
    found.switch(on=True)
    assert found.states() == {"upload": "ENABLED", "training": "ENABLED"}
    after = client("scheduler").get_schedule(Name="training")
    kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    found.switch(on=False)
    assert set(found.states().values()) == {"DISABLED"}


def test_the_function_is_built_from_its_environment() -> None:
    triggers()
    endpoint()
    client("dynamodb").create_table(
        TableName="models",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "version", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "version", "AttributeType": "S"}],
    )
    run, _ = build(
        {
            "AWS_REGION": REGION,
            "AWS_LAMBDA_FUNCTION_NAME": "mlplatform-test-standby",
            "MODELS_TABLE": "models",
            "MODELS_BUCKET": "models",
            "ENDPOINT_NAME": "predict",
            "NAME_PREFIX": "mlplatform-test",
            "MODEL_PACKAGE_GROUP": GROUP,
            "HOSTING": json.dumps(HOSTING),
            "RULES": "upload",
            "SCHEDULE": "training",
        }
    )
    assert run({"command": "status"})["endpoint"] == "InService"
    assert run({"command": "synchronise"})["outcome"] == "nothing"
