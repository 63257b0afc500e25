"""Step Functions and Lambda."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on


def machine(call: Call) -> str:
    """The ARN of a state machine, without the alias or version that it is asked for by."""
    arn = call.text("stateMachineArn")
    return ":".join(arn.split(":")[:7])


def _execution(operation: str) -> Row:
    return on(f"states:{operation}", lambda call: call.text("executionArn"))


def _answers(operation: str) -> Row:
    """Judged by the machine whose execution waits for the token."""

    def row(call: Call, state: State) -> Iterable[Need]:
        found = state.find("state machine", call.text("taskToken"))
        yield Need(f"states:{operation}", (found,) if found else ())

    return row


STATES: Final[Table] = {
    "DescribeExecution": _execution("DescribeExecution"),
    "DescribeStateMachine": on("states:DescribeStateMachine", machine),
    "GetExecutionHistory": _execution("GetExecutionHistory"),
    "ListExecutions": on("states:ListExecutions", machine),
    "ListStateMachines": anything("states:ListStateMachines"),
    "SendTaskFailure": _answers("SendTaskFailure"),
    "SendTaskHeartbeat": _answers("SendTaskHeartbeat"),
    "SendTaskSuccess": _answers("SendTaskSuccess"),
    "StartExecution": on("states:StartExecution", machine),
    "StopExecution": _execution("StopExecution"),
}


def function(call: Call) -> str:
    """The ARN of a function by name, `name:alias`, partial or full ARN, and its qualifier."""
    name, qualifier = call.text("FunctionName"), call.text("Qualifier")
    if not name.startswith("arn:"):
        parts = name.split(":")
        # Partial: ACCOUNT:function:NAME[:ALIAS].
        short = parts[2:] if "function" in parts[:2] else parts
        name = call.arn("lambda", f"function:{':'.join(short)}")
    return f"{name}:{qualifier}" if qualifier and len(name.split(":")) == 7 else name


def _invokes(call: Call, _: State) -> Iterable[Need]:
    yield Need("lambda:InvokeFunction", (function(call),))


LAMBDA: Final[Table] = {
    "GetFunction": on("lambda:GetFunction", function),
    "GetFunctionConfiguration": on("lambda:GetFunctionConfiguration", function),
    "Invoke": _invokes,
    "InvokeAsync": _invokes,
    "InvokeWithResponseStream": _invokes,
}
