"""What Step Functions tries in a state machine's role when the machine is made or changed, in AWS's words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.callers import Caller, service
from sandbox.cloud import Judge

SESSION = "StepFunctions"
"""The name under which Step Functions assumes roles."""
LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
"""What delivering logs takes (Step Functions Developer Guide, "Using CloudWatch Logs to log execution history")."""
HEARING = ("events:DescribeRule", "events:PutRule", "events:PutTargets")
"""What waiting for a job takes, which Step Functions hears of by a rule that it keeps in the account."""
RULES: Mapping[str, str] = {
    "sagemaker:createProcessingJob": "StepFunctionsGetEventsForSageMakerProcessingJobsRule",
    "sagemaker:createTrainingJob": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    "sagemaker:createTransformJob": "StepFunctionsGetEventsForSageMakerTransformJobsRule",
    "states:startExecution": "StepFunctionsGetEventsForStepFunctionsExecutionRule",
}
"""The rule by which Step Functions hears of the end of what a `.sync` task begins."""
_SYNC = re.compile(r"arn:[\w-]+:states:::(\w+:\w+)\.sync(?::2)?$")


def lacking(judge: Judge, machine: str, role: str, definition: str, logging: Mapping[str, Any] | None) -> str:
    """Why a machine cannot be made with a role, in AWS's words; empty where it can.

    Args:
        judge: says why IAM refuses something.
        machine: ARN of the machine.
        role: ARN of its role.
        definition: its states, as JSON.
        logging: its logging configuration, if it has one.
    """
    partition, _, region, account = machine.split(":")[1:5]
    if judge(service("states.amazonaws.com", machine, account), "sts:AssumeRole", role, region):
        return (
            f"Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume "
            f"the provided role: {role}"
        )

    def refused(actions: Iterable[str], resource: str) -> bool:
        return any(judge(Caller(role, SESSION), action, resource, region) for action in actions)

    if str((logging or {}).get("level", "OFF")) != "OFF" and refused(LOG_DELIVERY, "*"):
        return "The state machine IAM Role is not authorized to access the Log Destination"
    for rule in awaited(definition):
        if refused(HEARING, f"arn:{partition}:events:{region}:{account}:rule/{rule}"):
            return f"'{role}' is not authorized to create managed-rule."
    return ""


def awaited(definition: str) -> list[str]:
    """The rules by which Step Functions hears of what a definition's tasks wait for."""
    found = (_SYNC.match(resource) for resource in _resources(json.loads(definition)))
    return sorted({RULES[one[1]] for one in found if one is not None and one[1] in RULES})


def _resources(value: Any) -> Iterator[str]:
    """The integrations that a definition names, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("Resource"), str):
            yield value["Resource"]
        for inner in value.values():
            yield from _resources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _resources(inner)
