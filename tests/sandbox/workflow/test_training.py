"""The platform's own state machine, from a data set to a model that answers, with tiny training code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.training_workflow.states import definition
from sandbox.cloud import Cloud
from sandbox.containers import Containers
from sandbox.events.hooks import Hooks
from sandbox.workflow import Workflows
from tests.components.test_training_states import plan
from tests.sandbox.containers.support import ROLE, archive, emptied, eventually
from tests.sandbox.containers.test_endpoints import SERVER

VERSION = "0123456789ab"
PREPROCESS = """
import argparse, pathlib
parser = argparse.ArgumentParser()
for name in ("--input", "--output", "--target"):
    parser.add_argument(name)
found = parser.parse_args()
rows = next(pathlib.Path(found.input).rglob("*.csv")).read_text()
for part in ("train", "validation", "test", "statistics"):
    pathlib.Path(found.output, part, "part.csv").write_text(f"{found.target}:{rows}")
"""
TRAIN = """
import argparse, os, pathlib, shutil
parser = argparse.ArgumentParser()
parser.add_argument("--model-version")
version = parser.parse_known_args()[0].model_version
rows = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "part.csv").read_text()
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
(model / "version").write_text(f"{version}:{rows}")
shutil.copytree("served", model / "code" / "training")
"""
EVALUATE = """
import argparse, pathlib, tarfile
parser = argparse.ArgumentParser()
for name in ("--model", "--test", "--output"):
    parser.add_argument(name)
found = parser.parse_args()
with tarfile.open(pathlib.Path(found.model, "model.tar.gz")) as tar:
    assert "version" in tar.getnames()
pathlib.Path(found.output, "evaluation.json").write_text('{"f1": 0.9}')
"""
CODE = {
    "train.py": TRAIN,
    "training/__init__.py": "",
    "training/preprocess.py": PREPROCESS,
    "training/evaluate.py": EVALUATE,
    "served/__init__.py": "",
    "served/server.py": SERVER,
}


class Answers:
    """The functions of the workflow, in place of deployed ones."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.reject = False
        self.broken = False

    def intake(self, payload: dict[str, Any]) -> dict[str, Any]:
        name = str(payload["execution"]).rsplit(":", 1)[1][:8]
        base = f"s3://models/runs/{VERSION}"
        return {
            "outcome": "train",
            "version": VERSION,
            "fingerprint": VERSION * 5,
            "reason": payload["input"]["reason"],
            "data": {"bucket": "models", "key": "uploads/a.csv", "uri": "s3://models/uploads/a.csv"},
            "jobs": {step: f"{step}-{VERSION}-{name}" for step in ("preprocess", "train", "evaluate")},
            "paths": {
                **{split: f"{base}/{split}" for split in ("train", "validation", "test", "statistics")},
                "evaluation": f"{base}/evaluation",
                "checkpoints": f"{base}/checkpoints",
                "model_output": f"{base}/model",
                "model_data": f"{base}/model/train-{VERSION}-{name}/output/model.tar.gz",
                "served": f"s3://models/production/{name}/model.tar.gz",
            },
            "keep": {
                "bucket": "models",
                "key": f"production/{name}/model.tar.gz",
                "source": f"models/runs/{VERSION}/model/train-{VERSION}-{name}/output/model.tar.gz",
            },
            "model_name": f"model-{VERSION}-{name}",
            "config_name": f"config-{VERSION}-{name}",
        }

    def compare(self, payload: dict[str, Any]) -> dict[str, Any]:
        assert payload["evaluation"].endswith("/evaluation/evaluation.json")
        return {"outcome": "reject" if self.reject else "register", "why": "better", "metrics": {"f1": 0.9}}

    def release(self, payload: dict[str, Any]) -> dict[str, Any]:
        if self.broken:
            raise ValueError("the smoke test failed")
        assert payload["model_data"].startswith("s3://models/production/")
        return {"version": payload["version"], "previousVersion": "baseline"}


@pytest.fixture
def answers(running: Cloud, tmp_path: Path) -> Iterator[Answers]:
    from moto.awslambda.models import LambdaFunction

    cloud, hooks = emptied(running), Hooks()
    answers = Answers(cloud)

    def invoke(function: Any, event: Any) -> tuple[str, bool, str]:
        handler: Callable[[Any], Any] = getattr(answers, function.function_name)
        try:
            return json.dumps(handler(event if isinstance(event, dict) else json.loads(event))), False, ""
        except ValueError as error:
            return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}), True, ""

    hooks.replace(LambdaFunction, "_invoke_lambda", invoke)
    containers, workflows = Containers(cloud, tmp_path, grace_s=0.5), Workflows(cloud, tmp_path)
    for runtime in (containers, workflows):
        runtime.install()
    prepare(cloud)
    yield answers
    workflows.close()
    containers.close()
    hooks.undo()


