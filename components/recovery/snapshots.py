"""Snapshots: copies of the relational database in the other region, none of them an hour old when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, ResourceOptions

from components.aws import cloudwatch
from components.function import Function, FunctionArgs, clock
from components.keys import partition
from components.secrets import rights as secret_rights
from components.training_workflow.rights import allow
from components.training_workflow.signals import lost_events
from components.training_workflow.triggers import LostEvents
from components.values import Alarm, Metric, Statement, Widget, formatted, measured
from functions.shared.settings import variables
from functions.snapshots.settings import Settings

CLOCK_MIN: Final = 5
"""How often the function looks what is next."""
PROMISED_S: Final = 3600
"""How old the newest copy may become."""
LONGEST_MIN: Final = 30
"""The longest time between two snapshots: looking twice, taking one and copying it have to fit into the same hour."""
_PERIOD_S: Final = 300


class SnapshotKeys(TypedDict):
    """KMS keys."""

    data: Input[str]
    """Of the cluster."""
    copies: Input[str]
    """Of the copies, in the other region."""
    logs: Input[str]
    """Of the log group and the environment."""
    notifications: Input[str]
    """Of the queue of lost events."""


class SnapshotsArgs(TypedDict):
    """What is copied, and where to; the rest has secure defaults."""

    name_prefix: str
    """Beginning of every physical name, such as `mlplatform-prod`."""
    account_id: Input[str]
    """Account of both regions."""
    region: str
    """Region of the cluster."""
    other_region: str
    """Region that it is copied to."""
    cluster_identifier: Input[str]
    """The cluster."""
    keys: SnapshotKeys
    """KMS keys."""
    waiting: NotRequired[bool]
    """Whether the other region carries the traffic, so that there is nothing to copy; false by default."""
    every_min: NotRequired[int]
    """How long after one snapshot the next one begins, 5 to 30; 20 by default."""
    functions_directory: NotRequired[str]
    """Folder with an archive for each function; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """Layers of the function."""
    memory_mb: NotRequired[int]
    """Memory; 512 by default."""
    log_days: NotRequired[int]
    """How long its log is kept; 30 by default."""


