"""Trainings as executions of a state machine."""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

from functions.shared.aws.sdk import client, told


class Executions:
    """Starts executions of one state machine."""

    def __init__(self, state_machine_arn: str) -> None:
        self._arn = state_machine_arn

    def start(self, name: str, given: dict[str, Any]) -> str:
        """Starts one; Step Functions gives the same one again for the same name and input while it runs."""
        with told(
            ExecutionAlreadyExists="already_started",
            ExecutionLimitExceeded="throttled",
            StateMachineDeleting="unavailable",
        ):
            started = client("stepfunctions").start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps(given, sort_keys=True)
            )
        moment = started["startDate"].astimezone(timezone.utc)
        return str(moment.isoformat(timespec="seconds")[:-6] + "Z")
