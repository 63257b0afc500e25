"""SageMaker's operations for jobs, models and endpoints, put in the place of moto's or where it has none."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.containers.endpoints.endpoint import Plan
from sandbox.containers.endpoints.model import describe
from sandbox.containers.jobs.processing import ProcessingJob
from sandbox.containers.jobs.training import TrainingJob
from sandbox.containers.storage import JobError

if TYPE_CHECKING:
    from sandbox.containers.runtime import Containers

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")

Operation = Callable[[Any], Any]
"""A method of moto's SageMakerResponse: `self` in, ActionResult out."""


def refuse(message: str) -> Exception:
    """SageMaker's ValidationException."""
    from moto.sagemaker.exceptions import AWSValidationException

    error: Exception = AWSValidationException(message)
    return error


def in_use(message: str) -> Exception:
    """SageMaker's ResourceInUse."""
    from moto.sagemaker.exceptions import ResourceInUseException

    error: Exception = ResourceInUseException(message)
    return error


def check_name(name: str, what: str) -> None:
    """Refuses a name that SageMaker does not take."""
    if not NAME.fullmatch(name):
        raise refuse(
            f"{what} {name!r} must be 1 to 63 letters, digits and hyphens and begin and end with none of the last"
        )


def check_inputs(inputs: list[Mapping[str, Any]], key: str) -> None:
    """Refuses inputs that the sandbox cannot bring."""
    for declared in inputs:
        name = declared.get("ChannelName") or declared.get("InputName")
        source = (
            (declared.get("DataSource") or {}).get("S3DataSource") if key == "S3DataSource" else declared.get("S3Input")
        )
        if source is None:
            raise refuse(f"input {name!r} has no {key}; the sandbox brings data from S3 only")
        kind = source.get("S3DataType", "S3Prefix")
        mode = declared.get("InputMode") or source.get("S3InputMode") or "File"
        if kind != "S3Prefix" or mode != "File":
            raise refuse(f"input {name!r} asks for {kind} in mode {mode}; the sandbox has S3Prefix in mode File")


def training_operations(runtime: Containers, original: Mapping[str, Operation]) -> dict[str, Operation]:
    """CreateTrainingJob and StopTrainingJob."""
    from moto.core.responses import EmptyResult

    def create_training_job(self: Any) -> Any:
        request = copy.deepcopy(dict(self.params))
        name = str(request["TrainingJobName"])
        check_name(name, "TrainingJobName")
        if name in self.sagemaker_backend.training_jobs:
            raise in_use(
                f"Training job names must be unique within an AWS account and region, and {name!r} already exists"
            )
        check_inputs(request.get("InputDataConfig") or [], "S3DataSource")
        condition = request.get("StoppingCondition") or {}
        longest, wait = condition.get("MaxRuntimeInSeconds", 86_400), condition.get("MaxWaitTimeInSeconds")
        if request.get("EnableManagedSpotTraining") and (wait is None or wait < longest):
            raise refuse(
                "MaxWaitTimeInSeconds must be given for managed spot training and not be below MaxRuntimeInSeconds"
            )
        answer = original["create_training_job"](self)
        record = self.sagemaker_backend.training_jobs[name]
        record.algorithm_specification = copy.deepcopy(request["AlgorithmSpecification"])
        try:
            job = TrainingJob(runtime.context, self.region, name, request, record)
        except ValueError as error:  # a metric's pattern
            del self.sagemaker_backend.training_jobs[name]
            raise refuse(str(error)) from error
        runtime.begin(job)
        return answer

    def stop_training_job(self: Any) -> Any:
        name = str(self.params["TrainingJobName"])
        self.sagemaker_backend.describe_training_job(name)
        runtime.stop(TrainingJob, self.region, name)
        return EmptyResult()

    return {"create_training_job": create_training_job, "stop_training_job": stop_training_job}


def processing_operations(runtime: Containers, original: Mapping[str, Operation]) -> dict[str, Operation]:
    """CreateProcessingJob and StopProcessingJob."""
    from moto.core.responses import EmptyResult

    def create_processing_job(self: Any) -> Any:
        request = copy.deepcopy(dict(self.params))
        name = str(request["ProcessingJobName"])
        check_name(name, "ProcessingJobName")
        if name in self.sagemaker_backend.processing_jobs:
            raise in_use(
                f"Processing job names must be unique within an AWS account and region, and {name!r} already exists"
            )
        check_inputs(request.get("ProcessingInputs") or [], "S3Input")
        answer = original["create_processing_job"](self)
        record = self.sagemaker_backend.processing_jobs[name]
        runtime.begin(ProcessingJob(runtime.context, self.region, name, request, record))
        return answer

    def stop_processing_job(self: Any) -> Any:
        name = str(self.params["ProcessingJobName"])
        self.sagemaker_backend.describe_processing_job(name)
        runtime.stop(ProcessingJob, self.region, name)
        return EmptyResult()

    return {"create_processing_job": create_processing_job, "stop_processing_job": stop_processing_job}


