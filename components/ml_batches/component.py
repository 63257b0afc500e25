"""MlBatches: batches of predictions through the endpoint or by transforms, and callbacks to whoever asked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi import ResourceOptions

from components.aws import cloudwatch, iam
from components.function import Function, function_args
from components.ml_batches import rights, signals
from components.ml_batches.args import BatchDoor, MlBatchesArgs, validate
from components.ml_batches.queues import WorkQueue
from components.ml_endpoint.hosting import takes_volume_key
from components.values import Alarm, Statement, Widget, formatted, policy_json
from functions.batchwork.settings import Settings as WorkSettings
from functions.callbacks.settings import Settings as CallbackSettings
from functions.shared.settings import variables

WORK_TIMEOUT_S: Final = 180
CALLBACK_TIMEOUT_S: Final = 30
WORK_TRIES: Final = 5
SWEEP: Final = "rate(5 minutes)"
"""How often transforms are looked after whose end nobody heard of."""
_RETRY: Final[Any] = {"maximum_event_age_in_seconds": 86_400, "maximum_retry_attempts": 24}
_ENDS: Final = ("Completed", "Failed", "Stopped")


class MlBatches(pulumi.ComponentResource):
    """Takes batches from a queue, answers them, and tells their callers, to public addresses alone.

    The functions stand outside of the network: an address that a caller chose leads to nothing private from there.
    """

    work: WorkQueue
    """Batches to answer, transforms that are over, sweeps."""
    callbacks: WorkQueue
    """Ends of batches to tell."""
    worker: Function
    """Takes `work`."""
    teller: Function
    """Takes `callbacks`."""
    ended: cloudwatch.EventRule
    """A transform of this stack is over."""
    sweep: cloudwatch.EventRule
    """The clock."""

    def __init__(self, name: str, args: MlBatchesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:MlBatches", name, {}, opts)
        validate(name, args)
        self._args = args
        self._name, self._child = name, ResourceOptions(parent=self)
        self._tries = args.get("callback_tries", 8)
        prefix, key = args["name_prefix"], args["keys"]["notifications"]
        self.work = WorkQueue(
            f"{name}-work",
            {"queue_name": f"{prefix}-batches", "key_arn": key, "timeout_s": WORK_TIMEOUT_S, "tries": WORK_TRIES},
            self._child,
        )
        self.callbacks = WorkQueue(
            f"{name}-callbacks",
            {
                "queue_name": f"{prefix}-callbacks",
                "key_arn": key,
                "timeout_s": CALLBACK_TIMEOUT_S,
                "tries": self._tries,
            },
            self._child,
        )
        iam.RolePolicy(
            f"{name}-model-rights",
            role=args["model_role"],
            policy=policy_json(rights.model_statements(args["files"], args["keys"]["data"], args["image"])),
            opts=self._child,
        )
        self.worker = self._worker()
        self.teller = self._teller()
        self.ended = self._rule(
            "ended",
            "A transform of a batch is over",
            {"event_pattern": ended_pattern(self._job_prefix)},
            {"input_transformer": {"input_paths": {"job": "$.detail.TransformJobName"}, "input_template": ENDED}},
        )
        self.sweep = self._rule(
            "sweep",
            "Transforms are looked after whose end nobody heard of",
            {"schedule_expression": SWEEP},
            {"input": json.dumps({"sweep": True})},
        )
        self.work.accept([self.ended.arn, self.sweep.arn])
        self.callbacks.accept()
        self.work.feed(self.worker, batch_size=1, at_once=args.get("workers", 5))
        self.callbacks.feed(self.teller, batch_size=10)
        self.register_outputs({"queue_url": self.work.queue.url})

    def door(self) -> BatchDoor:
        """What the function behind the routes is given."""
        args = self._args
        index = formatted("{0}/index/UserIndex", args["batches_table_arn"])
        listing: Statement = {
            "Sid": "ListBatches",
            "Effect": "Allow",
            "Action": ["dynamodb:Query"],
            "Resource": [index],
        }
        record = rights.table(
            args["keys"]["data"], args["batches_table_arn"], "GetItem", "PutItem", "UpdateItem"
        )  # fmt: skip
        return {
            "batches_table": args["batches_table"],
            "bucket": args["bucket"],
            "queue_url": self.work.queue.url,
            "endpoint_rows": args.get("endpoint_rows", 1000),
            "keep_days": args.get("keep_days", 30),
            "largest_body_kb": args.get("largest_body_kb", 3072),
            "statements": [*record, listing, *args["files"], *self.work.may_send()],
        }

    def alarms(self) -> list[Alarm]:
        """Of the queues, the batches and each function."""
        mine = signals.alarms(self.work, self.callbacks, self.worker)
        return [*mine, *self.worker.alarms(), *self.teller.alarms()]

    def widgets(self) -> list[Widget]:
        """Of the batches, the queues and each function."""
        mine = signals.widgets(self.work, self.callbacks, self.worker, self.teller)
        return [*mine, *self.worker.widgets(), *self.teller.widgets()]

    @property
    def _job_prefix(self) -> str:
        return f"{self._args['name_prefix']}-batch-"

    def _worker(self) -> Function:
        args = self._args
        data, instance_type = args["keys"]["data"], args.get("instance_type", "ml.m5.xlarge")
        environment = variables(
            WorkSettings,
            batches_table=args["batches_table"],
            bucket=args["bucket"],
            queue_url=self.work.queue.url,
            callbacks_url=self.callbacks.queue.url,
            endpoint_name=args["endpoint_name"],
            job_prefix=self._job_prefix,
            key_arn=data,
            instance_type=instance_type,
            **({"volume_key_arn": data} if takes_volume_key(instance_type) else {}),
            most_transforms=str(args.get("most_transforms", 10)),
            tries=str(WORK_TRIES),
        )
        statements = [
            *rights.table(data, args["batches_table_arn"], "GetItem", "UpdateItem"),
            *args["files"],
            *self.work.may_take(),
            *self.work.may_send(),
            *self.callbacks.may_send(),
            *rights.transforms(data, self._job_prefix, args["endpoint_name"], args["configurations"]),
        ]
        return self._function("batchwork", environment, statements, WORK_TIMEOUT_S)

    def _teller(self) -> Function:
        args = self._args
        environment = variables(
            CallbackSettings,
            batches_table=args["batches_table"],
            queue_url=self.callbacks.queue.url,
            secret_arn=args["secret_arn"],
            tries=str(self._tries),
        )
        statements = [
            *rights.table(args["keys"]["data"], args["batches_table_arn"], "UpdateItem"),
            *self.callbacks.may_take(),
            *args["signing"],
        ]
        return self._function("callbacks", environment, statements, CALLBACK_TIMEOUT_S)

    def _function(
        self, capability: str, environment: dict[str, Any], statements: Sequence[Statement], timeout_s: int
    ) -> Function:
        args = self._args
        given = function_args(args, capability, environment, statements, timeout_s)
        return Function(f"{self._name}-{capability}", given, self._child)

    def _rule(self, noun: str, description: str, when: dict[str, Any], sends: dict[str, Any]) -> cloudwatch.EventRule:
        rule = cloudwatch.EventRule(
            f"{self._name}-{noun}",
            name=f"{self._args['name_prefix']}-batches-{noun}",
            description=description,
            opts=self._child,
            **when,
        )
        cloudwatch.EventTarget(
            f"{self._name}-{noun}-target",
            rule=rule.name,
            arn=self.work.queue.arn,
            retry_policy=_RETRY,
            dead_letter_config={"arn": self.work.dead.arn},
            opts=self._child,
            **sends,
        )
        return rule


ENDED: Final = '{"job":<job>}'
"""Message of a transform that is over; EventBridge puts the quotes around a text that it fills in."""


def ended_pattern(job_prefix: str) -> str:
    """Ends of the stack's own transforms."""
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Transform Job State Change"],
        "detail": {"TransformJobName": [{"prefix": job_prefix}], "TransformJobStatus": list(_ENDS)},
    }
    return json.dumps(pattern, sort_keys=True)
