"""The platform's own training code runs in the jobs and endpoints of the sandbox, from raw CSV to an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from artifacts.archives import tar_gz_bytes
from artifacts.training import TARGET, code, example
from components.training_workflow.states import definition
from sandbox.cloud import Cloud
from sandbox.containers import Containers
from tests.components.test_training_states import plan
from tests.sandbox.containers.support import BUCKET, ROLE, ended, eventually, put

BASE = f"s3://{BUCKET}/work"
MODEL = f"{BASE}/model/train/output/model.tar.gz"
SPLITS = ("train", "validation", "test", "statistics")
FILLED = {
    "$.jobs.preprocess": "preprocess",
    "$.jobs.train": "train",
    "$.jobs.evaluate": "evaluate",
    "$.data.uri": f"s3://{BUCKET}/uploads/data.csv",
    "$.paths.model_output": f"{BASE}/model",
    "$.paths.model_data": MODEL,
    "$.paths.evaluation": f"{BASE}/evaluation",
    "$.paths.checkpoints": f"{BASE}/checkpoints",
    "States.JsonToString($.version)": '"abcdef012345"',
    **{f"$.paths.{part}": f"{BASE}/{part}/run" for part in SPLITS},
    **{f"States.Format('{{}}/', $.paths.{part})": f"{BASE}/{part}/run/" for part in SPLITS},
}


@pytest.fixture
def containers(cloud: Cloud, tmp_path: Path) -> Iterator[Containers]:
    containers = Containers(cloud, tmp_path)
    containers.install()
    yield containers
    containers.close()


def filled(value: Any) -> Any:
    """A state's parameters with the values that an execution would give them."""
    if isinstance(value, dict):
        return {
            key.removesuffix(".$"): FILLED[item] if key.endswith(".$") else filled(item) for key, item in value.items()
        }
    return [filled(item) for item in value] if isinstance(value, list) else value


def processed(cloud: Cloud, name: str) -> dict[str, Any]:
    client = cloud.client("sagemaker")

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = client.describe_processing_job(ProcessingJobName=name)
        return found if found["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None

    found: dict[str, Any] = eventually(look, 60)
    return found


def test_a_data_set_becomes_a_model_that_answers_with_its_version(cloud: Cloud, containers: Containers) -> None:
    put(cloud, "uploads/data.csv", b"".join(example().splitlines(keepends=True)[:200]))
    uri = put(cloud, "code/sourcedir.tar.gz", tar_gz_bytes(code(), level=1))
    states = definition(plan(code_uri=uri))["States"]
    client = cloud.client("sagemaker")
    parameters = {name: filled(states[name]["Parameters"]) for name in ("Preprocess", "Train", "Evaluate")}

    client.create_processing_job(**parameters["Preprocess"])
    found = processed(cloud, "preprocess")
    assert found["ProcessingJobStatus"] == "Completed", found.get("FailureReason")

    quick = {**parameters["Train"]["HyperParameters"], "algorithms": '"logistic_regression"'}
    client.create_training_job(**{**parameters["Train"], "HyperParameters": quick})
    found = ended(cloud, "train", 60)
    assert found["TrainingJobStatus"] == "Completed", found.get("FailureReason")
    assert found["ModelArtifacts"]["S3ModelArtifacts"] == MODEL

    client.create_processing_job(**parameters["Evaluate"])
    found = processed(cloud, "evaluate")
    assert found["ProcessingJobStatus"] == "Completed", found.get("FailureReason")
    body = cloud.client("s3").get_object(Bucket=BUCKET, Key="work/evaluation/evaluation.json")["Body"].read()
    evaluation = json.loads(body)
    assert evaluation["accuracy"] > 0.8

    container = {"Image": "image:1", "ModelDataUrl": MODEL}
    client.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container, EnableNetworkIsolation=True)
    variant = {"VariantName": "live", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant])
    client.create_endpoint(EndpointName="predict", EndpointConfigName="c")
    eventually(lambda: client.describe_endpoint(EndpointName="predict")["EndpointStatus"] != "Creating", 60)
    described = client.describe_endpoint(EndpointName="predict")
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")

    header, first = (line.split(",") for line in example().decode().splitlines()[:2])
    row = {name: float(text) for name, text in zip(header, first, strict=True) if name != TARGET}
    answer = cloud.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="predict", ContentType="application/json", Body=json.dumps({"instances": [row]}).encode()
    )
    said = json.loads(answer["Body"].read())
    assert said["modelVersion"] == "abcdef012345"
    assert said["predictions"][0]["prediction"] == "malignant"
