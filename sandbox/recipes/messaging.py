"""Topics, queues, event rules and schedules."""

from __future__ import annotations

import json
from typing import Any

from sandbox.recipes.recipe import Answer, Recipe, Work, hands

_TOPIC = hands(
    "archivePolicy",
    "contentBasedDeduplication",
    "deliveryPolicy",
    "displayName",
    "fifoTopic",
    "kmsMasterKeyId",
    "policy",
    "signatureVersion",
    "tracingConfig",
)
_QUEUE = {
    # Where the attribute is not the input with a capital letter.
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}
_QUEUE_INPUTS = hands(
    *_QUEUE,
    "contentBasedDeduplication",
    "deduplicationScope",
    "delaySeconds",
    "fifoQueue",
    "fifoThroughputLimit",
    "policy",
    "redriveAllowPolicy",
    "redrivePolicy",
)
_SUBSCRIPTION = hands(
    "deliveryPolicy",
    "filterPolicy",
    "filterPolicyScope",
    "rawMessageDelivery",
    "redrivePolicy",
    "subscriptionRoleArn",
)
_TARGET = {
    "targetId": "Id",
    "arn": "Arn",
    "roleArn": "RoleArn",
    "input": "Input",
    "inputPath": "InputPath",
}


def _attributes(work: Work, inputs: frozenset[str], names: dict[str, str]) -> dict[str, str]:
    found = {}
    for key in sorted(inputs):
        value = work.inputs.get(key)
        if value is not None:
            found[names.get(key, key[0].upper() + key[1:])] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else str(value)


def _with_attributes(inputs: frozenset[str], names: dict[str, str]) -> Any:
    def shape(work: Work) -> None:
        found = _attributes(work, inputs, names)
        if found:
            work.parameters["Attributes"] = found

    return shape


def _topic_policy(work: Work) -> None:
    work.parameters = {
        "TopicArn": work.inputs["arn"],
        "AttributeName": "Policy",
        "AttributeValue": _text(work.inputs["policy"]),
    }


def _queue_policy(work: Work) -> None:
    work.parameters["Attributes"] = {"Policy": _text(work.inputs["policy"])}


def _target_id(work: Work) -> str:
    return str(work.inputs.get("targetId") or work.fill("pulumi-{hash:7}"))


def _target(work: Work) -> None:
    target = {name: work.inputs[key] for key, name in _TARGET.items() if work.inputs.get(key) is not None}
    target["Id"] = _target_id(work)
    given = work.inputs
    if given.get("inputTransformer"):
        transformer = given["inputTransformer"]
        target["InputTransformer"] = {"InputTemplate": transformer["inputTemplate"]}
        if transformer.get("inputPaths"):
            target["InputTransformer"]["InputPathsMap"] = transformer["inputPaths"]
    if given.get("deadLetterConfig"):
        target["DeadLetterConfig"] = {"Arn": given["deadLetterConfig"]["arn"]}
    if given.get("retryPolicy"):
        names = {"maximumEventAgeInSeconds": "MaximumEventAgeInSeconds", "maximumRetryAttempts": "MaximumRetryAttempts"}
        target["RetryPolicy"] = {names[key]: value for key, value in given["retryPolicy"].items() if value is not None}
    if given.get("sqsTarget"):
        target["SqsParameters"] = {"MessageGroupId": given["sqsTarget"]["messageGroupId"]}
    work.parameters["Targets"] = [target]


def _rule_arn(work: Work) -> str | None:
    bus = work.inputs.get("eventBusName") or "default"
    name = "{name}" if bus == "default" else f"{bus.rpartition('/')[2]}/{{name}}"
    return work.fill("arn:aws:events:{region}:{account}:rule/" + name)


_SCHEDULE_GROUP = "default"

ROWS = {
    "aws:sns/topic:Topic": Recipe(
        call="sns.create_topic",
        by_hand=_TOPIC,
        lost={"tracingConfig": "moto forgets it", "signatureVersion": "moto forgets it"},
        shape=_with_attributes(_TOPIC, {}),
        id="{arn}",
        outputs={"arn": "arn:aws:sns:{region}:{account}:{name}", "owner": "{account}"},
    ),
    "aws:sns/topicPolicy:TopicPolicy": Recipe(
        call="sns.set_topic_attributes",
        by_hand=hands("arn", "policy"),
        shape=_topic_policy,
        id=lambda work: work.inputs["arn"],
        outputs={"owner": "{account}"},
    ),
    "aws:sns/topicSubscription:TopicSubscription": Recipe(
        call="sns.subscribe",
        by_hand=_SUBSCRIPTION,
        rename={"topic": "TopicArn"},
        shape=_with_attributes(_SUBSCRIPTION, {}),
        id=lambda work: (
            # An e-mail address has no subscription ARN before its owner confirms.
            work.answer.get("SubscriptionArn")
            if str(work.answer.get("SubscriptionArn", "")).startswith("arn:")
            else work.fill("{topic}:{hash:8}")
        ),
        outputs={"arn": "{id}", "ownerId": "{account}"},
    ),
    "aws:sqs/queue:Queue": Recipe(
        call="sqs.create_queue",
        by_hand=_QUEUE_INPUTS,
        rename={"name": "QueueName"},
        lost={"redriveAllowPolicy": "moto forgets it"},
        shape=_with_attributes(_QUEUE_INPUTS, _QUEUE),
        id=Answer("QueueUrl", "https://sqs.{region}.amazonaws.com/{account}/{name}"),
        outputs={"arn": "arn:aws:sqs:{region}:{account}:{name}", "url": "{id}"},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Recipe(
        call="sqs.set_queue_attributes",
        by_hand=hands("policy"),
        shape=_queue_policy,
        id="{queueUrl}",
    ),
    "aws:cloudwatch/eventBus:EventBus": Recipe(
        call="events.create_event_bus",
        outputs={"arn": "arn:aws:events:{region}:{account}:event-bus/{name}"},
    ),
    "aws:cloudwatch/eventRule:EventRule": Recipe(
        call="events.put_rule",
        outputs={"arn": _rule_arn},
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Recipe(
        call="events.put_targets",
        by_hand=hands(*_TARGET, "inputTransformer", "deadLetterConfig", "retryPolicy", "sqsTarget"),
        shape=_target,
        id=lambda work: f"{work.inputs['rule']}-{_target_id(work)}",
        outputs={"targetId": _target_id},
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Recipe(
        call="scheduler.create_schedule_group",
        outputs={"arn": "arn:aws:scheduler:{region}:{account}:schedule-group/{name}"},
    ),
    "aws:scheduler/schedule:Schedule": Recipe(
        call="scheduler.create_schedule",
        id=lambda work: f"{work.inputs.get('groupName') or _SCHEDULE_GROUP}/{work.inputs['name']}",
        outputs={"arn": "arn:aws:scheduler:{region}:{account}:schedule/{id}"},
    ),
}