def model_operations(runtime: Containers, original: Mapping[str, Operation]) -> dict[str, Operation]:
    """CreateModel and CreateEndpointConfig, with the fields that moto drops."""
    del runtime

    def create_model(self: Any) -> Any:
        name = str(self.params["ModelName"])
        check_name(name, "ModelName")
        if name in {model.model_name for model in self.sagemaker_backend.list_models()}:
            raise refuse(f"Cannot create already existing model {name!r}")
        answer = original["create_model"](self)
        record = self.sagemaker_backend.describe_model(name)
        record.enable_network_isolation = bool(self.params.get("EnableNetworkIsolation", False))
        record.inference_execution_config = self.params.get("InferenceExecutionConfig")
        return answer

    def create_endpoint_config(self: Any) -> Any:
        name = str(self.params["EndpointConfigName"])
        check_name(name, "EndpointConfigName")
        if name in self.sagemaker_backend.endpoint_configs:
            raise refuse(f"Cannot create already existing endpoint configuration {name!r}")
        answer = original["create_endpoint_config"](self)
        record = self.sagemaker_backend.endpoint_configs[name]
        record.shadow_production_variants = self.params.get("ShadowProductionVariants")
        record.execution_role_arn = self.params.get("ExecutionRoleArn")
        record.vpc_config = self.params.get("VpcConfig")
        record.enable_network_isolation = bool(self.params.get("EnableNetworkIsolation", False))
        return answer

    return {"create_model": create_model, "create_endpoint_config": create_endpoint_config}


def endpoint_operations(runtime: Containers, original: Mapping[str, Operation]) -> dict[str, Operation]:
    """The life of endpoints."""
    from moto.core.responses import ActionResult

    def create_endpoint(self: Any) -> Any:
        name, config = str(self.params["EndpointName"]), str(self.params["EndpointConfigName"])
        check_name(name, "EndpointName")
        if name in self.sagemaker_backend.endpoints:
            raise refuse(f"Cannot create already existing endpoint {name!r}")
        plan = plan_for(self.sagemaker_backend, config)
        answer = original["create_endpoint"](self)
        record = self.sagemaker_backend.endpoints[name]
        record.last_deployment_config = self.params.get("DeploymentConfig")
        record.data_capture_config = None
        endpoint = runtime.new_endpoint(self.region, record)
        endpoint.deploy(plan, "Creating")
        return answer

    def update_endpoint(self: Any) -> Any:
        name, config = str(self.params["EndpointName"]), str(self.params["EndpointConfigName"])
        self.sagemaker_backend.describe_endpoint(name)  # the error for an unknown one
        endpoint = runtime.endpoint(self.region, name)
        if endpoint.record.endpoint_status not in {"InService", "Failed"}:
            raise refuse(
                f"Cannot update in-progress endpoint {endpoint.record.arn!r}: it is {endpoint.record.endpoint_status}"
            )
        plan = plan_for(self.sagemaker_backend, config)
        if self.params.get("DeploymentConfig"):
            endpoint.record.last_deployment_config = self.params["DeploymentConfig"]
        endpoint.deploy(plan, "Updating")
        return ActionResult({"EndpointArn": endpoint.record.arn})

    def delete_endpoint(self: Any) -> Any:
        name = str(self.params["EndpointName"])
        answer = original["delete_endpoint"](self)
        runtime.drop_endpoint(self.region, name)
        return answer

    return {
        "create_endpoint": create_endpoint,
        "update_endpoint": update_endpoint,
        "delete_endpoint": delete_endpoint,
    }


def plan_for(backend: Any, config_name: str) -> Plan:
    """What an endpoint configuration asks to run."""
    config: Mapping[str, Any] = backend.describe_endpoint_config(config_name)
    variants: list[Mapping[str, Any]] = config["ProductionVariants"]
    containers = {}
    for declared in variants:
        model = backend.describe_model(declared["ModelName"])
        container = model.primary_container or (model.containers[0] if model.containers else {})
        if len(model.containers) > 1:
            raise refuse(
                f"model {declared['ModelName']!r} has {len(model.containers)} containers; the sandbox runs one a model"
            )
        if container.get("ModelPackageName"):
            package = backend.describe_model_package(container["ModelPackageName"])
            held = (package.inference_specification or {}).get("Containers") or [{}]
            container = {
                **held[0],
                "Environment": {**(held[0].get("Environment") or {}), **(container.get("Environment") or {})},
            }
        role = role_of(model)
        isolated = bool(model.enable_network_isolation or config.get("EnableNetworkIsolation"))
        try:
            containers[str(declared["VariantName"])] = describe(container, isolated=isolated, role=role)
        except JobError as error:
            raise refuse(str(error)) from error
    return Plan(config_name, variants, containers, config.get("DataCaptureConfig"))


def role_of(model: Any) -> str:
    """ARN of the role of one of moto's models; empty for one that was made without, for which moto has a word."""
    arn = str(model.execution_role_arn)
    return arn if ":iam:" in arn else ""


def package_operations(runtime: Containers, original: Mapping[str, Operation]) -> dict[str, Operation]:
    """CreateModelPackage and UpdateModelPackage, which announce themselves."""

    def announce(self: Any, arn: str) -> None:
        package = self.sagemaker_backend.describe_model_package(arn)
        runtime.context.announce(
            "SageMaker Model Package State Change", package.gen_response_object(), arn=package.arn, region=self.region
        )

    def create_model_package(self: Any) -> Any:
        answer = original["create_model_package"](self)
        announce(self, answer.result["ModelPackageArn"])
        return answer

    def update_model_package(self: Any) -> Any:
        package = self.sagemaker_backend.describe_model_package(self.params["ModelPackageArn"])
        before = (package.model_approval_status, package.approval_description, package.customer_metadata_properties)
        answer = original["update_model_package"](self)
        # moto writes every field; the service leaves those alone that a call does not name.
        if "ModelApprovalStatus" not in self.params:
            package.model_approval_status = before[0]
        if "ApprovalDescription" not in self.params:
            package.approval_description = before[1]
        removed = set(self.params.get("CustomerMetadataPropertiesToRemove") or [])
        kept = {**(before[2] or {}), **(self.params.get("CustomerMetadataProperties") or {})}
        package.customer_metadata_properties = {key: value for key, value in kept.items() if key not in removed}
        announce(self, package.arn)
        return answer

    return {"create_model_package": create_model_package, "update_model_package": update_model_package}
