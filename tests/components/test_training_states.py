"""The document of the training's state machine, against the language and against the services' own models."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.ml_endpoint.hosting import Hosting, configuration, deployment, production_variant
from components.training_workflow.plan import Plan
from components.training_workflow.states import definition
from components.training_workflow.tasks import FAILED
from tests.components.training_workflow import asl

KEY = "arn:aws:kms:us-east-1:123456789012:key/models"
ROLE = "arn:aws:iam::123456789012:role/jobs"


def hosting(mode: str) -> dict[str, Any]:
    chosen = Hosting(mode=mode)
    update = deployment(chosen, ["rollback-errors"])
    return {
        "Container": {"Image": "image:1", "Environment": {"SAGEMAKER_PROGRAM": "serve.py"}},
        "Model": {"ExecutionRoleArn": ROLE} | ({} if chosen.serverless else {"EnableNetworkIsolation": True}),
        "Variant": production_variant(chosen),
        "Config": configuration(chosen, KEY, "s3://logs/inference"),
        "Update": {"RetainAllVariantProperties": chosen.scales} | ({"DeploymentConfig": update} if update else {}),
    }


def plan(mode: str = "instances", **more: Any) -> Plan:
    given: dict[str, Any] = {
        "functions": {
            name: f"arn:aws:lambda:us-east-1:123456789012:function:{name}:live"
            for name in ("intake", "compare", "release")
        },
        "image": "image:1",
        "role_arn": ROLE,
        "key_arn": KEY,
        "code_uri": "s3://models/code/0123/sourcedir.tar.gz",
        "models_table": "models",
        "model_package_group": "mlplatform-dev-models",
        "topic_arn": "arn:aws:sns:us-east-1:123456789012:mlplatform-dev-training",
        "endpoint_name": "mlplatform-dev-predict",
        "hosting": hosting(mode),
        "tags": {"Project": "mlplatform"},
    }
    return Plan(**(given | more))


VARIANTS = {
    "instances": plan(),
    "serverless": plan("serverless"),
    "automatic": plan(automatic_approval=True),
    "on demand": plan(spot=False),
    "local storage": plan(training_instance_type="ml.g5.xlarge", processing_instance_type="ml.g5.xlarge"),
    "private": plan(network={"VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}),
}
variants = pytest.mark.parametrize("document", [definition(each) for each in VARIANTS.values()], ids=list(VARIANTS))
TASKS = {
    (variant, name): state
    for variant, each in VARIANTS.items()
    for name, state in definition(each)["States"].items()
    if state["Type"] == "Task"
}


@variants
def test_every_state_that_is_named_exists(document: dict[str, Any]) -> None:
    named = set().union(*(asl.targets(state) for state in document["States"].values()))
    assert named <= set(document["States"])


@variants
def test_every_state_can_be_reached(document: dict[str, Any]) -> None:
    assert asl.reachable(document) == set(document["States"])


@variants
def test_every_state_goes_on_or_ends(document: dict[str, Any]) -> None:
    for name, state in document["States"].items():
        assert asl.ends(state) != bool(asl.targets(state)), name


@variants
def test_every_state_can_come_to_an_end(document: dict[str, Any]) -> None:
    done = {name for name, state in document["States"].items() if asl.ends(state)}
    while more := {name for name, state in document["States"].items() if asl.targets(state) & done} - done:
        done |= more
    assert done == set(document["States"])


@variants
def test_every_task_catches_every_error(document: dict[str, Any]) -> None:
    for name, state in document["States"].items():
        if state["Type"] == "Task":
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
            assert state["Catch"][-1]["ResultPath"].startswith("$."), name


@variants
def test_nothing_is_tried_again_for_what_a_person_must_mend(document: dict[str, Any]) -> None:
    retried = {
        error
        for state in document["States"].values()
        for retry in state.get("Retry", [])
        for error in retry["ErrorEquals"]
    }
    assert not retried & {"States.ALL", "States.TaskFailed", "SageMaker.AmazonSageMakerException", "Lambda.Unknown"}


@variants
def test_the_same_plan_gives_the_same_text(document: dict[str, Any]) -> None:
    text = json.dumps(document, sort_keys=True)
    assert json.loads(text) == document
    assert len(text.encode()) < 1_048_576


@pytest.mark.parametrize(("variant", "name"), TASKS, ids=["-".join(key) for key in TASKS])
def test_a_task_sends_what_the_service_accepts(variant: str, name: str) -> None:
    state = TASKS[variant, name]
    integration = state["Resource"].removeprefix("arn:aws:states:::").split(":")
    if integration[0] == "aws-sdk":
        integration = integration[1:]
    service, operation = integration[0], integration[1].split(".")[0]
    parameters = dict(state["Parameters"])
    if service == "lambda":
        assert set(parameters) == {"FunctionName", "Payload"}
        return
    assert asl.problems(service, operation, parameters) == ""


def test_paths_refer_to_what_an_earlier_state_has_left() -> None:
    intake = {"version", "fingerprint", "reason", "data", "jobs", "paths", "keep", "model_name", "config_name"} | {
        "outcome"
    }
    left = {
        state["ResultPath"].removeprefix("$.")
        for state in definition(plan())["States"].values()
        if str(state.get("ResultPath", "")).startswith("$.")
    }
    caught = {
        catcher["ResultPath"].removeprefix("$.")
        for state in definition(plan())["States"].values()
        for catcher in state.get("Catch", [])
    }
    known = intake | left | caught
    for name, state in definition(plan())["States"].items():
        for key, expression in asl.references(state.get("Parameters", {})):
            for path in asl.paths(expression):
                if path.startswith("$$."):
                    assert path in ("$$.Execution.Id", "$$.Execution.Input", "$$.Execution.Name", "$$.Task.Token"), name
                else:
                    assert path.split(".")[1] in known, f"{name}: {key} = {expression}"


def states(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = definition(plan(**more))["States"]
    return found


def following(document: dict[str, Any], name: str, *steps: str) -> str:
    """Follows Next, and the given target at each choice."""
    ways = list(steps)
    while not asl.ends(document[name]):
        name = ways.pop(0) if document[name]["Type"] == "Choice" else document[name]["Next"]
    assert not ways
    return name


def test_new_data_comes_to_a_live_model_through_a_persons_approval() -> None:
    document = states()
    ways = {
        "ChooseWork": "Preprocess",
        "ChooseModel": "Register",
        "ChooseApproval": "MarkDeploying",
        "PreviousReady": "UpdateEndpoint",
        "UpdateEnded": "Release",
    }
    seen = ["CheckData"]
    while not asl.ends(document[seen[-1]]):
        seen.append(ways.get(seen[-1]) or document[seen[-1]]["Next"])
        assert seen[-1] in asl.targets(document[seen[-2]])
    assert [name for name in seen if document[name]["Type"] == "Task"] == [
        *("CheckData", "Preprocess", "Train", "Evaluate", "Compare", "Register", "WaitForApproval"),
        *("MarkDeploying", "KeepModel", "CreateModel", "CreateEndpointConfig", "DescribePrevious", "UpdateEndpoint"),
        *("DescribeUpdate", "Release", "NotifySuccess"),
    ]
    assert seen[-1] == "Done"


@pytest.mark.parametrize(
    ("outcome", "target"),
    [("train", "Preprocess"), ("trained", "AlreadyTrained"), ("promote", "MarkDeploying")],
)
def test_the_intakes_outcome_chooses_the_work(outcome: str, target: str) -> None:
    choices = {choice["StringEquals"]: choice["Next"] for choice in states()["ChooseWork"]["Choices"]}
    assert choices[outcome] == target


def test_a_failed_check_is_told_but_marks_no_version() -> None:
    assert states()["CheckData"]["Catch"][0]["Next"] == "NotifyFailure"


def test_other_failures_mark_the_version_and_are_told() -> None:
    document = states()
    assert {
        document[name]["Catch"][-1]["Next"] for name in ("Preprocess", "Train", "Evaluate", "Compare", "Register")
    } == {FAILED}
    assert following(document, FAILED) == "Failed"
    assert document[FAILED]["Next"] == "NotifyFailure"
    assert document[FAILED]["Catch"][0]["Next"] == "NotifyFailure"


def test_a_failed_release_puts_the_previous_configuration_back_first() -> None:
    document = states()
    assert document["Release"]["Catch"][0]["Next"] == "RestorePrevious"
    assert document["RestorePrevious"]["Parameters"]["EndpointConfigName.$"] == "$.previous.config"
    assert following(document, "RestorePrevious", FAILED) == "Failed"


def test_a_message_that_cannot_be_sent_does_not_fail_a_live_model() -> None:
    assert states()["NotifySuccess"]["Catch"][0]["Next"] == "Done"


def test_a_promotion_that_meets_another_one_begins_again_and_not_for_ever() -> None:
    document = states()
    refused = document["UpdateEndpoint"]["Catch"][0]
    assert refused["ErrorEquals"] == ["SageMaker.SageMakerException"]
    assert refused["Next"] == "CountUpdate"
    again = document["UpdateAgain"]
    assert document[again["Choices"][0]["Next"]]["Next"] == "DescribePrevious"
    assert again["Choices"][0]["NumericLessThan"] == 10
    assert again["Default"] == FAILED


def test_an_update_that_was_rolled_back_is_a_failure() -> None:
    held = states()["UpdateEnded"]["Choices"][1]
    assert {"Variable": "$.update.config", "StringEqualsPath": "$.config_name"} in held["And"]
    assert states()["UpdateEnded"]["Default"] == "EndpointFailed"


def test_an_approval_may_take_seven_days_and_then_ends_without_a_failure() -> None:
    waiting = states()["WaitForApproval"]
    assert waiting["TimeoutSeconds"] == 604_800
    assert waiting["Catch"][0]["ErrorEquals"] == ["States.Timeout"]
    assert following(states(), waiting["Catch"][0]["Next"]) == "Done"
    assert definition(plan())["TimeoutSeconds"] > 604_800


def test_automatic_approval_registers_as_approved_and_waits_for_nobody() -> None:
    document = states(automatic_approval=True)
    assert document["Register"]["Parameters"]["ModelApprovalStatus"] == "Approved"
    assert "WaitForApproval" not in document
    assert states()["Register"]["Parameters"]["ModelApprovalStatus"] == "PendingManualApproval"


def test_spot_trainings_have_checkpoints_and_a_limit_of_waiting() -> None:
    parameters = states()["Train"]["Parameters"]
    assert parameters["EnableManagedSpotTraining"] is True
    assert parameters["CheckpointConfig"]["S3Uri.$"] == "$.paths.checkpoints"
    stopping = parameters["StoppingCondition"]
    assert stopping["MaxWaitTimeInSeconds"] >= stopping["MaxRuntimeInSeconds"]
    assert "MaxWaitTimeInSeconds" not in states(spot=False)["Train"]["Parameters"]["StoppingCondition"]


def test_jobs_are_isolated_and_encrypted() -> None:
    document = states()
    training = document["Train"]["Parameters"]
    assert training["EnableNetworkIsolation"] is True
    assert training["OutputDataConfig"]["KmsKeyId"] == training["ResourceConfig"]["VolumeKmsKeyId"] == KEY
    for name in ("Preprocess", "Evaluate"):
        parameters = document[name]["Parameters"]
        assert parameters["NetworkConfig"]["EnableNetworkIsolation"] is True
        assert parameters["ProcessingOutputConfig"]["KmsKeyId"] == KEY


def test_instances_with_local_storage_get_no_volume_key() -> None:
    document = states(training_instance_type="ml.g5.xlarge", processing_instance_type="ml.g5.xlarge")
    assert "VolumeKmsKeyId" not in document["Train"]["Parameters"]["ResourceConfig"]
    assert "VolumeKmsKeyId" not in document["Preprocess"]["Parameters"]["ProcessingResources"]["ClusterConfig"]


def test_hyperparameters_are_texts_of_json() -> None:
    values = states(metric="accuracy")["Train"]["Parameters"]["HyperParameters"]
    fixed = {key: json.loads(value) for key, value in values.items() if not key.endswith(".$")}
    assert fixed["sagemaker_program"] == "train.py"
    assert fixed["metric"] == "accuracy"
    assert fixed["seed"] == 42
    assert values["model-version.$"] == "States.JsonToString($.version)"


def test_the_isolated_training_finds_its_code_in_a_channel() -> None:
    parameters = states()["Train"]["Parameters"]
    channels = {channel["ChannelName"]: channel for channel in parameters["InputDataConfig"]}
    assert set(channels) == {"train", "validation", "statistics", "code"}
    directory = json.loads(parameters["HyperParameters"]["sagemaker_submit_directory"])
    assert directory == "/opt/ml/input/data/code/sourcedir.tar.gz"


def test_what_goes_live_is_a_copy_that_no_job_can_write() -> None:
    document = states()
    keep = document["KeepModel"]
    assert keep["Resource"] == "arn:aws:states:::aws-sdk:s3:copyObject"
    assert keep["Parameters"] == {
        "Bucket.$": "$.keep.bucket",
        "Key.$": "$.keep.key",
        "CopySource.$": "$.keep.source",
        "TaggingDirective": "REPLACE",
    }
    assert document["CreateModel"]["Parameters"]["PrimaryContainer"]["ModelDataUrl.$"] == "$.paths.served"
    assert document["Release"]["Parameters"]["Payload"]["model_data.$"] == "$.paths.served"


def test_processing_writes_each_split_to_its_own_place() -> None:
    outputs = {
        row["OutputName"]: row["S3Output"]
        for row in states()["Preprocess"]["Parameters"]["ProcessingOutputConfig"]["Outputs"]
    }
    assert set(outputs) == {"train", "validation", "test", "statistics"}
    assert {name: row["S3Uri.$"] for name, row in outputs.items()} == {name: f"$.paths.{name}" for name in outputs}
    assert outputs["test"]["LocalPath"] == "/opt/ml/processing/output/test"


def test_a_promotion_takes_model_and_configuration_from_the_endpoints_own_values() -> None:
    document = states()
    assert document["CreateModel"]["Parameters"]["EnableNetworkIsolation"] is True
    variant = document["CreateEndpointConfig"]["Parameters"]["ProductionVariants"][0]
    assert variant["InstanceType"] == "ml.c5.xlarge"
    assert variant["ModelName.$"] == "$.model_name"
    assert document["UpdateEndpoint"]["Parameters"]["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]


def test_the_document_changes_with_each_part_of_the_plan() -> None:
    base = plan()
    first = json.dumps(definition(base), sort_keys=True)
    changes: dict[str, Any] = {
        **dict.fromkeys(("image", "role_arn", "key_arn", "code_uri", "models_table", "topic_arn"), "other"),
        **dict.fromkeys(("model_package_group", "endpoint_name", "target_column", "metric", "algorithms"), "other"),
        **dict.fromkeys(("processing_instance_type", "training_instance_type"), "ml.m5.4xlarge"),
        **dict.fromkeys(("seed", "volume_gb", "max_runtime_s", "max_wait_s", "approval_s"), 99999),
        "spot": False,
        "automatic_approval": True,
        "tags": {"A": "b"},
        "hosting": hosting("serverless"),
        "functions": dict.fromkeys(("intake", "compare", "release"), "other"),
        "network": {"VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]}},
    }
    assert set(changes) == set(Plan.__dataclass_fields__)
    for field, value in changes.items():
        assert json.dumps(definition(replace(base, **{field: value})), sort_keys=True) != first, field
