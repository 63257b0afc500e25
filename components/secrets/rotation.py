"""Rotation: gives one secret a new value every 30 days, and tells when that fails or does not happen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import cloudwatch, lambda_, secretsmanager
from components.function import Function, FunctionArgs, clock
from components.secrets import rights, signals
from components.values import Alarm, Statement, Widget
from functions.rotation.settings import Settings
from functions.shared.settings import variables

TIMEOUT_S: Final = 900
"""The longest that Lambda has: ElastiCache takes minutes for each of two changes."""
REPORT: Final = json.dumps({"Step": "reportAge"})
"""What the daily clock sends."""


class RotationArgs(TypedDict):
    """What the rotation of one secret needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    noun: str
    """What the secret opens, in lower-case letters and dashes, such as `cache`; part of names and alarms."""
    kind: Literal["cache", "database", "signing"]
    """How its value changes."""
    account_id: Input[str]
    """Account whose Secrets Manager may call."""
    secret_arn: Input[str]
    """The secret."""
    secret_key_arn: Input[str]
    """KMS key of the secret."""
    log_key_arn: Input[str]
    """KMS key of the function's log and environment."""
    lost_events_arn: Input[str]
    """Queue of what reached nobody when the clock called; it has to accept the rule `daily`."""
    lost_events_key_arn: Input[str]
    """KMS key of that queue."""
    environment: NotRequired[Mapping[str, Input[Any]]]
    """Further fields of functions.rotation.settings, such as `cache_host`."""
    statements: NotRequired[Sequence[Statement]]
    """What the function may do beside rotating the secret."""
    every_days: NotRequired[int]
    """How often the value changes, 1 to 30; 30 by default."""
    functions_directory: NotRequired[str]
    """Folder of the functions' archives; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """ARNs of layer versions."""
    subnet_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Private subnets, where what the secret opens can be reached; given together with security_group_ids."""
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Security groups of the function."""
    memory_mb: NotRequired[int]
    """Memory of the function; 512 by default."""
    retention_days: NotRequired[int]
    """How long its log is kept; 30 by default."""


class Rotation(pulumi.ComponentResource):
    """A function that Secrets Manager calls for the four steps, for this one secret and no other."""

    function: Function
    """`<prefix>-rotation-<noun>`."""
    rotation: secretsmanager.SecretRotation
    """The schedule."""
    daily: cloudwatch.EventRule
    """The clock that asks for the secret's age."""

    def __init__(self, name: str, args: RotationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Rotation", name, {}, opts)
        self._noun = args["noun"]
        self._every_days = args.get("every_days", 30)
        if not 1 <= self._every_days <= 30:
            raise ValueError(f"Rotation {name!r}: every_days is {self._every_days}; allowed: 1 to 30; change it")
        child = ResourceOptions(parent=self)
        self.function = Function(f"{name}-function", _function(args), child)
        permission = lambda_.Permission(
            f"{name}-permission",
            action="lambda:InvokeFunction",
            function=self.function.function_name,
            principal="secretsmanager.amazonaws.com",
            source_account=args["account_id"],
            opts=child,
        )
        self.rotation = secretsmanager.SecretRotation(
            f"{name}-schedule",
            secret_id=args["secret_arn"],
            rotation_lambda_arn=self.function.arn,
            rotation_rules={"automatically_after_days": self._every_days},
            # The value is as new as the stack; Secrets Manager runs testSecret alone, and the first change comes later.
            rotate_immediately=False,
            # Secrets Manager calls the function at once, to see whether it may.
            opts=ResourceOptions(parent=self, depends_on=[permission, self.function.rights, self.function.alias]),
        )
        self.daily = self._clock(name, args)
        self.register_outputs({"function_arn": self.function.arn})

    def alarms(self) -> list[Alarm]:
        """A step that failed, and a value that is older than it may be."""
        return signals.alarms(self._noun, self.function, self._every_days)

    def widgets(self) -> list[Widget]:
        """How old the value is."""
        return signals.widgets(self._noun, self.function, self._every_days)

    def _clock(self, name: str, args: RotationArgs) -> cloudwatch.EventRule:
        """Once a day the function tells the secret's age: a rotation that never comes fails nowhere."""
        return clock(
            f"{name}-daily",
            self.function,
            {
                "rule_name": f"{args['name_prefix']}-rotation-{self._noun}",
                "description": f"Asks how old the secret of the {self._noun} is",
                "schedule": "rate(1 day)",
                "event": REPORT,
                "lost_events_arn": args["lost_events_arn"],
            },
            ResourceOptions(parent=self),
        )


def _function(args: RotationArgs) -> FunctionArgs:
    given: FunctionArgs = {
        "function_name": f"{args['name_prefix']}-rotation-{args['noun']}",
        # One archive, and a function for each secret: none of them can touch another's.
        "capability": f"rotation-{args['noun']}",
        "handler": "functions.rotation.handler.handler",
        "code": f"{args.get('functions_directory', 'dist/functions')}/rotation.zip",
        "key_arn": args["log_key_arn"],
        "layers": args.get("layers", []),
        "environment": variables(
            Settings, kind=args["kind"], secret_arn=args["secret_arn"], **args.get("environment", {})
        ),
        "statements": [
            *rights.rotate(args["secret_arn"], args["secret_key_arn"]),
            *rights.keep_failures(args["lost_events_arn"], args["lost_events_key_arn"]),
            *args.get("statements", []),
        ],
        "timeout_s": TIMEOUT_S,
        "memory_mb": args.get("memory_mb", 512),
        "retention_days": args.get("retention_days", 30),
    }
    if "subnet_ids" in args:
        given["subnet_ids"] = args["subnet_ids"]
    if "security_group_ids" in args:
        given["security_group_ids"] = args["security_group_ids"]
    return given
