"""Where moto is listened to: operations on tables, executions of state machines, messages in queues."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from sandbox.alarms.measured.meter import OPERATIONS, Meter
from sandbox.events.hooks import Hooks, inner

_ENDS: Final = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def watch(hooks: Hooks, meter: Meter) -> None:
    """Listens until the hooks are undone."""
    from moto.dynamodb.responses import DynamoHandler
    from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

    hooks.wrap(DynamoHandler, "call_action", lambda original: _timed(original, meter))
    hooks.wrap(Execution, "start", lambda original: _started(original, meter))
    hooks.wrap(BaseExecutionWorkerCommunication, "terminated", lambda original: _ended(original, meter))


def sample_queues(account: str, meter: Meter) -> None:
    """What waits in every queue now."""
    from moto.sqs.models import sqs_backends

    for region, backend in list(sqs_backends[account].items()):
        for queue in list(backend.queues.values()):
            meter.queued(region, queue.name, queue.approximate_number_of_messages)


def _timed(original: Callable[[Any], Any], meter: Meter) -> Callable[[Any], Any]:
    def call_action(handler: Any) -> Any:
        began = time.perf_counter()
        answer = original(handler)
        operation = str(inner(handler, "_get_action")())
        if operation in OPERATIONS and answer[0] < 400:
            took_ms = (time.perf_counter() - began) * 1000
            for table in _tables(handler.body):
                meter.operated(handler.region, table, operation, took_ms)
        return answer

    return call_action


def _tables(body: Any) -> Iterable[str]:
    if body.get("TableName"):
        return [body["TableName"].rpartition("/")[2]]
    if body.get("RequestItems"):
        return list(body["RequestItems"])
    rows = (inner for row in body.get("TransactItems") or [] for inner in row.values())
    return [row["TableName"].rpartition("/")[2] for row in rows]


def _started(original: Callable[[Any], None], meter: Meter) -> Callable[[Any], None]:
    def start(execution: Any) -> None:
        original(execution)
        meter.executed(execution.region_name, _machine(execution), "ExecutionsStarted")

    return start


def _ended(original: Callable[[Any], None], meter: Meter) -> Callable[[Any], None]:
    def terminated(communication: Any) -> None:
        original(communication)
        execution = communication.execution
        end = _ENDS.get(str(execution.status))
        if end is None:
            return
        region, machine = execution.region_name, _machine(execution)
        for name in _ENDS.values():
            meter.executed(region, machine, name, float(name == end))
        if execution.start_date and execution.stop_date:
            took_ms = (execution.stop_date - execution.start_date).total_seconds() * 1000
            meter.executed(region, machine, "ExecutionTime", took_ms, "Milliseconds")

    return terminated


def _machine(execution: Any) -> str:
    return str(execution.state_machine_arn)
