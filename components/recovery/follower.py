"""Follower: the function that brings the live model to its region and switches what starts trainings there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import lambda_
from components.baseline import LIVE
from components.function import Function, FunctionArgs
from components.ml_endpoint.hosting import HostingShape
from components.recovery.rights import follower_statements
from components.tables.hearing import age, hear
from components.values import Alarm, Metric, Widget
from functions.shared.settings import variables
from functions.standby.settings import Settings

_TIMEOUT_S: Final = 900
_LATE_MIN: Final = 30
_AGE_S: Final = 6 * 3600
_RETRIES: Final = 10


class FollowerKeys(TypedDict):
    """KMS keys of the region by class of data."""

    data: Input[str]
    """Of the models table."""
    models: Input[str]
    """Of the models bucket and of the endpoint's volumes."""
    logs: Input[str]
    """Of the log group and the environment."""
    notifications: Input[str]
    """Of the queue of lost events."""


class FollowerTriggers(TypedDict):
    """What starts trainings in the region."""

    rules: Sequence[str]
    """Names of EventBridge rules."""
    schedule: str
    """Name of the schedule, in the default group."""
    schedule_role_arn: Input[str]
    """Its role, which an update has to pass again."""


class FollowerArgs(TypedDict):
    """What a follower needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of every physical name, such as `mlplatform-prod`."""
    keys: FollowerKeys
    """KMS keys."""
    models_table: Input[str]
    """Name of the table of models, or of its replica."""
    models_stream_arn: Input[str]
    """Stream of that table in this region."""
    models_bucket: Input[str]
    """Bucket of this region with the archives."""
    endpoint_name: str
    """Endpoint of this region."""
    hosting: HostingShape
    """What versions share (`MlEndpoint.hosting`)."""
    model_package_group: Input[str]
    """Name of the model package group of this region."""
    triggers: FollowerTriggers
    """What it switches."""
    lost_events_arn: Input[str]
    """Queue for changes that could not be followed."""
    functions_directory: NotRequired[str]
    """Folder with an archive for each function; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """Layers of the function."""
    memory_mb: NotRequired[int]
    """Memory; 512 by default."""
    log_days: NotRequired[int]
    """How long its log is kept; 30 by default."""
    tags: NotRequired[Mapping[str, str]]
    """Tags of the models and endpoint configurations that it makes."""


class Follower(pulumi.ComponentResource):
    """Hears of each change of the live model by the table's stream, and takes the commands of the runbook."""

    function: Function
    """`<prefix>-standby`."""
    mapping: lambda_.EventSourceMapping
    """From the stream to the function, only for the pointer to the live model."""

    def __init__(self, name: str, args: FollowerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Follower", name, {}, opts)
        _validate(name, args)
        given: FunctionArgs = {
            "function_name": f"{args['name_prefix']}-standby",
            "capability": "standby",
            "code": f"{args.get('functions_directory', 'dist/functions')}/standby.zip",
            "key_arn": args["keys"]["logs"],
            "layers": args.get("layers", []),
            "environment": self._environment(args),
            "statements": follower_statements(args),
            "timeout_s": _TIMEOUT_S,
            "memory_mb": args.get("memory_mb", 512),
            "retention_days": args.get("log_days", 30),
        }
        self.function = Function(name, given, ResourceOptions(parent=self))
        self.mapping = hear(
            f"{name}-changes",
            self.function,
            {
                "stream_arn": args["models_stream_arn"],
                "pattern": {"dynamodb": {"Keys": {"version": {"S": [LIVE]}}}},
                "at_once": 10,
                # Each try waits for minutes itself, and the next change brings the newest model in any case.
                "retries": _RETRIES,
                "keep_s": _AGE_S,
                "lost_events_arn": args["lost_events_arn"],
            },
            ResourceOptions(parent=self),
        )
        self.register_outputs({"function_name": self.function.function_name})

    def age(self) -> Metric:
        """How old the change is that is being followed, in milliseconds."""
        return age(self.function, "age of the change")

    def alarms(self) -> list[Alarm]:
        """A change that is followed late, and the function's own."""
        late = Alarm(
            name="standby-behind",
            metric=self.age().over(300),
            threshold=_LATE_MIN * 60_000,
            description=f"a region has not followed the live model for more than {_LATE_MIN} minutes",
            runbook="standby-behind",
            severity="critical",
        )
        return [late, *self.function.alarms()]

    def widgets(self) -> list[Widget]:
        """How far the region is behind, and the function's rows."""
        behind = Widget(
            title="Live model: age of the change that is followed",
            section="Recovery",
            metrics=[self.age()],
            y_label="ms",
            marks={"alarm": _LATE_MIN * 60_000},
        )
        return [behind, *self.function.widgets()]

    def _environment(self, args: FollowerArgs) -> Mapping[str, Input[str]]:
        tags = [{"Key": key, "Value": value} for key, value in sorted(args.get("tags", {}).items())]
        shape: Any = {**args["hosting"], "Tags": tags}
        hosting: Output[str] = Output.from_input(shape).apply(lambda known: json.dumps(known, sort_keys=True))
        return variables(
            Settings,
            models_table=args["models_table"],
            models_bucket=args["models_bucket"],
            endpoint_name=args["endpoint_name"],
            name_prefix=args["name_prefix"],
            model_package_group=args["model_package_group"],
            hosting=hosting,
            rules=",".join(args["triggers"]["rules"]),
            schedule=args["triggers"]["schedule"],
        )


def _validate(name: str, args: FollowerArgs) -> None:
    if not args["triggers"]["rules"]:
        raise ValueError(f"Follower {name!r}: triggers.rules is empty; allowed: one name or more; add the upload rule")
