"""A cloud with the containers runtime, and tiny training code for it."""

from __future__ import annotations

import http.client
import io
import json
import tarfile
import time
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.cloud import Cloud

ROLE = "arn:aws:iam::123456789012:role/jobs"
BUCKET = "models"


def emptied(cloud: Cloud) -> Cloud:
    """The cloud with nothing in it but a bucket."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port)
    connection.request("POST", "/moto-api/reset")
    assert connection.getresponse().status == 200
    connection.close()
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    return cloud


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A tar.gz of names and contents."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return raw.getvalue()


def put(cloud: Cloud, key: str, body: bytes | str) -> str:
    """Puts an object and gives its URI."""
    data = body.encode() if isinstance(body, str) else body
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=data)
    return f"s3://{BUCKET}/{key}"


def get(cloud: Cloud, key: str) -> bytes:
    """The body of an object."""
    body: bytes = cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def keys(cloud: Cloud, prefix: str = "") -> list[str]:
    """The keys below a prefix."""
    found = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [str(entry["Key"]) for entry in found]


def eventually(check: Callable[[], Any], timeout_s: float = 15.0) -> Any:
    """What the check gives as soon as that is true; fails after the time."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"not within {timeout_s} s: {check}")


def training_request(name: str, source: str, **more: Any) -> dict[str, Any]:
    """CreateTrainingJob in script mode."""
    hyperparameters = {
        "sagemaker_program": json.dumps("train.py"),
        "sagemaker_submit_directory": json.dumps(source),
        "depth": "3",
        "names": json.dumps("a,b"),
    }
    request = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "HyperParameters": {**hyperparameters, **more.pop("HyperParameters", {})},
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    return {**request, **more}


def channel(name: str, uri: str) -> dict[str, Any]:
    """An input channel."""
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def train(cloud: Cloud, name: str, script: str, **more: Any) -> dict[str, Any]:
    """Runs a training job whose train.py is the script, and gives its description when it has ended."""
    source = put(cloud, f"code/{name}/sourcedir.tar.gz", archive({"train.py": script}))
    client = cloud.client("sagemaker")
    client.create_training_job(**training_request(name, source, **more))
    return ended(cloud, name)


def ended(cloud: Cloud, name: str, timeout_s: float = 15.0) -> dict[str, Any]:
    """The description of a training job that has ended."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = cloud.client("sagemaker").describe_training_job(TrainingJobName=name)
        return found if found["TrainingJobStatus"] in {"Completed", "Failed", "Stopped"} else None

    found: dict[str, Any] = eventually(look, timeout_s)
    return found
