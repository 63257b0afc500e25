"""SageMaker's operations for transform jobs, put in the place of moto's, which end at once and read nothing."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sandbox.containers.control import Operation, check_name, in_use, refuse, role_of
from sandbox.containers.endpoints.model import describe
from sandbox.containers.jobs.transform import TransformJob
from sandbox.containers.storage import JobError

if TYPE_CHECKING:
    from sandbox.containers.runtime import Containers


def transform_operations(runtime: Containers, original: Mapping[str, Operation]) -> dict[str, Operation]:
    """CreateTransformJob and StopTransformJob."""
    from moto.core.responses import EmptyResult

    def create_transform_job(self: Any) -> Any:
        request = copy.deepcopy(dict(self.params))
        name, backend = str(request["TransformJobName"]), self.sagemaker_backend
        check_name(name, "TransformJobName")
        if name in backend.transform_jobs:
            raise in_use(
                f"Transform job names must be unique within an AWS account and region, and {name!r} already exists"
            )
        check_request(request)
        model = backend.describe_model(str(request["ModelName"]))
        try:
            isolated, role = bool(model.enable_network_isolation), role_of(model)
            container = describe(model.primary_container, isolated=isolated, role=role)
        except JobError as error:
            raise refuse(str(error)) from error
        answer = original["create_transform_job"](self)
        runtime.begin(
            TransformJob(container, runtime.context, self.region, name, request, backend.transform_jobs[name])
        )
        return answer

    def stop_transform_job(self: Any) -> Any:
        name = str(self.params["TransformJobName"])
        self.sagemaker_backend.describe_transform_job(name)
        runtime.stop(TransformJob, self.region, name)
        return EmptyResult()

    return {"create_transform_job": create_transform_job, "stop_transform_job": stop_transform_job}


def check_request(request: Mapping[str, Any]) -> None:
    """Refuses what the sandbox does not do: it neither splits nor joins nor unpacks files."""
    given: Mapping[str, Any] = request["TransformInput"]
    output: Mapping[str, Any] = request["TransformOutput"]
    asked = {
        "TransformInput.SplitType": given.get("SplitType", "None"),
        "TransformInput.CompressionType": given.get("CompressionType", "None"),
        "TransformOutput.AssembleWith": output.get("AssembleWith", "None"),
    }
    for field, value in asked.items():
        if value != "None":
            raise refuse(f"{field} is {value!r}; the sandbox has None: it sends each file as it is")
    kind = (given["DataSource"].get("S3DataSource") or {}).get("S3DataType")
    if kind != "S3Prefix":
        raise refuse(f"TransformInput.DataSource asks for {kind!r}; the sandbox has S3Prefix")
    if request.get("DataProcessing"):
        raise refuse("DataProcessing is given; the sandbox neither filters nor joins rows")
