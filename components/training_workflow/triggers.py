"""What starts an execution: an upload, the calendar, and a decision on a model that nobody waits for any more."""

from __future__ import annotations

import json
from typing import Any, Final

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, iam, scheduler, sqs
from components.function import Function, on_events
from components.training_workflow.rights import allow
from components.values import Statement, policy_json, trust_json
from functions.shared.places import UPLOADS

_DAY_S: Final = 86_400
_RETRY: Final[Any] = {"maximum_event_age_in_seconds": _DAY_S, "maximum_retry_attempts": 24}

UPLOAD_INPUT: Final = '{"reason":"upload","bucket":<bucket>,"key":<key>}'
"""Input of an execution; EventBridge puts the quotes around a text that it fills in."""


def upload_pattern(bucket: str) -> str:
    """New objects below `uploads/`; the empty objects that stand for folders are none."""
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [bucket]},
            "object": {"key": [{"prefix": UPLOADS}], "size": [{"numeric": [">", 0]}]},
        },
    }
    return json.dumps(pattern, sort_keys=True)


def decision_pattern(group: str) -> str:
    """Decisions on the versions of one model package group."""
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": ["Approved", "Rejected"]},
    }
    return json.dumps(pattern, sort_keys=True)


class LostEvents(pulumi.ComponentResource):
    """The queue of events that could not be delivered; made before what sends to it."""

    queue: sqs.Queue
    """Kept for 14 days, the longest that SQS offers."""

    def __init__(self, name: str, queue_name: str, key_arn: Input[str], opts: ResourceOptions) -> None:
        super().__init__("mlplatform:index:LostEvents", name, {}, opts)
        self.queue = sqs.Queue(
            f"{name}-queue",
            name=queue_name,
            kms_master_key_id=key_arn,
            message_retention_seconds=14 * _DAY_S,
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({"queue_arn": self.queue.arn})

    def accept(self, name: str, rule_arns: list[Input[str]]) -> sqs.QueuePolicy:
        """Lets these rules leave events here, and nobody without TLS."""
        statements: list[Statement] = [
            {
                "Sid": "RulesMayLeaveEvents",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": ["sqs:SendMessage"],
                "Resource": [self.queue.arn],
                "Condition": {"ArnEquals": {"aws:SourceArn": rule_arns}},
            },
            {
                "Sid": "DenyWithoutTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": ["sqs:*"],
                "Resource": [self.queue.arn],
                "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
            },
        ]
        return sqs.QueuePolicy(
            f"{name}-queue-policy",
            queue_url=self.queue.url,
            policy=policy_json(statements),
            opts=ResourceOptions(parent=self),
        )


class Triggers(pulumi.ComponentResource):
    """Rules and schedule, each with a role that may do nothing but start this state machine."""

    upload: cloudwatch.EventRule
    """A file below `uploads/`."""
    decision: cloudwatch.EventRule
    """A model package that was approved or rejected."""
    monthly: scheduler.Schedule
    """The calendar."""
    calendar_role: iam.Role
    """The calendar's role."""

    def __init__(
        self,
        name: str,
        *,
        prefix: str,
        raw_bucket: Input[str],
        machine_arn: Input[str],
        approvals: Function,
        schedule: str,
        lost: LostEvents,
        key_arn: Input[str],
        opts: ResourceOptions,
        active: bool = True,
    ) -> None:
        super().__init__("mlplatform:index:TrainingTriggers", name, {}, opts)
        state = "ENABLED" if active else "DISABLED"
        child = ResourceOptions(parent=self)
        queue_arn = lost.queue.arn
        self.upload = cloudwatch.EventRule(
            f"{name}-upload",
            name=f"{prefix}-upload",
            description="New data starts a training",
            event_pattern=Output.from_input(raw_bucket).apply(upload_pattern),
            state=state,
            opts=child,
        )
        cloudwatch.EventTarget(
            f"{name}-upload-target",
            rule=self.upload.name,
            arn=machine_arn,
            role_arn=self._role(f"{name}-upload", "events.amazonaws.com", machine_arn).arn,
            input_transformer={
                "input_paths": {"bucket": "$.detail.bucket.name", "key": "$.detail.object.key"},
                "input_template": UPLOAD_INPUT,
            },
            retry_policy=_RETRY,
            dead_letter_config={"arn": queue_arn},
            opts=child,
        )
        self.decision = cloudwatch.EventRule(
            f"{name}-decision",
            name=f"{prefix}-model-decision",
            description="A decision on a model reaches the training that waits for it",
            event_pattern=decision_pattern(f"{prefix}-models"),
            state=state,
            opts=child,
        )
        on_events(f"{name}-decision", approvals, self.decision, queue_arn, child, retry_policy=_RETRY)
        self.calendar_role = self._role(
            f"{name}-monthly",
            "scheduler.amazonaws.com",
            machine_arn,
            allow("KeepLostEvents", ["sqs:SendMessage"], [queue_arn]),
            allow("UseKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn]),
        )
        self.monthly = scheduler.Schedule(
            f"{name}-monthly",
            name=f"{prefix}-training",
            description="Trains on the newest data",
            schedule_expression=schedule,
            schedule_expression_timezone="UTC",
            state=state,
            flexible_time_window={"mode": "FLEXIBLE", "maximum_window_in_minutes": 15},
            target={
                "arn": machine_arn,
                "role_arn": self.calendar_role.arn,
                "input": json.dumps({"reason": "schedule"}),
                "retry_policy": _RETRY,
                "dead_letter_config": {"arn": queue_arn},
            },
            opts=child,
        )
        lost.accept(name, [self.upload.arn, self.decision.arn])
        self.register_outputs({"upload": self.upload.arn, "decision": self.decision.arn, "monthly": self.monthly.arn})

    def _role(self, name: str, service: str, machine_arn: Input[str], *more: Statement) -> iam.Role:
        account = Output.from_input(machine_arn).apply(lambda arn: arn.split(":")[4])
        role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json(service, conditions={"StringEquals": {"aws:SourceAccount": [account]}}),
            description=f"{service} starts trainings",
            opts=ResourceOptions(parent=self),
        )
        iam.RolePolicy(
            f"{name}-rights",
            role=role.id,
            policy=policy_json([allow("StartTraining", ["states:StartExecution"], [machine_arn]), *more]),
            opts=ResourceOptions(parent=self),
        )
        return role
