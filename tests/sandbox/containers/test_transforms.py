"""Transform jobs: the model's own process asked for each file, and answers beside them."""

from __future__ import annotations

import json
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
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def reply(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = json.dumps(self.headers["Content-Type"]).encode()
        self.reply(500 if b"bad" in body else 200, b'{"saw": %b, "as": %b}' % (body, kind))

HTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def containers(cloud: Cloud, tmp_path: Path) -> Iterator[Containers]:
    made = Containers(cloud, tmp_path / "jobs", grace_s=0.5)
    made.install()
    data = put(cloud, "model.tar.gz", archive({"code/training/__init__.py": "", "code/training/server.py": SERVER}))
    cloud.client("sagemaker").create_model(
        ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image", "ModelDataUrl": data}
    )
    try:
        yield made
    finally:
        made.close()


def begin(cloud: Cloud, name: str = "t", **more: Any) -> None:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/in/"}}
    request: dict[str, Any] = {
        "TransformJobName": name,
        "ModelName": "m",
        "TransformInput": {"DataSource": source, "ContentType": "application/json"},
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/out/"},
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        **more,
    }
    cloud.client("sagemaker").create_transform_job(**request)


def described(cloud: Cloud, name: str = "t") -> dict[str, Any]:
    found: dict[str, Any] = cloud.client("sagemaker").describe_transform_job(TransformJobName=name)
    return found


def over(cloud: Cloud, name: str = "t") -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        found = described(cloud, name)
        return found if found["TransformJobStatus"] not in {"InProgress", "Stopping"} else None

    found: dict[str, Any] = eventually(ended, 40)
    return found


@pytest.mark.usefixtures("containers")
def test_each_file_is_one_request_and_its_answer_lies_beside_it(cloud: Cloud) -> None:
    for number in range(3):
        put(cloud, f"in/{number}.json", json.dumps({"row": number}))
    begin(cloud)
    assert described(cloud)["TransformJobStatus"] == "InProgress"
    found = over(cloud)
    assert (found["TransformJobStatus"], found["TransformEndTime"] >= found["TransformStartTime"]) == (
        "Completed",
        True,
    )
    assert keys(cloud, "out/") == ["out/0.json.out", "out/1.json.out", "out/2.json.out"]
    assert json.loads(get(cloud, "out/2.json.out")) == {"saw": {"row": 2}, "as": "application/json"}


@pytest.mark.usefixtures("containers")
def test_a_file_that_the_container_fails_on_fails_the_job_with_its_words(cloud: Cloud) -> None:
    put(cloud, "in/0.json", '"good"')
    put(cloud, "in/1.json", '"bad"')
    begin(cloud, ModelClientConfig={"InvocationsMaxRetries": 1})
    found = over(cloud)
    assert found["TransformJobStatus"] == "Failed"
    assert "answered 500" in found["FailureReason"]
    assert keys(cloud, "out/") == ["out/0.json.out"]


@pytest.mark.usefixtures("containers")
def test_a_job_over_nothing_or_over_too_much_fails(cloud: Cloud) -> None:
    begin(cloud)
    assert "no S3 objects" in over(cloud)["FailureReason"]
    put(cloud, "in/0.json", "1" * (1 << 20) + "1")
    begin(cloud, "large", MaxPayloadInMB=1)
    assert "MaxPayloadInMB" in over(cloud, "large")["FailureReason"]


def test_a_job_is_stopped_once_and_leaves_no_process(cloud: Cloud, containers: Containers) -> None:
    for number in range(200):
        put(cloud, f"in/{number:03d}.json", "1")
    begin(cloud)
    cloud.client("sagemaker").stop_transform_job(TransformJobName="t")
    assert over(cloud)["TransformJobStatus"] == "Stopped"
    assert len(keys(cloud, "out/")) < 200
    containers.job("t").join(5)
    with pytest.raises(ClientError, match="already ended"):
        cloud.client("sagemaker").stop_transform_job(TransformJobName="t")


def test_its_ends_are_announced(cloud: Cloud, containers: Containers, tmp_path: Path) -> None:
    del containers
    events = Events(cloud, tmp_path / "events", tick_s=None)
    events.install()
    try:
        url = cloud.client("sqs").create_queue(QueueName="heard")["QueueUrl"]
        pattern = {"source": ["aws.sagemaker"], "detail": {"TransformJobStatus": ["Completed", "Failed", "Stopped"]}}
        cloud.client("events").put_rule(Name="ended", EventPattern=json.dumps(pattern))
        arn = f"arn:aws:sqs:us-east-1:{cloud.account}:heard"
        cloud.client("events").put_targets(Rule="ended", Targets=[{"Id": "q", "Arn": arn}])
        put(cloud, "in/0.json", "1")
        begin(cloud)
        over(cloud)
        (message,) = eventually(lambda: cloud.client("sqs").receive_message(QueueUrl=url).get("Messages"))
    finally:
        events.close()
    event = json.loads(message["Body"])
    assert event["detail-type"] == "SageMaker Transform Job State Change"
    assert (event["detail"]["TransformJobName"], event["detail"]["TransformJobStatus"]) == ("t", "Completed")


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"TransformJobName": "-"}, "TransformJobName"),
        ({"ModelName": "none"}, "none"),
        ({"TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/out", "AssembleWith": "Line"}}, "AssembleWith is 'Line'"),
        ({"DataProcessing": {"JoinSource": "Input"}}, "DataProcessing is given"),
    ],
)
def test_what_cannot_be_done_here_is_refused(cloud: Cloud, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ClientError, match=told):
        begin(cloud, **more)


@pytest.mark.usefixtures("containers")
def test_a_name_is_used_once(cloud: Cloud) -> None:
    put(cloud, "in/0.json", "1")
    begin(cloud)
    with pytest.raises(ClientError) as found:
        begin(cloud)
    assert found.value.response["Error"]["Code"] == "ResourceInUse"
    over(cloud)
