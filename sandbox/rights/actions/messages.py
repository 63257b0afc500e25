"""SQS, SNS, EventBridge and its scheduler."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from sandbox.rights.actions.call import Call, Need, Row, State, Table, anything, on, one
from sandbox.rights.actions.keys import by_service
from sandbox.rights.actions.roles import passing


def queue(call: Call) -> str:
    """The ARN of a queue by its address `…/ACCOUNT/NAME`, or by its name."""
    parts = urlsplit(call.text("QueueUrl")).path.strip("/").split("/")
    if len(parts) >= 2:
        return call.arn("sqs", parts[-1], account=parts[-2])
    return call.arn("sqs", call.text("QueueName"))


def _on_queue(action: str, *keyed: str) -> Row:
    """An operation on a queue, for which SQS asks these actions of the queue's key."""

    def row(call: Call, state: State) -> Iterable[Need]:
        arn = queue(call)
        yield Need(f"sqs:{action}", (arn,))
        yield from by_service(call, state.key_of(arn), "sqs", keyed, aws__sqs__arn=arn)

    return row


SENDING: Final = ("GenerateDataKey", "Decrypt")

SQS: Final[Table] = {
    "ChangeMessageVisibility": _on_queue("ChangeMessageVisibility"),
    "ChangeMessageVisibilityBatch": _on_queue("ChangeMessageVisibility"),
    "DeleteMessage": _on_queue("DeleteMessage"),
    "DeleteMessageBatch": _on_queue("DeleteMessage"),
    "GetQueueAttributes": _on_queue("GetQueueAttributes"),
    "GetQueueUrl": _on_queue("GetQueueUrl"),
    "ListQueues": anything("sqs:ListQueues"),
    "PurgeQueue": _on_queue("PurgeQueue"),
    "ReceiveMessage": _on_queue("ReceiveMessage", "Decrypt"),
    "SendMessage": _on_queue("SendMessage", *SENDING),
    "SendMessageBatch": _on_queue("SendMessage", *SENDING),
}


def _publishes(call: Call, state: State) -> Iterable[Need]:
    arn = call.text("TopicArn", "TargetArn")
    if not arn:
        # A text message goes to a telephone, which has no ARN.
        yield Need("sns:Publish")
        return
    yield Need("sns:Publish", (arn,))
    yield from by_service(call, state.key_of(arn), "sns", SENDING, aws__sns__topicArn=arn)


SNS: Final[Table] = {
    "GetTopicAttributes": on("sns:GetTopicAttributes", lambda call: call.text("TopicArn")),
    "Publish": _publishes,
    "PublishBatch": _publishes,
}


def rule(call: Call) -> str:
    """The ARN of a rule, on the default bus unless it names one."""
    bus = call.text("EventBusName").rsplit("/", 1)[-1]
    name = call.text("Name", "Rule")
    return call.arn("events", f"rule/{name}" if bus in {"", "default"} else f"rule/{bus}/{name}")


def _puts_events(call: Call, _: State) -> Iterable[Need]:
    for entry in call.params.get("Entries") or ():
        named = str(entry.get("EventBusName") or "default")
        bus = named if named.startswith("arn:") else call.arn("events", f"event-bus/{named}")
        facts = {
            **one("events:source", entry.get("Source")),
            **one("events:detail-type", entry.get("DetailType")),
        }
        yield Need("events:PutEvents", (bus,), facts)


def _puts_targets(call: Call, _: State) -> Iterable[Need]:
    targets = call.params.get("Targets") or ()
    yield Need("events:PutTargets", (rule(call),), {"events:targetarn": tuple(str(row["Arn"]) for row in targets)})
    for target in targets:
        yield from passing(target.get("RoleArn"), "events.amazonaws.com")


def _on_rule(operation: str) -> Row:
    return on(f"events:{operation}", rule)


EVENTS: Final[Table] = {
    "DescribeRule": _on_rule("DescribeRule"),
    "DisableRule": _on_rule("DisableRule"),
    "EnableRule": _on_rule("EnableRule"),
    "ListRules": anything("events:ListRules"),
    "ListTargetsByRule": _on_rule("ListTargetsByRule"),
    "PutEvents": _puts_events,
    "PutRule": _on_rule("PutRule"),
    "PutTargets": _puts_targets,
}


def schedule(call: Call) -> str:
    """The ARN of a schedule, in the default group unless it names one."""
    return call.arn("scheduler", f"schedule/{call.text('GroupName') or 'default'}/{call.text('Name')}")


def _updates_schedule(call: Call, _: State) -> Iterable[Need]:
    yield Need("scheduler:UpdateSchedule", (schedule(call),))
    yield from passing((call.params.get("Target") or {}).get("RoleArn"), "scheduler.amazonaws.com")


SCHEDULER: Final[Table] = {
    "GetSchedule": on("scheduler:GetSchedule", schedule),
    "UpdateSchedule": _updates_schedule,
}
