"""BackupFailures: who hears in one region that a backup, a copy or a restore test did not come to its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import cloudwatch, sns
from components.observability import deny_without_tls
from components.training_workflow.triggers import LostEvents
from components.values import Alarm, Metric, Statement, policy_json

PATTERN: Final = {
    "source": ["aws.backup"],
    "detail-type": ["Backup Job State Change", "Copy Job State Change", "Restore Job State Change"],
    # Jobs of backups and copies have a state, jobs of restores a status.
    "detail": {"$or": [{"state": ["ABORTED", "EXPIRED", "FAILED"]}, {"status": ["ABORTED", "FAILED"]}]},
}
"""EventBridge knows of more failures than the vaults' own notifications, which lost theirs for failed backups."""


class BackupFailuresArgs(TypedDict):
    """What the topic needs."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-prod`."""
    key_arn: Input[str]
    """KMS key of the topic; its policy must let EventBridge use it."""
    emails: NotRequired[Sequence[str]]
    """Addresses; AWS asks each to confirm."""


class BackupFailures(pulumi.ComponentResource):
    """A rule over the jobs of AWS Backup, and a topic that people subscribe to."""

    topic: sns.Topic
    """`<prefix>-backups`."""
    rule: cloudwatch.EventRule
    """Jobs that failed, were aborted, or never began."""

    def __init__(self, name: str, args: BackupFailuresArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:BackupFailures", name, {}, opts)
        prefix, child = args["name_prefix"], ResourceOptions(parent=self)
        self._queue_name = f"{prefix}-backup-lost-events"
        lost = LostEvents(f"{name}-lost", self._queue_name, args["key_arn"], child)
        self.rule = cloudwatch.EventRule(
            f"{name}-failed",
            name=f"{prefix}-backup-failed",
            description="A backup, a copy or a restore test did not come to its end",
            event_pattern=json.dumps(PATTERN, sort_keys=True),
            opts=child,
        )
        self.topic = sns.Topic(
            f"{name}-topic",
            name=f"{prefix}-backups",
            kms_master_key_id=args["key_arn"],
            opts=child,
        )
        may_publish: Statement = {
            "Sid": "FailuresMayPublish",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": [self.topic.arn],
            "Condition": {"ArnEquals": {"aws:SourceArn": [self.rule.arn]}},
        }
        policy = sns.TopicPolicy(
            f"{name}-topic-policy",
            arn=self.topic.arn,
            policy=policy_json([may_publish, deny_without_tls(self.topic.arn)]),
            opts=child,
        )
        cloudwatch.EventTarget(
            f"{name}-target",
            rule=self.rule.name,
            arn=self.topic.arn,
            dead_letter_config={"arn": lost.queue.arn},
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )
        for number, email in enumerate(args.get("emails", []), 1):
            sns.TopicSubscription(
                f"{name}-email-{number}",
                topic=self.topic.arn,
                protocol="email",
                endpoint=email,
                opts=child,
            )
        lost.accept(f"{name}-lost", [self.rule.arn])
        self.register_outputs({"topic_arn": self.topic.arn})

    def alarms(self) -> list[Alarm]:
        """A failure that nobody heard of."""
        waiting = Metric(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": self._queue_name},
            statistic="Maximum",
            period_s=300,
            label="lost events",
        )
        return [
            Alarm(
                name="backup-events-lost",
                metric=waiting,
                threshold=0,
                description="nobody heard of a backup that failed: its message could not be delivered",
                runbook="backup-failed",
            )
        ]