def prepare(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="logs")
    s3.put_object(Bucket="models", Key="code/0123/sourcedir.tar.gz", Body=archive(CODE))
    s3.put_object(Bucket="models", Key="uploads/a.csv", Body=b"x,y")
    cloud.client("dynamodb").create_table(
        TableName="models",
        KeySchema=[{"AttributeName": "version", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "version", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.client("sns").create_topic(Name="mlplatform-dev-training")
    cloud.client("iam").create_role(RoleName="jobs", AssumeRolePolicyDocument="{}")
    functions = cloud.client("lambda")
    for name in ("intake", "compare", "release"):
        code = {"ZipFile": b"PK\x05\x06" + b"\0" * 18}
        functions.create_function(
            FunctionName=name, Runtime="python3.13", Handler="h.h", Role=ROLE, Code=code, Publish=True
        )
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="mlplatform-dev-models")
    files = {"version": "baseline", "code/training/__init__.py": "", "code/training/server.py": SERVER}
    s3.put_object(Bucket="models", Key="baseline/model.tar.gz", Body=archive(files))
    container = {"Image": "image:1", "ModelDataUrl": "s3://models/baseline/model.tar.gz"}
    sagemaker.create_model(ModelName="baseline", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "live", "ModelName": "baseline", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName="baseline", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="mlplatform-dev-predict", EndpointConfigName="baseline")


def start(cloud: Cloud) -> str:
    client = cloud.client("stepfunctions")
    machine = definition(plan())
    for state in machine["States"].values():
        if state["Type"] == "Wait":
            state["Seconds"] = 0  # the processes here are ready sooner than instances
    document = json.dumps(machine)
    arn = client.create_state_machine(name="training", definition=document, roleArn=ROLE)["stateMachineArn"]
    return str(client.start_execution(stateMachineArn=arn, input='{"reason": "manual"}')["executionArn"])


def item(cloud: Cloud) -> dict[str, Any]:
    found = cloud.client("dynamodb").get_item(TableName="models", Key={"version": {"S": VERSION}})
    return {name: value["S"] for name, value in found.get("Item", {}).items()}


def ended(cloud: Cloud, execution: str) -> dict[str, Any]:
    client = cloud.client("stepfunctions")
    eventually(lambda: client.describe_execution(executionArn=execution)["status"] != "RUNNING", 40)
    found: dict[str, Any] = client.describe_execution(executionArn=execution)
    return found


def approve(cloud: Cloud, execution: str) -> None:
    client = cloud.client("stepfunctions")

    def token() -> str | None:
        described = client.describe_execution(executionArn=execution)
        assert described["status"] == "RUNNING", described.get("cause")
        return item(cloud).get("taskToken")

    client.send_task_success(taskToken=eventually(token, 30), output='{"decision": "Approved"}')


def served(cloud: Cloud) -> str:
    answer = cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName="mlplatform-dev-predict", Body=b"{}")
    return str(json.loads(answer["Body"].read())["version"])


def test_an_approved_model_serves_what_it_was_trained_on(answers: Answers) -> None:
    cloud = answers.cloud
    execution = start(cloud)
    approve(cloud, execution)
    found = ended(cloud, execution)
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert served(cloud) == f"{VERSION}:target:x,y"
    assert "taskToken" not in item(cloud)


def test_a_rejected_model_leaves_the_endpoint_alone(answers: Answers) -> None:
    answers.reject = True
    found = ended(answers.cloud, start(answers.cloud))
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert eventually(lambda: served(answers.cloud)) == "baseline"


def test_a_failed_release_puts_the_previous_model_back(answers: Answers) -> None:
    answers.broken = True
    execution = start(answers.cloud)
    approve(answers.cloud, execution)
    found = ended(answers.cloud, execution)
    assert (found["status"], found["error"]) == ("FAILED", "TrainingFailed")
    assert "the smoke test failed" in found["cause"]
    assert served(answers.cloud) == "baseline"
    assert item(answers.cloud)["status"] == "Failed"
