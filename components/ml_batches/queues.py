"""WorkQueue: messages for one function, what failed too often, and who may send."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import lambda_, sqs
from components.function import Function
from components.training_workflow.rights import allow
from components.values import Metric, Statement, policy_json

_DAY_S: Final = 86_400
VISIBILITY: Final = 6
"""How many times the function's time limit a message stays hidden: Lambda Developer Guide, "Using Lambda with Amazon
SQS", so that a message comes back after a throttled call and not during one."""


class WorkQueueArgs(TypedDict):
    """What a queue needs; the rest has secure defaults."""

    queue_name: str
    """Physical name, such as `mlplatform-dev-batches`; that of the dead ones ends with `-dead`."""
    key_arn: Input[str]
    """KMS key of the messages; its policy lets EventBridge use it where rules send."""
    timeout_s: int
    """Time limit of the function that takes the messages."""
    tries: int
    """How often a message is delivered before it counts as dead."""


class WorkQueue(pulumi.ComponentResource):
    """An encrypted queue whose messages one function takes, and the queue of those that failed again and again."""

    queue: sqs.Queue
    """The queue."""
    dead: sqs.Queue
    """Kept for 14 days, the longest that SQS offers."""

    def __init__(self, name: str, args: WorkQueueArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:WorkQueue", name, {}, opts)
        self._name, self._args = name, args
        child = ResourceOptions(parent=self)
        self.dead = sqs.Queue(
            f"{name}-dead",
            name=f"{args['queue_name']}-dead",
            kms_master_key_id=args["key_arn"],
            message_retention_seconds=14 * _DAY_S,
            opts=child,
        )
        self.queue = sqs.Queue(
            f"{name}-queue",
            name=args["queue_name"],
            kms_master_key_id=args["key_arn"],
            message_retention_seconds=14 * _DAY_S,
            visibility_timeout_seconds=VISIBILITY * args["timeout_s"],
            redrive_policy=self.dead.arn.apply(
                lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": args["tries"]}, sort_keys=True)
            ),
            opts=child,
        )
        self.register_outputs({"queue_url": self.queue.url})

    def accept(self, rule_arns: Sequence[Input[str]] = ()) -> None:
        """Refuses requests without TLS; lets these rules send, and leave behind what they could not send."""
        for noun, queue in (("", self.queue), ("-dead", self.dead)):
            statements: list[Statement] = [
                {
                    "Sid": "DenyWithoutTls",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": ["sqs:*"],
                    "Resource": [queue.arn],
                    "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
                }
            ]
            if rule_arns:
                statements.append(
                    {
                        "Sid": "RulesMaySend",
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": ["sqs:SendMessage"],
                        "Resource": [queue.arn],
                        "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
                    }
                )
            sqs.QueuePolicy(
                f"{self._name}{noun}-policy",
                queue_url=queue.url,
                policy=policy_json(statements),
                opts=ResourceOptions(parent=self),
            )

    def may_send(self) -> list[Statement]:
        """The right to send."""
        return [
            allow("SendMessages", ["sqs:SendMessage"], [self.queue.arn]),
            # Sending asks for a data key, and SQS reuses one that it has to decrypt.
            allow("EncryptMessages", ["kms:Decrypt", "kms:GenerateDataKey"], [self._args["key_arn"]]),
        ]

    def may_take(self) -> list[Statement]:
        """The right of a function to be given messages, and to hide one for a while."""
        actions = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "ReceiveMessage"]
        return [
            allow("TakeMessages", [f"sqs:{action}" for action in actions], [self.queue.arn]),
            allow("DecryptMessages", ["kms:Decrypt"], [self._args["key_arn"]]),
        ]

    def feed(self, function: Function, *, batch_size: int, at_once: int | None = None) -> lambda_.EventSourceMapping:
        """Gives a function the messages, and takes its word for each one of them."""
        scaling: Any = None if at_once is None else {"maximum_concurrency": at_once}
        return lambda_.EventSourceMapping(
            f"{self._name}-source",
            event_source_arn=self.queue.arn,
            function_name=function.alias_arn,
            batch_size=batch_size,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=scaling,
            # Lambda looks whether the role may receive when the mapping is made.
            opts=ResourceOptions(parent=self, depends_on=[function.rights, function.alias]),
        )

    def waiting(self) -> Metric:
        """Messages that nobody has taken yet."""
        return self._metric("ApproximateNumberOfMessagesVisible", self._args["queue_name"], "waiting")

    def age(self) -> Metric:
        """How long the oldest message has been there."""
        return self._metric("ApproximateAgeOfOldestMessage", self._args["queue_name"], "oldest", "Seconds")

    def died(self) -> Metric:
        """Messages that failed too often."""
        return self._metric("ApproximateNumberOfMessagesVisible", f"{self._args['queue_name']}-dead", "dead")

    def _metric(self, metric: str, queue: str, label: str, unit: str = "Count") -> Metric:
        return Metric(
            namespace="AWS/SQS",
            name=metric,
            dimensions={"QueueName": queue},
            statistic="Maximum",
            period_s=300,
            unit=unit,
            label=f"{queue.removesuffix('-dead').rsplit('-', 1)[-1]} {label}",
        )
