"""What is on the clock: the schedule rules of EventBridge and the schedules of EventBridge Scheduler."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from sandbox.events.clock import Entry
from sandbox.events.courier import Send
from sandbox.events.envelope import event, iso_time
from sandbox.events.targets import Parcel
from sandbox.events.transform import target_input


def rule_arn(rule: Any) -> dict[str, str]:
    """ARN and name of one of moto's rules."""
    return {"arn": str(rule.arn), "name": str(rule.name)}


def rule_entries(account: str, send: Send) -> Iterator[Entry]:
    """The enabled schedule rules of every region."""
    from moto.events.models import events_backends

    for region, backend in list(events_backends[account].items()):
        for bus in list(backend.event_buses.values()):
            for rule in list(bus.rules.values()):
                if rule.scheduled_expression and rule.state != "DISABLED":
                    yield _rule_entry(rule, account, region, send)


def _rule_entry(rule: Any, account: str, region: str, send: Send) -> Entry:
    def fire(due: datetime) -> None:
        happening = event(
            source="aws.events",
            detail_type="Scheduled Event",
            detail={},
            account=account,
            region=region,
            time=due,
            resources=[rule.arn],
        )
        for target in list(rule.targets):
            text = target_input(target, happening, rule_arn(rule), iso_time(due))
            send(Parcel(target, text, happening["id"]), str(rule.arn))

    return Entry(str(rule.arn), str(rule.scheduled_expression), "UTC", fire)


def scheduler_entries(account: str, send: Send) -> Iterator[Entry]:
    """The enabled schedules of EventBridge Scheduler in every region."""
    from moto.scheduler.models import scheduler_backends

    for backend in list(scheduler_backends[account].values()):
        for group in list(backend.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state != "DISABLED":
                    yield _schedule_entry(group, schedule, send)


def _schedule_entry(group: Any, schedule: Any, send: Send) -> Entry:
    def fire(due: datetime) -> None:
        identity = str(uuid.uuid4())
        words = {
            "<aws.scheduler.schedule-arn>": str(schedule.arn),
            "<aws.scheduler.scheduled-time>": iso_time(due),
            "<aws.scheduler.execution-id>": identity,
            "<aws.scheduler.attempt-number>": "1",
        }
        text = str(schedule.target.get("Input") or "{}")
        for word, value in words.items():
            text = text.replace(word, value)
        parameters = schedule.target.get("EventBridgeParameters")
        if parameters:
            text = json.dumps(
                {"source": parameters["Source"], "detail-type": parameters["DetailType"], "detail": json.loads(text)}
            )
        target = {key: value for key, value in schedule.target.items() if key != "EventBridgeParameters"}
        send(Parcel(target, text, identity), str(schedule.arn))

    def finished() -> None:
        if schedule.action_after_completion == "DELETE":
            group.schedules.pop(schedule.name, None)

    return Entry(
        str(schedule.arn),
        str(schedule.schedule_expression),
        str(schedule.schedule_expression_timezone or "UTC"),
        fire,
        starts=_moment(schedule.start_date),
        ends=_moment(schedule.end_date),
        finished=finished,
    )


def _moment(value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return datetime.fromtimestamp(float(value), timezone.utc)
