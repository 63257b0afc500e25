"""What is changed in moto's interpreter: where its calls go, how names are cased, what stopping means."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from sandbox.events.hooks import Hooks, inner
from sandbox.events.targets import service_of
from sandbox.workflow.casing import from_response, to_request
from sandbox.workflow.names import error_prefix, operation_model
from sandbox.workflow.tasks import ClientFor, execution_task, sagemaker_task

MESSAGES = {
    "InvalidDefinition": "Invalid State Machine Definition",
    "InvalidExecutionInput": "Invalid State Machine Execution Input",
    "InvalidToken": "Invalid Token: 'Invalid token'",
    "MissingRequiredParameter": "Missing required parameter",
    "ResourceNotFound": "Resource not found",
    "TaskDoesNotExist": "Task does not exist",
    "TaskTimedOut": "Task Timed Out: 'Provided task does not exist anymore'",
}
"""Code of an error of the interpreter → its text where it gives none."""


def redirect_clients(hooks: Hooks, client_for: ClientFor) -> None:
    """Sends every call of the interpreter to the local cloud."""
    from moto.stepfunctions.parser.asl.utils import boto_client

    original = boto_client.boto_client_for
    # Each integration imported the name for itself.
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions") and vars(module).get("boto_client_for") is original:
            hooks.replace(module, "boto_client_for", client_for)


def tell_status_from_the_start(hooks: Hooks) -> None:
    """An execution that is listed before its thread has begun runs, too: moto has no status for it and fails."""
    from moto.stepfunctions.parser.api import ExecutionStatus
    from moto.stepfunctions.parser.backend.execution import Execution

    hooks.replace(Execution, "status", property(lambda one: (one.exec_status or ExecutionStatus.RUNNING).value))


def add_integrations(hooks: Hooks, client_for: ClientFor) -> None:
    """Puts our SageMaker and startExecution states in the place of moto's."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_factory

    original = state_task_service_factory.state_task_service_for
    own: dict[str, Callable[[], Any]] = {"sagemaker": sagemaker_task(client_for), "states": execution_task(client_for)}

    def choose(service_name: str) -> Any:
        return own[service_name]() if service_name in own else original(service_name=service_name)

    for module in (state_task_factory, state_task_service_factory):
        hooks.replace(module, "state_task_service_for", choose)


def translate_names(hooks: Hooks) -> None:
    """Cases parameters and answers by botocore's shapes, and gives `aws-sdk` integrations AWS's names."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
        StateTaskService,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
        StateTaskServiceAwsSdk,
    )

    def action_of(task: Any, service: str | None, action: str | None) -> Any:
        return operation_model(service or task.resource.api_name, (action or task.resource.api_action).replace("_", ""))

    def parameters(
        self: Any,
        parameters: dict[str, Any],
        boto_service_name: str | None = None,
        service_action_name: str | None = None,
    ) -> None:
        shape = action_of(self, boto_service_name, service_action_name).input_shape
        _put(parameters, to_request(dict(parameters), shape))

    def response(
        self: Any, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
    ) -> None:
        if isinstance(response, dict):
            shape = action_of(self, boto_service_name, service_action_name).output_shape
            _put(response, from_response(dict(response), shape))

    def service_name(self: Any, boto_service_name: str | None = None) -> str:
        return service_of(boto_service_name or self.resource.api_name)

    hooks.replace(StateTaskService, "_normalise_parameters", parameters)
    hooks.replace(StateTaskService, "_normalise_response", response)
    hooks.replace(StateTaskService, "_get_boto_service_name", service_name)
    hooks.replace(StateTaskServiceAwsSdk, "_normalise_service_error_name", staticmethod(error_prefix))


def mend_stopping(hooks: Hooks) -> None:
    """Lets a stopped execution end in every state, and a task token be used once."""
    from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackPoolManager
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut

    set_error, set_stop, set_timed_out = Environment.set_error, Environment.set_stop, Environment.set_timed_out
    notify = CallbackPoolManager.notify

    def error_unless_ended(self: Any, error: Any) -> None:
        # A state that was interrupted by a stop fails in its own way; the execution stays stopped.
        if not isinstance(self.program_state(), ProgramStopped | ProgramTimedOut):
            set_error(self, error=error)

    def release(self: Any) -> None:
        for endpoint in list(inner(self.callback_pool_manager, "_pool").values()):
            endpoint.interrupt_all()

    def stop(self: Any, **words: Any) -> None:
        set_stop(self, **words)
        release(self)

    def timed_out(self: Any) -> None:
        set_timed_out(self)
        release(self)

    def notify_once(self: Any, callback_id: str, outcome: Any) -> bool:
        endpoint = self.get(callback_id)
        if endpoint is not None and inner(endpoint, "_notify_event").is_set():
            raise refusal("TaskTimedOut", MESSAGES["TaskTimedOut"])
        return bool(notify(self, callback_id=callback_id, outcome=outcome))

    hooks.replace(Environment, "set_error", error_unless_ended)
    hooks.replace(Environment, "set_stop", stop)
    hooks.replace(Environment, "set_timed_out", timed_out)
    hooks.replace(CallbackPoolManager, "notify", notify_once)


def name_errors(hooks: Hooks) -> None:
    """Gives the interpreter's refusals their codes: moto answers them without one, or with status 500."""
    from moto.stepfunctions.parser import models

    for code, words in MESSAGES.items():
        hooks.replace(models, code, lambda message=words, code=code: refusal(code, message))


def refusal(code: str, message: str) -> Exception:
    """An error that SDKs turn into the exception of that name."""
    from moto.core.exceptions import JsonRESTError

    error: Exception = JsonRESTError(code, message)
    return error


def _put(target: dict[str, Any], values: dict[str, Any]) -> None:
    target.clear()
    target.update(values)
