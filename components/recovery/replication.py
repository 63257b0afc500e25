"""Replication: every object of a region's buckets in the other region within 15 minutes, deletions too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import iam, s3
from components.keys import partition
from components.settings.regions import region_problems
from components.values import (
    Alarm,
    Metric,
    MetricExpression,
    Statement,
    Widget,
    formatted,
    policy_json,
    trust_json,
)

TIME_MIN: Final = 15
"""What replication time control promises, and the only number that S3 takes for it."""
RULE: Final = "everything"
"""Id of the one rule of a bucket; the metrics carry it."""


class BucketPair(TypedDict):
    """A bucket and where its objects go."""

    source: Input[str]
    """Name of the bucket, best taken from its versioning, which must stand first."""
    target: Input[str]
    """Name of the bucket in the other region, best taken from its versioning."""
    source_key_arn: NotRequired[Input[str]]
    """KMS key of its objects, given together with target_key_arn; without them S3's own keys encrypt both ends."""
    target_key_arn: NotRequired[Input[str]]
    """KMS key there; replicas are encrypted by it."""
    source_versioning: NotRequired[Input[str]]
    """Status of the bucket's versioning; `Enabled` by default, and nothing else can be replicated."""
    target_versioning: NotRequired[Input[str]]
    """Status of the other bucket's versioning; `Enabled` by default."""


class ReplicationArgs(TypedDict):
    """What is replicated from one region to another one."""

    region: str
    """Region of the sources."""
    target_region: str
    """Region of the targets."""
    buckets: Mapping[str, BucketPair]
    """By the name that alarms and dashboard show, such as `raw`."""


class Replication(pulumi.ComponentResource):
    """One rule a bucket: all prefixes, delete markers, KMS, replication time control with its metrics.

    Two of them, one each way, make buckets equal: S3 does not send on what arrived as a replica.
    """

    role: iam.Role
    """What S3 may do: read the sources, write replicas to the targets."""
    rules: dict[str, s3.BucketReplicationConfig]
    """By the name of the pair."""

    def __init__(self, name: str, args: ReplicationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Replication", name, {}, opts)
        _validate(name, args)
        self._args = args
        child = ResourceOptions(parent=self)
        self.role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json("s3.amazonaws.com"),
            description=f"S3 replicates from {args['region']} to {args['target_region']}",
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-rights", role=self.role.id, policy=policy_json(self._statements()), opts=child
        )
        self.rules = {
            noun: s3.BucketReplicationConfig(
                f"{name}-{noun}",
                bucket=pair["source"],
                role=self.role.arn,
                rules=[rule(self._arn(pair["target"]), pair.get("target_key_arn"))],
                # Without its rights S3 takes the configuration and fails on each object.
                opts=ResourceOptions(parent=self, depends_on=[granted]),
            )
            for noun, pair in args["buckets"].items()
        }
        self.register_outputs({"role_arn": self.role.arn})

    def latency(self, noun: str) -> Metric:
        """Seconds by which the target is behind; CloudWatch has it in the region of the target."""
        return self._metric(noun, "ReplicationLatency", "Maximum", unit="Seconds")

    def pending(self, noun: str) -> Metric:
        """Operations that wait; CloudWatch has it in the region of the target."""
        return self._metric(noun, "OperationsPendingReplication", "Maximum")

    def failures(self, noun: str) -> Metric:
        """Operations that failed; CloudWatch has it in the region of the source."""
        return self._metric(noun, "OperationsFailedReplication", "Sum")

    def source_alarms(self) -> list[Alarm]:
        """What the region of the sources hears: objects that S3 could not replicate."""
        failed = {f"b{number}": self.failures(noun).over(300) for number, noun in enumerate(self._args["buckets"])}
        return [
            Alarm(
                name=f"replication-failures-to-{self._args['target_region']}",
                metric=MetricExpression(
                    expression=f"SUM([{', '.join(failed)}])",
                    metrics=failed,
                    label="failed replications",
                    period_s=300,
                    unit="Count",
                ),
                threshold=0,
                description="objects could not be replicated and would be lost with their region",
                runbook="replication-behind",
                severity="critical",
            )
        ]

    def target_alarms(self) -> list[Alarm]:
        """What the region of the targets hears: replicas that come later than promised."""
        behind = {f"b{number}": self.latency(noun).over(300) for number, noun in enumerate(self._args["buckets"])}
        return [
            Alarm(
                name=f"replication-latency-from-{self._args['region']}",
                metric=MetricExpression(
                    expression=f"MAX([{', '.join(behind)}])",
                    metrics=behind,
                    label="replication latency",
                    period_s=300,
                    unit="Seconds",
                ),
                threshold=TIME_MIN * 60,
                periods=2,
                description=f"replicas from {self._args['region']} come later than {TIME_MIN} minutes",
                runbook="replication-behind",
            )
        ]

    def target_widgets(self) -> list[Widget]:
        """What the region of the targets shows."""
        nouns, origin = list(self._args["buckets"]), self._args["region"]
        return [
            Widget(
                title=f"Replication from {origin}: latency",
                section="Recovery",
                metrics=[self.latency(noun) for noun in nouns],
                y_label="s",
                marks={"promised": TIME_MIN * 60},
            ),
            Widget(
                title=f"Replication from {origin}: operations that wait",
                section="Recovery",
                metrics=[self.pending(noun) for noun in nouns],
                y_label="operations",
            ),
        ]

    def _metric(self, noun: str, metric: str, statistic: str, *, unit: str = "Count") -> Metric:
        pair = self._args["buckets"][noun]
        return Metric(
            namespace="AWS/S3",
            name=metric,
            dimensions={"SourceBucket": pair["source"], "DestinationBucket": pair["target"], "RuleId": RULE},
            statistic=statistic,
            unit=unit,
            label=noun,
        )

    def _arn(self, bucket: Input[str], keys: str = "") -> Output[str]:
        return formatted("arn:{0}:s3:::{1}{2}", partition(self._args["region"]), bucket, keys)

    def _statements(self) -> list[Statement]:
        args, pairs = self._args, list(self._args["buckets"].values())
        sources, targets = [pair["source"] for pair in pairs], [pair["target"] for pair in pairs]
        read = ["s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl"]
        read += ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"]
        return [
            {
                "Sid": "ReadConfiguration",
                "Effect": "Allow",
                "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"],
                "Resource": [self._arn(bucket) for bucket in sources],
            },
            {
                "Sid": "ReadVersions",
                "Effect": "Allow",
                "Action": read,
                "Resource": [self._arn(bucket, "/*") for bucket in sources],
            },
            {
                "Sid": "WriteReplicas",
                "Effect": "Allow",
                "Action": ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
                "Resource": [self._arn(bucket, "/*") for bucket in targets],
            },
            *_use("Decrypt", "kms:Decrypt", args["region"], [pair.get("source_key_arn") for pair in pairs]),
            *_use("Encrypt", "kms:Encrypt", args["target_region"], [pair.get("target_key_arn") for pair in pairs]),
        ]


