"""What others see of executions: events of their status, and lines in the log group of the state machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.events import bus

LOG = logging.getLogger(__name__)


def status_event(execution: Any, account: str) -> None:
    """Publishes `Step Functions Execution Status Change` for the present status of one of moto's executions."""
    status = str(execution.status)
    detail: dict[str, Any] = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date),
        "input": json.dumps(execution.input_data),
        "output": json.dumps(execution.output, default=str) if status == "SUCCEEDED" else None,
        "inputDetails": {"included": True},
        "outputDetails": {"included": True} if status == "SUCCEEDED" else None,
        "error": execution.error,
        "cause": execution.cause,
    }
    bus.publish(
        "aws.states",
        "Step Functions Execution Status Change",
        detail,
        account=account,
        region=execution.region_name,
        resources=[execution.execution_arn],
    )


def _milliseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() * 1000)


@dataclass(frozen=True)
class LogConfiguration:
    """The part of a logging configuration that moto's interpreter reads."""

    include_execution_data: bool
    log_level: str


class ExecutionLog:
    """Writes the history of one execution to the declared log group, by the declared level."""

    def __init__(self, execution_arn: str, client: Any, group: str, configuration: LogConfiguration) -> None:
        self.execution_arn = execution_arn
        self.configuration = configuration
        self._client = client
        self._group = group
        machine, name = execution_arn.split(":")[6:8]
        self._stream = f"states/{machine}/{name}"
        self._ready = False

    def log_level_filter(self, history_event_type: Any) -> bool:
        """Whether events of this type are written."""
        from moto.stepfunctions.parser.asl.eval.event.logging import is_logging_enabled_for

        return bool(is_logging_enabled_for(self.configuration.log_level, history_event_type))

    def publish_history_log(self, history_log: Mapping[str, Any]) -> None:
        """Writes one event; a log group that is gone does not end the execution."""
        try:
            if not self._ready:
                self._client.create_log_stream(logGroupName=self._group, logStreamName=self._stream)
                self._ready = True
            now = int(datetime.now(timezone.utc).timestamp() * 1000)
            line = {**history_log, "event_timestamp": str(now)}
            entry = {"timestamp": now, "message": json.dumps(line, default=str)}
            self._client.put_log_events(logGroupName=self._group, logStreamName=self._stream, logEvents=[entry])
        except (ClientError, BotoCoreError, OSError) as error:
            LOG.warning("history of %s not written to %s: %s", self.execution_arn, self._group, error)


def log_for(execution: Any, configuration: Mapping[str, Any] | None, client: Any) -> ExecutionLog | None:
    """The log of an execution, None when the state machine asks for none."""
    level = str((configuration or {}).get("level", "OFF"))
    destinations = (configuration or {}).get("destinations") or []
    if level == "OFF" or not destinations:
        return None
    arn = str(destinations[0]["cloudWatchLogsLogGroup"]["logGroupArn"])
    group = arn.split(":log-group:", 1)[1].removesuffix(":*")
    include = bool((configuration or {}).get("includeExecutionData", False))
    return ExecutionLog(str(execution.execution_arn), client, group, LogConfiguration(include, level))