class Snapshots(pulumi.ComponentResource):
    """A function that the clock calls: it takes snapshots, copies them to the other region, and forgets old ones."""

    function: Function
    """`<prefix>-snapshots`."""
    rule: cloudwatch.EventRule
    """The clock."""
    lost: LostEvents
    """Calls that reached nobody."""

    def __init__(self, name: str, args: SnapshotsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Snapshots", name, {}, opts)
        _validate(name, args)
        child = ResourceOptions(parent=self)
        self._other_region, self._waiting = args["other_region"], args.get("waiting", False)
        self._queue_name = f"{args['name_prefix']}-snapshots-lost-events"
        self.lost = LostEvents(f"{name}-lost", self._queue_name, args["keys"]["notifications"], child)
        given: FunctionArgs = {
            "function_name": f"{args['name_prefix']}-snapshots",
            "capability": "snapshots",
            "code": f"{args.get('functions_directory', 'dist/functions')}/snapshots.zip",
            "key_arn": args["keys"]["logs"],
            "layers": args.get("layers", []),
            "environment": variables(
                Settings,
                cluster=args["cluster_identifier"],
                name_prefix=args["name_prefix"],
                region=args["region"],
                other_region=args["other_region"],
                other_key_arn=args["keys"]["copies"],
                every_min=str(args.get("every_min", 20)),
            ),
            "statements": [
                *snapshot_statements(args),
                *secret_rights.keep_failures(self.lost.queue.arn, args["keys"]["notifications"]),
            ],
            "timeout_s": 60,
            "memory_mb": args.get("memory_mb", 512),
            "retention_days": args.get("log_days", 30),
        }
        self.function = Function(f"{name}-function", given, child)
        self.rule = clock(
            f"{name}-clock",
            self.function,
            {
                "rule_name": f"{args['name_prefix']}-snapshots",
                "description": f"Has the database copied to {args['other_region']}",
                "schedule": f"rate({CLOCK_MIN} minutes)",
                "stopped": self._waiting,
                "lost_events_arn": self.lost.queue.arn,
            },
            child,
        )
        self.lost.accept(f"{name}-lost", [self.rule.arn])
        self.register_outputs({"function_name": self.function.function_name})

    def age(self) -> Metric:
        """How old the newest copy is that can be restored: what was written since would be lost, in seconds."""
        label = f"age of the database's copy in {self._other_region}"
        return measured(self.function.function_name, "DatabaseCopyAge", label, "Maximum", period_s=_PERIOD_S)

    def alarms(self) -> list[Alarm]:
        """A copy that is too old, or none; and what the function has like all others."""
        late = Alarm(
            name="database-copy-late",
            metric=self.age(),
            threshold=PROMISED_S,
            # Two calls may fail before nobody knows how old it is; the first copy of a stack takes as long.
            periods=3,
            missing_data="notBreaching" if self._waiting else "breaching",
            description=f"{self._other_region} has no copy of the database from the last hour",
            runbook="database-copy-late",
            severity="critical",
        )
        lost = lost_events("snapshots-events-lost", self._queue_name, "a call to copy the database reached nobody")
        return [late, lost, *self.function.alarms()]

    def widgets(self) -> list[Widget]:
        """How old the copy is, and the function's rows."""
        age = Widget(
            title=f"Database: age of its copy in {self._other_region}",
            section="Recovery",
            metrics=[self.age()],
            y_label="s",
            marks={"alarm": PROMISED_S},
        )
        return [age, *self.function.widgets()]


def snapshot_statements(args: SnapshotsArgs) -> list[Statement]:
    """Taking, copying, listing and forgetting snapshots by the names that the function gives, and lending RDS keys."""
    here, there, keys = args["region"], args["other_region"], args["keys"]
    cluster = args["cluster_identifier"]

    def rds(region: str, kind: str, name: Input[str]) -> Input[str]:
        return formatted("arn:{0}:rds:{1}:{2}:{3}:{4}", partition(region), region, args["account_id"], kind, name)

    own = [rds(region, "cluster-snapshot", f"{args['name_prefix']}-at*") for region in (here, there)]
    listed = [
        rds(region, kind, name)
        for region in (here, there)
        for kind, name in (("cluster", cluster), ("cluster-snapshot", "*"))
    ]
    return [
        allow("ListSnapshots", ["rds:DescribeDBClusterSnapshots"], listed),
        allow("TakeSnapshots", ["rds:CreateDBClusterSnapshot"], [rds(here, "cluster", cluster), own[0]]),
        # The other region reads the first one's by a request that is signed for it: the right is asked in both.
        allow("CopySnapshots", ["rds:AddTagsToResource", "rds:CopyDBClusterSnapshot"], own),
        allow("ForgetSnapshots", ["rds:DeleteDBClusterSnapshot"], own),
        *(
            _through_rds(sid, action, key, region)
            for key, region, suffix in ((keys["data"], here, "Here"), (keys["copies"], there, "There"))
            for sid, action in ((f"LookAtKey{suffix}", "kms:DescribeKey"), (f"LendKey{suffix}", "kms:CreateGrant"))
        ),
    ]


def _through_rds(sid: str, action: str, key_arn: Input[str], region: str) -> Statement:
    """The use of a key by RDS for the function, and by nothing else."""
    lending = {"Bool": {"kms:GrantIsForAWSResource": ["true"]}} if action == "kms:CreateGrant" else {}
    statement = allow(sid, [action], [key_arn])
    statement["Condition"] = {"StringEquals": {"kms:ViaService": [f"rds.{region}.amazonaws.com"]}, **lending}
    return statement


def _validate(name: str, args: SnapshotsArgs) -> None:
    problems = []
    if args["region"] == args["other_region"]:
        problems.append(
            f"other_region is {args['other_region']!r}, the region of the cluster itself; allowed: another; change it"
        )
    every = args.get("every_min", 20)
    if not CLOCK_MIN <= every <= LONGEST_MIN:
        problems.append(f"every_min is {every}; allowed: {CLOCK_MIN} to {LONGEST_MIN}; change it")
    if problems:
        raise ValueError(f"Snapshots {name!r}: " + "; ".join(problems))
