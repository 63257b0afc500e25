"""Cache: the prediction cache, an ElastiCache replication group that only holders of its token can read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, elasticache, secretsmanager
from components.values import Alarm, Metric, MetricExpression, Statement, Widget

PORT: Final = 6379
_GROUP_ID: Final = re.compile(r"[a-z](?:[a-z0-9]|-(?!-)){0,38}[a-z0-9]")
_LOGS: Final = ("engine-log", "slow-log")


class CacheArgs(TypedDict):
    """What the cache needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of what is cached."""
    secret_key_arn: Input[str]
    """KMS key of the token's secret."""
    log_key_arn: Input[str]
    """KMS key of its logs; its policy must let CloudWatch Logs use it."""
    subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets; in two zones for multi_az."""
    security_group_ids: Input[Sequence[Input[str]]]
    """Security groups that let callers in on port 6379."""
    node_type: NotRequired[str]
    """Size of a node; cache.t4g.micro by default, and not given with global_group_id."""
    global_group_id: NotRequired[Input[str]]
    """Global datastore of another region's cache, which this one then follows: node type, engine, parameters and
    encryption are those of the first member, and only reads are taken until it is made the first."""
    nodes: NotRequired[int]
    """One primary and its replicas, 1 to 6; 1 by default."""
    multi_az: NotRequired[bool]
    """Whether a replica in another zone takes over by itself; needs two nodes."""
    snapshot_days: NotRequired[int]
    """How long daily snapshots are kept, 0 to 35; 1 by default."""
    snapshot_window: NotRequired[str]
    """When the snapshot is taken (UTC); 03:00-04:00 by default."""
    maintenance_window: NotRequired[str]
    """When AWS may patch nodes (UTC); sun:05:00-sun:06:00 by default."""
    retention_days: NotRequired[int]
    """How long its logs are kept; 30 by default."""
    secret_recovery_days: NotRequired[int]
    """How long the token's secret can be restored after it was deleted, 7 to 30; 30 by default."""
    protect: NotRequired[bool]
    """Whether it refuses to be deleted and leaves a last snapshot; true by default."""


