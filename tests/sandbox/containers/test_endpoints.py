"""Endpoints are processes that serve a model, change without a gap, and fail as SageMaker does."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.containers import Containers
from sandbox.events import Events
from tests.sandbox.containers.support import BUCKET, ROLE, archive, eventually, get, keys, put

SERVER = """
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
version = (Path(os.environ["SM_MODEL_DIR"]) / "version").read_text()
if version == "broken":
    raise SystemExit("cannot load the model")
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body == b"fail":
            return self.answer(500, b"it broke")
        if body == b"wrong":
            return self.answer(415, b"no such type")
        if body == b"slow":
            time.sleep(5)
        pid = os.getpid()
        known = {"version": version, "pid": pid, "size": len(body)}
        known |= {"accept": self.headers["Accept"], "mine": os.environ.get("MINE")}
        self.answer(200, json.dumps(known).encode())
    def log_message(self, *words):
        print(*words, flush=True)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def containers(cloud: Cloud, tmp_path: Path) -> Iterator[Containers]:
    containers = Containers(cloud, tmp_path, ping_s=10, invoke_s=1.0, capture_s=0.1)
    containers.install()
    yield containers
    containers.close()


def config(cloud: Cloud, version: str, **more: Any) -> str:
    """A model that answers its version, and an endpoint configuration with it."""
    files = {"version": version, "code/training/__init__.py": "", "code/training/server.py": SERVER}
    uri = put(cloud, f"{version}/model.tar.gz", archive(files))
    client = cloud.client("sagemaker")
    container = {"Image": "image", "ModelDataUrl": uri, "Environment": {"MINE": "/opt/ml/model/x"}}
    client.create_model(
        ModelName=version, ExecutionRoleArn=ROLE, PrimaryContainer=container, EnableNetworkIsolation=True
    )
    variant = {"VariantName": "live", "ModelName": version, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName=version, ProductionVariants=[variant], **more)
    return version


def settled(cloud: Cloud, name: str = "predict") -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
        return found if found["EndpointStatus"] in {"InService", "Failed"} else None

    found: dict[str, Any] = eventually(look)
    return found


def create(cloud: Cloud, version: str = "one", **more: Any) -> dict[str, Any]:
    cloud.client("sagemaker").create_endpoint(EndpointName="predict", EndpointConfigName=config(cloud, version, **more))
    return settled(cloud)


def ask(cloud: Cloud, body: bytes = b"{}", name: str = "predict", **more: Any) -> dict[str, Any]:
    client = cloud.client("sagemaker-runtime")
    answer = client.invoke_endpoint(EndpointName=name, Body=body, ContentType="application/json", **more)
    return {**json.loads(answer["Body"].read()), "variant": answer["InvokedProductionVariant"]}


def test_a_new_endpoint_is_created_then_in_service_and_answers(cloud: Cloud, containers: Containers) -> None:
    client = cloud.client("sagemaker")
    policy = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    }
    client.create_endpoint(EndpointName="predict", EndpointConfigName=config(cloud, "one"), DeploymentConfig=policy)
    assert client.describe_endpoint(EndpointName="predict")["EndpointStatus"] == "Creating"
    found = settled(cloud)
    assert found["EndpointStatus"] == "InService", found.get("FailureReason")
    assert found["LastDeploymentConfig"] == policy
    assert client.describe_model(ModelName="one")["EnableNetworkIsolation"] is True
    answer = ask(cloud, b"\xff\x00binary", Accept="application/json")
    assert (answer["version"], answer["size"], answer["variant"]) == ("one", 8, "live")
    assert answer["accept"] == "application/json"
    assert answer["mine"].endswith("/ml/model/x")


def test_an_unknown_endpoint_is_a_validation_error(cloud: Cloud, containers: Containers) -> None:
    with pytest.raises(ClientError) as caught:
        ask(cloud, name="none")
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert "Endpoint none of account 123456789012 not found" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [(b"fail", 500, "it broke"), (b"wrong", 415, "no such type"), (b"slow", 0, "timed out")],
    ids=["server error", "client error", "timeout"],
)
def test_a_failing_model_is_a_model_error_with_its_words(
    cloud: Cloud, containers: Containers, body: bytes, status: int, text: str
) -> None:
    create(cloud)
    with pytest.raises(ClientError) as caught:
        ask(cloud, body)
    response = caught.value.response
    assert response["Error"]["Code"] == "ModelError"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == status
    assert text in response["OriginalMessage"]


def test_an_update_serves_the_old_model_until_the_new_one_answers(cloud: Cloud, containers: Containers) -> None:
    create(cloud)
    seen: list[str] = []
    stop = threading.Event()

    def caller() -> None:
        while not stop.is_set():
            seen.append(str(ask(cloud)["version"]))

    thread = threading.Thread(target=caller)
    thread.start()
    cloud.client("sagemaker").update_endpoint(EndpointName="predict", EndpointConfigName=config(cloud, "two"))
    found = settled(cloud)
    time.sleep(0.3)
    stop.set()
    thread.join()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "two")
    assert seen[-1] == "two"
    assert seen == sorted(seen, key=["one", "two"].index)
    eventually(lambda: len(containers.context.processes.running) == 1)


