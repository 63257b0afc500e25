"""The state machine that waits for decisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.shared.aws.sdk import client, code_of


class StateMachine:
    """Task tokens and promotions."""

    def __init__(self, arn: str) -> None:
        self._arn = arn

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Ends a wait; False for a token that nobody waits for."""
        from botocore.exceptions import ClientError

        try:
            client("stepfunctions").send_task_success(taskToken=token, output=json.dumps(dict(output), sort_keys=True))
        except ClientError as error:
            if code_of(error) in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
                return False
            raise
        return True

    def start(self, name: str, given: Mapping[str, Any]) -> None:
        """Starts an execution; the same name again is the same execution."""
        from botocore.exceptions import ClientError

        try:
            client("stepfunctions").start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps(dict(given), sort_keys=True)
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
