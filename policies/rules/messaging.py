"""Topics, queues, events and schedules: encrypted, closed, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from policies.conditions import same
from policies.documents import denies_plain_http, public_grants, statements
from policies.resources import Node, Unknown
from policies.rule import Rule
from policies.rules.functions import FUNCTION, names_of

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
SOURCE = "aws:lambda/eventSourceMapping:EventSourceMapping"
WORKS = 6
"""Time limits of a function for which a message that it was given stays hidden from others."""


def topic_encrypted(topic: Node) -> Iterable[str]:
    """A key of ours: alarms and events may not use the shared key, so their messages would be dropped."""
    key = topic.read("kmsMasterKeyId")
    if not key:
        yield "kmsMasterKeyId is not set"
    elif str(key).endswith("alias/aws/sns"):
        yield f"kmsMasterKeyId is {key!r}, which CloudWatch alarms and EventBridge may not use: messages are dropped"


def queue_encrypted(queue: Node) -> Iterable[str]:
    """A key, or SQS's own encryption."""
    managed = same(queue.read("sqsManagedSseEnabled", default=True), allowed=True)
    if not queue.read("kmsMasterKeyId") and not managed:
        yield "kmsMasterKeyId is not set and sqsManagedSseEnabled is False"


def policy_bounded(policy: Node) -> Iterable[str]:
    """Neither everyone nor a whole service."""
    for row in public_grants(policy.props.get("policy")):
        yield f"policy: {row.label} allows everyone {', '.join(row.actions)}"
    for row in statements(policy.props.get("policy")):
        source = any(key.startswith("aws:source") for key in row.condition_keys)
        if row.allows and row.principals.get("Service") and not source:
            services = ", ".join(row.principals["Service"])
            yield f"policy: {row.label} allows {services} for anyone's resources, without aws:SourceArn"


def tls_only(token: str, prop: str, action: str) -> Callable[[Node], Iterable[str]]:
    """A policy of the resource denies the action without TLS."""

    def check(node: Node) -> Iterable[str]:
        documents = [companion.props.get("policy") for companion in node.companions(token, prop)]
        documents += [node.props.get("policy")] if node.props.get("policy") is not None else []
        if not any(denies_plain_http(document, action) for document in documents):
            yield f"no policy denies {action} where aws:SecureTransport is false"

    return check


def dead_letters(path: str) -> Callable[[Node], Iterable[str]]:
    """A queue takes what could not be delivered."""

    def check(node: Node) -> Iterable[str]:
        if not node.read(path):
            yield f"{path} is not set"

    return check


def work_ends(queue: Node) -> Iterable[str]:
    """A queue that somebody works on gives up on a message; a queue for such messages need not."""
    if queue.read("redrivePolicy") or _is_dead_letter_queue(queue):
        return
    yield "redrivePolicy is not set, and no other resource uses it as its dead-letter queue"


def failures_told(source: Node) -> Iterable[str]:
    """A function that takes messages in batches says which of them failed; one of a stream begins again there."""
    told = "ReportBatchItemFailures" in source.rows("functionResponseTypes") or source.read("batchSize", 10) == 1
    if not told and ":sqs:" in str(source.read("eventSourceArn", "")):
        yield "functionResponseTypes is not set, and batchSize is above 1"


def hidden_while_worked_on(queue: Node) -> Iterable[str]:
    """A message does not come to a second worker while the first has it."""
    sources = {source.urn for source in queue.companions(SOURCE, "eventSourceArn")}
    hidden_s = queue.read("visibilityTimeoutSeconds", 30)
    for function in queue.stack.of_type(FUNCTION) if sources else ():
        taken = {row.urn for node in names_of(function) for row in node.companions(SOURCE, "functionName")}
        needed_s = WORKS * function.read("timeout", 3)
        if taken & sources and hidden_s < needed_s:
            yield f"visibilityTimeoutSeconds is {hidden_s}, and {function.name} may take {needed_s / WORKS:g} s"