def test_a_broken_update_fails_and_the_old_model_goes_on(cloud: Cloud, containers: Containers) -> None:
    create(cloud)
    cloud.client("sagemaker").update_endpoint(EndpointName="predict", EndpointConfigName=config(cloud, "broken"))
    found = settled(cloud)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Failed", "one")
    assert "did not pass the ping health check" in found["FailureReason"]
    assert "cannot load the model" in found["FailureReason"]
    assert ask(cloud)["version"] == "one"
    cloud.client("sagemaker").update_endpoint(EndpointName="predict", EndpointConfigName="one")
    assert settled(cloud)["EndpointStatus"] == "InService"


def test_a_killed_process_is_started_again_and_calls_meanwhile_get_a_clear_error(
    cloud: Cloud, containers: Containers
) -> None:
    create(cloud)
    pid = ask(cloud)["pid"]
    os.kill(int(pid), signal.SIGKILL)
    faults: list[tuple[str, int]] = []
    waits: list[float] = []

    def again() -> Any:
        began = time.monotonic()
        try:
            return ask(cloud)
        except ClientError as error:
            faults.append((error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]))
            return None
        finally:
            waits.append(time.monotonic() - began)

    assert eventually(again)["pid"] != pid
    assert set(faults) <= {("ServiceUnavailable", 503)}
    assert max(waits) < 2


def test_calls_are_captured_as_json_lines_below_the_declared_prefix(cloud: Cloud, containers: Containers) -> None:
    create(
        cloud,
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        },
    )
    ask(cloud, b'{"a": 1}', InferenceId="mine")
    found = eventually(lambda: keys(cloud, "capture/predict/live/"))
    record = json.loads(get(cloud, found[0]).decode().splitlines()[0])
    assert record["captureData"]["endpointInput"] == {
        "observedContentType": "application/json",
        "mode": "INPUT",
        "data": '{"a": 1}',
        "encoding": "JSON",
    }
    assert json.loads(record["captureData"]["endpointOutput"]["data"])["version"] == "one"
    assert record["eventMetadata"]["inferenceId"] == "mine"
    assert record["eventVersion"] == "0"
    assert len(found[0].split("/")) == 8


def test_a_deleted_endpoint_leaves_no_process(cloud: Cloud, containers: Containers) -> None:
    create(cloud)
    cloud.client("sagemaker").delete_endpoint(EndpointName="predict")
    eventually(lambda: not containers.context.processes.running)
    with pytest.raises(ClientError, match="not found"):
        ask(cloud)


def test_close_in_the_middle_of_a_deployment_leaves_no_process(cloud: Cloud, containers: Containers) -> None:
    cloud.client("sagemaker").create_endpoint(EndpointName="predict", EndpointConfigName=config(cloud, "one"))
    began = time.monotonic()
    containers.close()
    assert time.monotonic() - began < 6
    assert containers.context.processes.running == []


def test_a_model_without_data_is_refused(cloud: Cloud, containers: Containers) -> None:
    client = cloud.client("sagemaker")
    client.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"})
    variant = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    with pytest.raises(ClientError, match="has no ModelDataUrl"):
        client.create_endpoint(EndpointName="e", EndpointConfigName="c")


def test_a_damaged_archive_fails_the_endpoint(cloud: Cloud, containers: Containers) -> None:
    name = config(cloud, "one")
    put(cloud, "one/model.tar.gz", io.BytesIO(b"garbage").getvalue())
    cloud.client("sagemaker").create_endpoint(EndpointName="predict", EndpointConfigName=name)
    found = settled(cloud)
    assert (found["EndpointStatus"], "cannot unpack" in found["FailureReason"]) == ("Failed", True)


def test_an_approval_is_announced_and_other_fields_stay(cloud: Cloud, containers: Containers, tmp_path: Path) -> None:
    events = Events(cloud, tmp_path, tick_s=None)
    events.install()
    try:
        sqs = cloud.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["aws.sagemaker"], "detail": {"ModelApprovalStatus": ["Approved"]}}
        cloud.client("events").put_rule(Name="r", EventPattern=json.dumps(pattern))
        cloud.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
        client = cloud.client("sagemaker")
        client.create_model_package_group(ModelPackageGroupName="models")
        package = client.create_model_package(
            ModelPackageGroupName="models",
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties={"version": "v1"},
        )["ModelPackageArn"]
        client.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="good")
        client.update_model_package(ModelPackageArn=package, CustomerMetadataProperties={"more": "x"})
        event = json.loads(eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))[0]["Body"])
        assert event["detail-type"] == "SageMaker Model Package State Change"
        assert event["resources"] == [package]
        assert event["detail"]["ModelPackageArn"] == package
        assert event["detail"]["ModelPackageGroupName"] == "models"
        found = client.describe_model_package(ModelPackageName=package)
        assert found["CustomerMetadataProperties"] == {"version": "v1", "more": "x"}
        assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "good")
    finally:
        events.close()