class Cache(pulumi.ComponentResource):
    """Valkey 7.2 (it speaks Redis) with TLS, a token from Secrets Manager and encryption at rest."""

    secret: secretsmanager.Secret
    """Holds `{"token": …}`, the password."""
    group: elasticache.ReplicationGroup
    """The primary and its replicas."""
    host: Output[str]
    """Address of the primary."""
    port: Output[int]
    """6379, with TLS; the sandbox answers with the port that its Redis has."""

    def __init__(self, name: str, args: CacheArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Cache", name, {}, opts)
        self._secret_key_arn = args["secret_key_arn"]
        self._group_id = f"{args['name_prefix']}-cache"
        self._nodes = args.get("nodes", 1)
        protect, multi_az = args.get("protect", True), args.get("multi_az", False)
        _validate(name, args, self._group_id)
        self.secret = secretsmanager.Secret(
            f"{name}-token",
            description=f"Token of the prediction cache {self._group_id}",
            kms_key_id=args["secret_key_arn"],
            recovery_window_in_days=args.get("secret_recovery_days", 30),
            opts=ResourceOptions(parent=self, protect=protect),
        )
        token = self._token(name)
        subnets = elasticache.SubnetGroup(
            f"{name}-subnets",
            description=f"Subnets of {self._group_id}",
            subnet_ids=args["subnet_ids"],
            opts=ResourceOptions(parent=self),
        )
        self.group = elasticache.ReplicationGroup(
            f"{name}-group",
            replication_group_id=self._group_id,
            description="Predictions by tenant, model version and input",
            **self._kind(name, args),
            num_cache_clusters=self._nodes,
            automatic_failover_enabled=self._nodes > 1,
            multi_az_enabled=multi_az,
            port=PORT,
            subnet_group_name=subnets.name,
            security_group_ids=args["security_group_ids"],
            kms_key_id=args["key_arn"],
            auth_token=token,
            auto_minor_version_upgrade=True,
            apply_immediately=False,
            maintenance_window=args.get("maintenance_window", "sun:05:00-sun:06:00"),
            snapshot_retention_limit=args.get("snapshot_days", 1),
            snapshot_window=args.get("snapshot_window", "03:00-04:00"),
            final_snapshot_identifier=f"{self._group_id}-final" if protect else None,
            log_delivery_configurations=self._logs(name, args),
            opts=ResourceOptions(
                parent=self,
                protect=protect,
                # Its id is fixed, so a group that must be replaced cannot stand beside the new one.
                delete_before_replace=True,
                # Rotation changes the token behind Pulumi's back; the declared one is the first one.
                ignore_changes=["authToken"],
            ),
        )
        self.host = self.group.primary_endpoint_address
        self.port = self.group.port.apply(lambda port: PORT if port is None else int(port))
        self.register_outputs({"host": self.host, "port": self.port, "secret_arn": self.secret.arn})

    def may_connect(self) -> list[Statement]:
        """The right to read the token, and the key that it is encrypted with."""
        return [
            {
                "Sid": "ReadCacheToken",
                "Effect": "Allow",
                "Action": ["secretsmanager:GetSecretValue"],
                "Resource": [self.secret.arn],
            },
            {
                "Sid": "DecryptCacheToken",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": [self._secret_key_arn],
                "Condition": {"StringEquals": {"kms:EncryptionContext:SecretARN": [self.secret.arn]}},
            },
        ]

    def may_change_token(self) -> list[Statement]:
        """The right to give the group another token, and to see when it has taken it."""
        return [
            {
                "Sid": "ChangeCacheToken",
                "Effect": "Allow",
                "Action": ["elasticache:DescribeReplicationGroups", "elasticache:ModifyReplicationGroup"],
                "Resource": [self.group.arn],
            },
        ]

    def hit_share(self) -> MetricExpression:
        """Answers from the cache of all lookups, in per cent."""
        nodes = range(1, self._nodes + 1)
        hits, misses = [f"h{node}" for node in nodes], [f"m{node}" for node in nodes]
        return MetricExpression(
            expression=f"100 * ({'+'.join(hits)}) / ({'+'.join(hits + misses)})",
            metrics={f"h{node}": self._metric("CacheHits", node) for node in nodes}
            | {f"m{node}": self._metric("CacheMisses", node) for node in nodes},
            label="cache hit share",
            unit="Percent",
        )

    def worst(self, metric: str, statistic: str = "Average", period_s: int = 60) -> MetricExpression:
        """The highest value of a metric among the nodes: which of them is the primary changes."""
        named = {f"n{node}": self._metric(metric, node, statistic).over(period_s) for node in range(1, self._nodes + 1)}
        return MetricExpression(
            expression=f"MAX([{', '.join(named)}])", metrics=named, label=f"cache {metric}", period_s=period_s
        )

    def alarms(self) -> list[Alarm]:
        """Processor, memory, and entries thrown out before their time."""
        return [
            Alarm(
                name="cache-cpu",
                metric=self.worst("EngineCPUUtilization", period_s=300),
                threshold=80,
                periods=2,
                description="the prediction cache is short of processor time, so lookups may be given up",
                runbook="cache-load",
            ),
            Alarm(
                name="cache-memory",
                metric=self.worst("DatabaseMemoryUsagePercentage", period_s=300),
                threshold=90,
                periods=3,
                description="the prediction cache is nearly full and throws out what was used least",
                runbook="cache-load",
            ),
        ]

    def widgets(self) -> list[Widget]:
        """How much the cache helps, and how busy it is."""
        return [
            Widget(title="Cache: hit share", section="Cache", metrics=[self.hit_share()], y_label="%"),
            Widget(
                title="Cache: load",
                section="Cache",
                metrics=[self.worst("EngineCPUUtilization"), self.worst("DatabaseMemoryUsagePercentage")],
                y_label="%",
                marks={"alarm: processor": 80, "alarm: memory": 90},
            ),
        ]

    def _kind(self, name: str, args: CacheArgs) -> dict[str, Any]:
        """What a cache is by itself, or what it follows, which AWS refuses to be told beside."""
        if "global_group_id" in args:
            return {"global_replication_group_id": args["global_group_id"]}
        parameters = elasticache.ParameterGroup(
            f"{name}-parameters",
            family="valkey7",
            description=f"Settings of {self._group_id}",
            # Everything cached can be computed again: when memory is full, what was used least goes.
            parameters=[{"name": "maxmemory-policy", "value": "allkeys-lru"}],
            opts=ResourceOptions(parent=self),
        )
        return {
            "engine": "valkey",
            "engine_version": "7.2",
            "node_type": args.get("node_type", "cache.t4g.micro"),
            "parameter_group_name": parameters.name,
            "at_rest_encryption_enabled": True,
            "transit_encryption_enabled": True,
            "transit_encryption_mode": "required",
        }

    def _token(self, name: str) -> Output[str]:
        """A password made once: Secrets Manager invents another on each run, and all but the first are ignored."""
        invented = secretsmanager.get_random_password_output(
            password_length=64,
            # ElastiCache takes few punctuation marks; 64 letters and digits are enough.
            exclude_punctuation=True,
            opts=pulumi.InvokeOptions(parent=self),
        )
        secret: Output[str] = Output.secret(invented.random_password)
        first = secret.apply(lambda password: json.dumps({"token": password}))
        version = secretsmanager.SecretVersion(
            f"{name}-token-version",
            secret_id=self.secret.id,
            secret_string=first,
            opts=ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )
        # From the secret and not from the invention, so that the cache has the password that was kept.
        return version.secret_string.apply(lambda text: str(json.loads(text or "{}")["token"]))

    def _logs(self, name: str, args: CacheArgs) -> list[Any]:
        found = []
        for kind in _LOGS:
            group = cloudwatch.LogGroup(
                f"{name}-{kind}",
                # Log groups of this prefix share one delivery policy, whose size AWS limits.
                name=f"/aws/vendedlogs/elasticache/{self._group_id}/{kind}",
                kms_key_id=args["log_key_arn"],
                retention_in_days=args.get("retention_days", 30),
                opts=ResourceOptions(parent=self),
            )
            found.append(
                {
                    "destination": group.name,
                    "destination_type": "cloudwatch-logs",
                    "log_format": "json",
                    "log_type": kind,
                }
            )
        return found

    def _metric(self, metric: str, node: int, statistic: str = "Sum") -> Metric:
        return Metric(
            namespace="AWS/ElastiCache",
            name=metric,
            dimensions={"CacheClusterId": f"{self._group_id}-{node:03}"},
            statistic=statistic,
            label=f"{metric} of node {node}",
        )


def _validate(name: str, args: CacheArgs, group_id: str) -> None:
    problems = []
    nodes, snapshot_days = args.get("nodes", 1), args.get("snapshot_days", 1)
    recovery_days = args.get("secret_recovery_days", 30)
    if not _GROUP_ID.fullmatch(group_id):
        problems.append(
            f"name_prefix is {args['name_prefix']!r}; allowed: lower-case letters, digits and single dashes, beginning "
            "with a letter, 34 characters at most"
        )
    if "global_group_id" in args and "node_type" in args:
        problems.append(f"node_type is {args['node_type']!r} with global_group_id; allowed: none, the first has it")
    if not 1 <= nodes <= 6:
        problems.append(f"nodes is {nodes}; allowed: 1 to 6")
    if args.get("multi_az", False) and nodes < 2:
        problems.append(f"nodes is {nodes} with multi_az; allowed: 2 to 6")
    if not 0 <= snapshot_days <= 35:
        problems.append(f"snapshot_days is {snapshot_days}; allowed: 0 to 35")
    if not 7 <= recovery_days <= 30:
        problems.append(f"secret_recovery_days is {recovery_days}; allowed: 7 to 30")
    if problems:
        raise ValueError(f"Cache {name!r}: " + "; ".join(problems))