def _is_dead_letter_queue(queue: Node) -> bool:
    names = [name for name in queue.identities if name.startswith("arn:")]
    for node in queue.stack:
        for prop in ("redrivePolicy", "deadLetterConfig", "target", "destinationConfig"):
            value = node.props.get(prop)
            if value is None or node.urn == queue.urn:
                continue
            texts = list(leaves(value))
            if any(name in text for text in texts if isinstance(text, str) for name in names):
                return True
            told = queue.named and not any(isinstance(text, Unknown) for text in texts)
            if not told and node.comes_from(prop, queue):
                return True
    return False


def leaves(value: Any) -> Iterator[Any]:
    """Every plain value inside."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


RULES = (
    Rule(
        id="sns-encrypted",
        severity="high",
        controls=("FSBP SNS.1",),
        types=(TOPIC,),
        what="Every topic is encrypted by a KMS key of ours.",
        why="Messages name resources and people; with the shared key aws/sns alarms are dropped without an error.",
        mend="set kms_master_key_id to a key whose policy lets the publishing services in",
        check=topic_encrypted,
    ),
    Rule(
        id="sqs-encrypted",
        severity="high",
        controls=("FSBP SQS.1",),
        types=(QUEUE,),
        what="Every queue is encrypted.",
        why="Messages hold what users sent.",
        mend="set kms_master_key_id, or sqs_managed_sse_enabled to True",
        check=queue_encrypted,
    ),
    Rule(
        id="messaging-policy-bounded",
        severity="critical",
        controls=("FSBP SNS.4", "FSBP SQS.3"),
        types=(TOPIC_POLICY, QUEUE_POLICY),
        what="No topic's or queue's policy allows everyone, or a service without a named source.",
        why="Anybody could send false alarms and approvals, or read the true ones.",
        mend="name the principals; bound services by aws:SourceArn or aws:SourceAccount",
        check=policy_bounded,
    ),
    Rule(
        id="sns-tls-only",
        severity="medium",
        types=(TOPIC,),
        scope="stack",
        what="Every topic refuses messages without TLS.",
        why="A message could be read and changed on the way.",
        mend="deny sns:Publish to * where aws:SecureTransport is false in the topic's policy",
        check=tls_only(TOPIC_POLICY, "arn", "sns:Publish"),
    ),
    Rule(
        id="sqs-tls-only",
        severity="medium",
        types=(QUEUE,),
        scope="stack",
        what="Every queue refuses requests without TLS.",
        why="A message could be read and changed on the way.",
        mend="deny sqs:* to * where aws:SecureTransport is false in the queue's policy",
        check=tls_only(QUEUE_POLICY, "queueUrl", "sqs:*"),
    ),
    Rule(
        id="sqs-gives-up",
        severity="low",
        types=(QUEUE,),
        scope="stack",
        what="Every queue hands messages that fail again and again to a dead-letter queue, unless it is one.",
        why="One bad message would be worked on for ever.",
        mend="set redrive_policy with deadLetterTargetArn and maxReceiveCount",
        check=work_ends,
    ),
    Rule(
        id="sqs-failures-told",
        severity="medium",
        types=(SOURCE,),
        what="A function that takes several messages at once says which of them failed.",
        why="One bad message would bring back all that came with it, and what was done would be done again.",
        mend="set function_response_types to ReportBatchItemFailures on the event source mapping",
        check=failures_told,
    ),
    Rule(
        id="sqs-hidden-while-worked-on",
        severity="medium",
        types=(QUEUE,),
        scope="stack",
        what="A message stays hidden for six time limits of the function that takes it.",
        why="It would come to a second worker while the first still has it, and to a throttled function in vain.",
        mend="set visibility_timeout_seconds to six times the function's timeout",
        check=hidden_while_worked_on,
    ),
    Rule(
        id="events-target-keeps-failures",
        severity="medium",
        types=(EVENT_TARGET,),
        what="Every EventBridge target has a dead-letter queue.",
        why="After a day of retries an upload or an approval would be dropped without a trace.",
        mend="set dead_letter_config.arn",
        check=dead_letters("deadLetterConfig.arn"),
    ),
    Rule(
        id="schedule-keeps-failures",
        severity="medium",
        types=(SCHEDULE,),
        what="Every schedule has a dead-letter queue.",
        why="A monthly training that could not start would be missed for a month.",
        mend="set target.dead_letter_config.arn",
        check=dead_letters("target.deadLetterConfig.arn"),
    ),
)
