"""The integrations that moto's interpreter lacks: SageMaker's jobs that are waited for, and executions that are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.events.hooks import inner
from sandbox.workflow.casing import from_response
from sandbox.workflow.names import cause_of, method_name, native_error, operation_model

POLL_S = 0.2
"""How often a job that is waited for is looked at."""

ClientFor = Callable[..., Any]
"""moto's `boto_client_for(region, service, state_credentials)`."""

JOBS: Mapping[str, tuple[str, str, str]] = {
    "createTrainingJob": ("TrainingJobName", "TrainingJobStatus", "describe_training_job"),
    "createProcessingJob": ("ProcessingJobName", "ProcessingJobStatus", "describe_processing_job"),
}
"""Operation → the name's field, the status's field, how to look."""

STOP = {"createTrainingJob": "stop_training_job", "createProcessingJob": "stop_processing_job"}


def sagemaker_task(client_for: ClientFor) -> type[Any]:
    """The class of states whose resource is `arn:aws:states:::sagemaker:…`."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
        StateTaskServiceCallback,
    )

    def init(self: Any) -> None:
        StateTaskServiceCallback.__init__(self, supported_integration_patterns={ResourceCondition.Sync})

    def supported(self: Any) -> None:
        """The definition was checked before."""
        operation_model("sagemaker", self.resource.api_action)

    def submit(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        client = client_for(resource_runtime_part.region, "sagemaker", state_credentials)
        response = getattr(client, method_name("sagemaker", self.resource.api_action))(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(response)

    def wait(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        env.stack.pop()
        client = client_for(resource_runtime_part.region, "sagemaker", state_credentials)
        action = self.resource.api_action
        field, status_field, describe = JOBS[action]
        name = {field: normalised_parameters[field]}
        shape = operation_model("sagemaker", describe.replace("_", "")).output_shape
        while env.is_running():
            found = getattr(client, describe)(**name)
            found.pop("ResponseMetadata", None)
            if found[status_field] in {"Completed", "Failed", "Stopped"}:
                described = from_response(found, shape)
                if found[status_field] != "Completed":
                    raise task_failed(self, env, json.dumps(described))
                env.stack.append(described)
                return
            env.program_state_event.wait(POLL_S)
        # The state timed out or the execution was stopped: the job it started is stopped with it.
        stop_quietly(lambda: getattr(client, STOP[action])(**name))
        env.stack.append({})

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        if isinstance(ex, ClientError):
            error = native_error("sagemaker", ex.response["Error"]["Code"])
            return failure_event(self, env, error, cause_of(ex.response, "sagemaker"))
        return inner(StateTaskServiceCallback, "_from_error")(self, env=env, ex=ex)

    return type(
        "SageMakerTask",
        (StateTaskServiceCallback,),
        {
            "__init__": init,
            "_validate_service_integration_is_supported": supported,
            "_eval_service_task": submit,
            "_eval_integration_pattern": wait,
            "_from_error": from_error,
        },
    )


def execution_task(client_for: ClientFor) -> type[Any]:
    """The class of states whose resource is `arn:aws:states:::states:startExecution`; a stopped one stops its child."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
        StateTaskServiceSfn,
    )

    def wait(
        self: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        rest = (env, resource_runtime_part, normalised_parameters, state_credentials)
        if self.resource.condition == ResourceCondition.WaitForTaskToken:
            inner(StateTaskServiceSfn, "_eval_integration_pattern")(self, *rest)
            return
        arn = env.stack[-1]["ExecutionArn"]
        first = self.resource.condition == ResourceCondition.Sync
        look = self._build_sync_resolver(*rest) if first else self._build_sync2_resolver(*rest)
        while env.is_running():
            found = look()
            if found:
                env.stack.append(found)
                return
            env.program_state_event.wait(POLL_S)
        client = client_for(resource_runtime_part.region, "stepfunctions", state_credentials)
        stop_quietly(lambda: client.stop_execution(executionArn=arn, cause="the execution that waited was stopped"))
        env.stack.append({})

    return type("ExecutionTask", (StateTaskServiceSfn,), {"_eval_integration_pattern": wait})


def stop_quietly(stop: Callable[[], Any]) -> None:
    """Stops what a state had started; it may have ended in the same moment, which is as good."""
    try:
        stop()
    except ClientError:
        return


def failure_event(task: Any, env: Any, error: str, cause: str) -> Any:
    """The event of a failed task, with an error name that Retry and Catch see."""
    from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
    from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

    failed = StatesErrorNameType.StatesTaskFailed
    named = StatesErrorName(typ=failed) if error == failed.to_name() else CustomErrorName(error)
    details = TaskFailedEventDetails(
        error=error,
        cause=cause,
        resource=inner(task, "_get_sfn_resource")(),
        resourceType=inner(task, "_get_sfn_resource_type")(),
    )
    return FailureEvent(
        env=env,
        error_name=named,
        event_type=HistoryEventType.TaskFailed,
        event_details=EventDetails(taskFailedEventDetails=details),
    )


def task_failed(task: Any, env: Any, cause: str) -> Exception:
    """The failure of a job that was waited for: `States.TaskFailed` with its description as cause."""
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException

    error: Exception = FailureEventException(failure_event(task, env, "States.TaskFailed", cause))
    return error
