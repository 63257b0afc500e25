"""The workflow runtime: moto's Step Functions interpreter switched on, mended and watched."""

from __future__ import annotations

import importlib
import logging
import re
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Protocol

from sandbox.callers import Callers
from sandbox.cloud import Judge, local_client
from sandbox.events.hooks import Hooks, inner
from sandbox.workflow import patches
from sandbox.workflow.check import problems
from sandbox.workflow.observe import log_for, status_event
from sandbox.workflow.rights import SESSION, lacking

LOG = logging.getLogger(__name__)

NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
"""Names that Step Functions takes for executions."""

LOG_SESSION = "_cloud_watch_logging_session"
"""Where moto's execution holds what its history is written to."""

LONGEST_CALL_S = 960
"""A function may run for 15 minutes while a state waits for it."""


class WorkflowCloud(Protocol):
    """What this runtime needs of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    @property
    def region(self) -> str:
        """The region of the stack."""

    @property
    def endpoint(self) -> str:
        """The address of the services."""

    @property
    def callers(self) -> Callers:
        """Who has keys."""

    @property
    def judge(self) -> Judge:
        """Says why IAM refuses something."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""


class Workflows:
    """Step Functions.

    Build it with the cloud and a directory (unused: nothing is written), call `install()` before state machines are
    made, `attach()` after the program, `close()` at the end: running executions are stopped and moto is as it was.
    """

    def __init__(self, cloud: WorkflowCloud, directory: Path) -> None:
        self._cloud = cloud
        self.directory = directory
        self._hooks = Hooks()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()
        self._configured: dict[str, Any] | None = None
        self._closed = False

    def install(self) -> None:
        """Switches the interpreter on and mends it."""
        from moto.core.config import default_user_config

        importlib.import_module("moto.stepfunctions.parser.models")  # only what is loaded can be hooked
        # The interpreter logs each failed state with its whole syntax tree; the history tells the same.
        self._quiet = logging.getLogger("moto.stepfunctions")
        self._quiet.setLevel(logging.CRITICAL)
        self._configured = dict(default_user_config.get("stepfunctions") or {})
        default_user_config["stepfunctions"] = {**self._configured, "execute_state_machine": True}
        patches.redirect_clients(self._hooks, self.client_for)
        patches.tell_status_from_the_start(self._hooks)
        patches.add_integrations(self._hooks, self.client_for)
        patches.translate_names(self._hooks)
        patches.mend_stopping(self._hooks)
        patches.name_errors(self._hooks)
        self._mend_backend()
        self._try_roles()
        self._mend_responses()

    def attach(self, ledger: object) -> None:
        """Nothing to read: state machines got their declarations by the calls that made them."""
        del ledger

    def close(self, timeout_s: float = 5.0) -> None:
        """Stops what runs, within seconds, and undoes the hooks."""
        if self._configured is None:
            return
        self._closed = True
        running = self.running()
        for execution in running:
            _stop(execution, "Sandbox.Closed", "the sandbox was closed")
        until = time.monotonic() + timeout_s
        while any(execution.status == "RUNNING" for execution in running) and time.monotonic() < until:
            time.sleep(0.02)
        self._hooks.undo()
        from moto.core.config import default_user_config

        default_user_config["stepfunctions"] = self._configured
        self._quiet.setLevel(logging.NOTSET)
        self._configured = None

    def running(self) -> list[Any]:
        """The executions that have not ended, in every region."""
        from moto.stepfunctions.parser.models import stepfunctions_parser_backends

        backends = list(stepfunctions_parser_backends[self._cloud.account].values())
        machines = [machine for backend in backends for machine in list(backend.state_machines)]
        everything = [execution for machine in machines for execution in list(machine.executions)]
        return [execution for execution in everything if execution.status == "RUNNING"]

    def client_for(self, region: str, service: str, state_credentials: Any = None) -> Any:
        """A client for the calls of states, in the machine's role or the state's own.

        It is patient enough for a long function, and never repeats by itself.
        """
        role = str(getattr(state_credentials, "role_arn", None) or "")
        key = self._cloud.callers.role(role, SESSION)
        wanted = (region, service, key)
        with self._lock:
            if wanted not in self._clients:
                # Retrying is the state machine's own business (Retry), as it is for every local client.
                self._clients[wanted] = local_client(
                    service, self._cloud.endpoint, region, key=key, read_timeout_s=LONGEST_CALL_S
                )
            return self._clients[wanted]

    def _mend_backend(self) -> None:
        from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution
        from moto.stepfunctions.parser.models import StepFunctionsParserBackend

        validate, begin = (
            inner(StepFunctionsParserBackend, "_validate_definition"),
            StepFunctionsParserBackend.start_execution,
        )
        listed, start = inner(StepFunctionsParserBackend, "_get_executions"), Execution.start
        terminated = BaseExecutionWorkerCommunication.terminated

        def validate_definition(definition: str) -> None:
            found = problems(definition)
            if found:
                raise patches.refusal("InvalidDefinition", "; ".join(found))
            validate(definition=definition)

        def start_execution(
            backend: Any,
            state_machine_arn: str,
            name: str | None = None,
            execution_input: str | None = None,
            trace_header: Any = None,
        ) -> Any:
            if name is not None and not NAME.fullmatch(name):
                raise patches.refusal("InvalidName", f"Invalid Name: '{name}'")
            return begin(backend, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)

        def with_environment(backend: Any, execution_status: Any = None) -> list[Any]:
            # Asked for the owner of a task token. An ended execution is one too: its token is used, not unknown. One
            # that has just been started has no environment yet, and moto would fail on it.
            del execution_status
            return [found for found in listed(backend) if found.exec_worker and found.exec_worker.env]

        def start_observed(execution: Any) -> None:
            machine = execution.state_machine
            logs = self._cloud.client("logs", execution.region_name)
            log = log_for(execution, machine.loggingConfiguration, logs)
            setattr(execution, LOG_SESSION, log)
            start(execution)
            status_event(execution, self._cloud.account)

        def terminated_observed(communication: Any) -> None:
            terminated(communication)
            if not self._closed:
                status_event(communication.execution, self._cloud.account)

        self._hooks.replace(StepFunctionsParserBackend, "_validate_definition", staticmethod(validate_definition))
        self._hooks.replace(StepFunctionsParserBackend, "start_execution", start_execution)
        self._hooks.replace(StepFunctionsParserBackend, "_get_executions", with_environment)
        self._hooks.replace(Execution, "start", start_observed)
        self._hooks.replace(BaseExecutionWorkerCommunication, "terminated", terminated_observed)

    def _try_roles(self) -> None:
        """Refuses a machine whose role lacks what Step Functions tries when it is made or changed."""
        from moto.stepfunctions.parser.models import StepFunctionsParserBackend as Backend

        create, update = Backend.create_state_machine, Backend.update_state_machine

        def allowed(machine: str, role: str, definition: str, logging_configuration: Any) -> None:
            problem = lacking(self._cloud.judge, machine, role, definition, logging_configuration)
            if problem:
                raise patches.refusal("AccessDeniedException", problem)

        def create_state_machine(backend: Any, **given: Any) -> Any:
            inner(backend, "_validate_definition")(definition=given["definition"])
            place = f"{backend.partition}:states:{backend.region_name}:{backend.account_id}"
            machine = f"arn:{place}:stateMachine:{given['name']}"
            allowed(machine, given["roleArn"], given["definition"], given.get("loggingConfiguration"))
            return create(backend, **given)

        def update_state_machine(backend: Any, arn: str, **more: Any) -> Any:
            machine = backend.describe_state_machine(arn)
            if more.get("definition"):
                inner(backend, "_validate_definition")(definition=more["definition"])
            allowed(
                arn,
                more.get("role_arn") or machine.roleArn,
                more.get("definition") or machine.definition,
                more.get("logging_configuration") or machine.loggingConfiguration,
            )
            return update(backend, arn, **more)

        self._hooks.replace(Backend, "create_state_machine", create_state_machine)
        self._hooks.replace(Backend, "update_state_machine", update_state_machine)

    def _mend_responses(self) -> None:
        from moto.core.responses import ActionResult, EmptyResult
        from moto.stepfunctions.responses import StepFunctionResponse

        describe = StepFunctionResponse.describe_execution

        def stop_execution(response: Any) -> Any:
            execution = response.stepfunction_backend.describe_execution(parameter(response, "executionArn"))
            if execution.status == "RUNNING":
                _stop(execution, parameter(response, "error"), parameter(response, "cause"))
            stopped = execution.stop_date or time.time()
            return ActionResult({"stopDate": stopped})

        def describe_execution(response: Any) -> Any:
            answer = describe(response)
            execution = response.stepfunction_backend.describe_execution(parameter(response, "executionArn"))
            if execution.stop_date is not None:
                answer.result["stopDate"] = execution.stop_date
            return answer

        def send_task_failure(response: Any) -> Any:
            response.stepfunction_backend.send_task_failure(
                parameter(response, "taskToken"), error=parameter(response, "error"), cause=parameter(response, "cause")
            )
            return EmptyResult()

        self._hooks.replace(StepFunctionResponse, "stop_execution", stop_execution)
        self._hooks.replace(StepFunctionResponse, "describe_execution", describe_execution)
        self._hooks.replace(StepFunctionResponse, "send_task_failure", send_task_failure)


def _stop(execution: Any, error: str | None, cause: str | None) -> None:
    """Stops one of moto's executions; waits first for one that is just beginning."""
    from moto.core.utils import utcnow

    until = time.monotonic() + 5
    while execution.exec_worker.env is None and time.monotonic() < until:
        time.sleep(0.01)
    if execution.exec_worker.env is not None:
        execution.error, execution.cause = error, cause
        execution.stop(stop_date=utcnow(), error=error, cause=cause)


def parameter(response: Any, name: str) -> Any:
    """A parameter of the request that one of moto's responses answers."""
    return inner(response, "_get_param")(name)