def rule(target_arn: Input[str], target_key_arn: Input[str] | None = None) -> Any:
    """One rule for all objects of a bucket, as S3 takes it; a key brings what is encrypted by KMS along."""
    time: Any = {"minutes": TIME_MIN}
    found: Any = {
        "id": RULE,
        "status": "Enabled",
        "priority": 0,
        # An empty filter and not an absent one: rules without a filter are of the old kind, without delete markers.
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Enabled"},
        "destination": {
            "bucket": target_arn,
            "storage_class": "STANDARD",
            "replication_time": {"status": "Enabled", "time": time},
            "metrics": {"status": "Enabled", "event_threshold": time},
        },
    }
    if target_key_arn is not None:
        found["source_selection_criteria"] = {"sse_kms_encrypted_objects": {"status": "Enabled"}}
        found["destination"]["encryption_configuration"] = {"replica_kms_key_id": target_key_arn}
    return found


def _use(verb: str, action: str, region: str, keys: Sequence[Input[str] | None]) -> list[Statement]:
    known = [key for key in keys if key is not None]
    if not known:
        return []
    # S3 passes the replica's key as it passes the original's: by the service of the key's region, in the role's name.
    return [
        {
            "Sid": f"{verb}Objects",
            "Effect": "Allow",
            "Action": [action] if verb == "Decrypt" else [action, "kms:GenerateDataKey"],
            "Resource": known,
            "Condition": {"StringLike": {"kms:ViaService": [f"s3.{region}.amazonaws.com"]}},
        }
    ]


def _validate(name: str, args: ReplicationArgs) -> None:
    problems = [
        f"{field} {problem}"
        for field, region in (("region", args["region"]), ("target_region", args["target_region"]))
        for problem in region_problems(region)
    ]
    if args["region"] == args["target_region"]:
        problems.append(f"target_region is {args['target_region']!r}, that of the sources; allowed: another; change it")
    if not args["buckets"]:
        problems.append("buckets is empty; allowed: one pair or more; add one")
    for noun, pair in args["buckets"].items():
        given = [field for field in ("source_key_arn", "target_key_arn") if field in pair]
        if len(given) == 1:
            problems.append(
                f"{noun} has {given[0]} alone; allowed: both keys or none, as its buckets have; add the other"
            )
        for field in ("source_versioning", "target_versioning"):
            status = pair.get(field, "Enabled")
            if isinstance(status, str) and status != "Enabled":
                problems.append(
                    f"{field} of {noun} is {status!r}; allowed: Enabled, since S3 replicates versions; enable it first"
                )
    if problems:
        raise ValueError(f"Replication {name!r}: " + "; ".join(problems))
