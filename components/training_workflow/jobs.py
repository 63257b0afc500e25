"""The SageMaker jobs of a training: split the data, train, evaluate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from components.ml_endpoint.hosting import takes_volume_key
from components.training_workflow.plan import CODE_ARCHIVE, PROCESSING_ROOT, Plan, State
from components.training_workflow.tasks import sagemaker
from training.figures import METRIC_DEFINITIONS

_SPLITS = ("train", "validation", "test", "statistics")
_CODE_CHANNEL = "code"


def preprocess(plan: Plan, following: str) -> State:
    """Checks and splits the uploaded data."""
    root = PROCESSING_ROOT
    return _processing(
        plan,
        name="$.jobs.preprocess",
        module="training.preprocess",
        arguments=["--input", f"{root}/input/data", "--output", f"{root}/output", "--target", plan.target_column],
        inputs={"data": "$.data.uri"},
        outputs={split: f"$.paths.{split}" for split in _SPLITS},
        following=following,
    )


def evaluate(plan: Plan, following: str) -> State:
    """Measures the trained model on the test split that no training has seen."""
    root = PROCESSING_ROOT
    return _processing(
        plan,
        name="$.jobs.evaluate",
        module="training.evaluate",
        arguments=[
            *("--model", f"{root}/input/model"),
            *("--test", f"{root}/input/test"),
            *("--output", f"{root}/output/evaluation"),
        ],
        inputs={"model": "$.paths.model_data", "test": "States.Format('{}/', $.paths.test)"},
        outputs={"evaluation": "$.paths.evaluation"},
        following=following,
    )


def train(plan: Plan, following: str) -> State:
    """Trains every algorithm in one job, on spot capacity with checkpoints, and keeps the best."""
    parameters: State = {
        "TrainingJobName.$": "$.jobs.train",
        "RoleArn": plan.role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": plan.image,
            "TrainingInputMode": "File",
            "MetricDefinitions": list(METRIC_DEFINITIONS),
        },
        "HyperParameters": _hyperparameters(plan),
        "InputDataConfig": [
            _channel("train", "States.Format('{}/', $.paths.train)"),
            _channel("validation", "States.Format('{}/', $.paths.validation)"),
            _channel("statistics", "States.Format('{}/', $.paths.statistics)"),
            {
                "ChannelName": _CODE_CHANNEL,
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": plan.code_uri} | _REPLICATED},
                "InputMode": "File",
            },
        ],
        "OutputDataConfig": {"S3OutputPath.$": "$.paths.model_output", "KmsKeyId": plan.key_arn},
        "ResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": plan.training_instance_type,
            "VolumeSizeInGB": plan.volume_gb,
            **_volume_key(plan, plan.training_instance_type),
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": plan.max_runtime_s},
        "CheckpointConfig": {"S3Uri.$": "$.paths.checkpoints", "LocalPath": "/opt/ml/checkpoints"},
        "EnableManagedSpotTraining": plan.spot,
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "Tags": plan.tag_list,
        **plan.network,
    }
    if plan.spot:
        parameters["StoppingCondition"]["MaxWaitTimeInSeconds"] = plan.max_wait_s
    return sagemaker("createTrainingJob.sync", parameters, ResultPath=None, Next=following)


_REPLICATED = {"S3DataDistributionType": "FullyReplicated"}


def _hyperparameters(plan: Plan) -> State:
    """Script mode reads each value as JSON, so a text keeps its quotes."""
    fixed: Mapping[str, Any] = {
        "sagemaker_program": "train.py",
        # The isolated container cannot fetch from S3: the code is a channel, and script mode takes local archives.
        "sagemaker_submit_directory": f"/opt/ml/input/data/{_CODE_CHANNEL}/{CODE_ARCHIVE}",
        "sagemaker_container_log_level": 20,
        "algorithms": plan.algorithms,
        "metric": plan.metric,
        "seed": plan.seed,
        "checkpoint-dir": "/opt/ml/checkpoints",
    }
    values: State = {key: json.dumps(value) for key, value in fixed.items()}
    return values | {"model-version.$": "States.JsonToString($.version)"}


def _channel(name: str, uri: str) -> State:
    source = {"S3DataType": "S3Prefix", "S3Uri.$": uri} | _REPLICATED
    return {
        "ChannelName": name,
        "DataSource": {"S3DataSource": source},
        "ContentType": "text/csv",
        "InputMode": "File",
    }


def _volume_key(plan: Plan, instance_type: str) -> State:
    return {"VolumeKmsKeyId": plan.key_arn} if takes_volume_key(instance_type) else {}


def _processing(
    plan: Plan,
    *,
    name: str,
    module: str,
    arguments: list[str],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    following: str,
) -> State:
    unpack = (
        "mkdir -p /opt/ml/code"
        f" && tar -xzf {PROCESSING_ROOT}/input/code/{CODE_ARCHIVE} -C /opt/ml/code"
        f' && cd /opt/ml/code && exec python3 -m {module} "$@"'
    )
    parameters: State = {
        "ProcessingJobName.$": name,
        "RoleArn": plan.role_arn,
        "AppSpecification": {
            "ImageUri": plan.image,
            "ContainerEntrypoint": ["/bin/bash", "-c", unpack, "--"],
            "ContainerArguments": arguments,
        },
        "ProcessingInputs": [
            _input("code", {"S3Uri": plan.code_uri}),
            *(_input(key, {"S3Uri.$": uri}) for key, uri in inputs.items()),
        ],
        "ProcessingOutputConfig": {
            "KmsKeyId": plan.key_arn,
            "Outputs": [_output(key, uri) for key, uri in outputs.items()],
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": plan.processing_instance_type,
                "VolumeSizeInGB": plan.volume_gb,
                **_volume_key(plan, plan.processing_instance_type),
            }
        },
        "NetworkConfig": {
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            **plan.network,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": plan.max_runtime_s},
        "Tags": plan.tag_list,
    }
    return sagemaker("createProcessingJob.sync", parameters, ResultPath=None, Next=following)


def _input(name: str, uri: State) -> State:
    return {
        "InputName": name,
        "S3Input": {
            **uri,
            "LocalPath": f"{PROCESSING_ROOT}/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }


def _output(name: str, uri: str) -> State:
    return {
        "OutputName": name,
        "S3Output": {
            "S3Uri.$": uri,
            "LocalPath": f"{PROCESSING_ROOT}/output/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }
