"""CloudWatch's operations on alarms, where moto has none or does not check what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.alarms.changes import Changes
from sandbox.alarms.data import refuse
from sandbox.alarms.definitions import DefinitionError, definition
from sandbox.alarms.rules import RuleError, read
from sandbox.events.hooks import inner

Operation = Callable[..., Any]
_KEPT_BY_CHANGE = ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history")


def on_alarms(changes: Changes) -> dict[str, Operation]:
    """PutCompositeAlarm and DescribeAlarmHistory, as methods of moto's response."""
    from moto.core.responses import ActionResult

    def put_composite_alarm(response: Any) -> Any:
        if inner(response, "_get_param")("ActionsSuppressor"):
            raise refuse("ActionsSuppressor is not known on this machine; leave it out")
        return response.put_metric_alarm()

    def describe_alarm_history(response: Any) -> Any:
        parameter = inner(response, "_get_param")
        rows = changes.history(response.region, parameter("AlarmName") or "", parameter("HistoryItemType") or "")
        return ActionResult({"AlarmHistoryItems": rows[: int(parameter("MaxRecords") or 100)]})

    return {"put_composite_alarm": put_composite_alarm, "describe_alarm_history": describe_alarm_history}


def checked(put: Operation) -> Operation:
    """Moto's put_metric_alarm, with CloudWatch's checks and first state around it."""

    def put_metric_alarm(backend: Any, *args: Any, **given: Any) -> Any:
        name = given["name"]
        before = backend.alarms.get(name)
        alarm = put(backend, *args, **given)
        try:
            if alarm.rule is None:
                definition(alarm, backend.region_name)
            else:
                _check_rule(backend, alarm)
        except (DefinitionError, RuleError) as fault:
            del backend.alarms[name]
            if before is not None:
                backend.alarms[name] = before
            raise refuse(str(fault)) from fault
        if before is None:
            alarm.state_value = "INSUFFICIENT_DATA"
        else:
            for field in _KEPT_BY_CHANGE:
                setattr(alarm, field, getattr(before, field))
        return alarm

    return put_metric_alarm


def setting(changes: Changes, lock: Any) -> Callable[[Operation], Operation]:
    """Moto's set_alarm_state, which acts as a change by data does; the next evaluation may change it again."""

    def around(original: Operation) -> Operation:
        def set_alarm_state(backend: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
            alarm = backend.alarms.get(alarm_name)
            if alarm is None or state_value not in {"OK", "ALARM", "INSUFFICIENT_DATA"}:
                original(backend, alarm_name, reason, reason_data, state_value)
                return
            with lock:
                changes.put(backend.region_name, alarm, state_value, reason, reason_data or "{}")

        return set_alarm_state

    return around


def _check_rule(backend: Any, alarm: Any) -> None:
    alarm.alarm_rule = alarm.rule
    missing = [name for name in read(alarm.rule).names if name not in backend.alarms or name == alarm.name]
    if missing:
        raise RuleError(f"AlarmRule of {alarm.name!r} asks for {', '.join(missing)}, which there is not; make it first")
