"""TableAccelerator: a DAX cluster in front of the tables, encrypted, inside the network, reached by functions alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import dax, ec2, iam, vpc
from components.values import Alarm, Metric, Statement, Widget, policy_json, trust_json

PORT: Final = 9111
"""Where a DAX cluster speaks TLS."""

_LONGEST_NAME: Final = 20
_NODE_TYPE: Final = re.compile(r"dax\.[a-z][a-z0-9]*\.[a-z0-9]+")
_ACTIONS: Final = (
    *("dax:BatchGetItem", "dax:ConditionCheckItem", "dax:GetItem", "dax:PutItem", "dax:Query", "dax:UpdateItem"),
)


class TableAcceleratorArgs(TypedDict):
    """What an accelerator needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the cluster's name, such as `mlplatform-dev`."""
    statements: Sequence[Statement]
    """What the cluster may do with the tables in its callers' place (`Tables.may_accelerate()`)."""
    subnet_ids: Input[Sequence[Input[str]]]
    """Private subnets; nodes are spread over their zones."""
    vpc_id: Input[str]
    """Network of the subnets."""
    caller_group_id: Input[str]
    """Security group of the functions that may connect; nobody else can."""
    node_type: NotRequired[str]
    """Size of a node; `dax.t3.small` by default."""
    nodes: NotRequired[int]
    """One primary and its replicas, 1 to 11; 1 by default. AWS advises three for production."""
    ttl_ms: NotRequired[int]
    """How long items and answers to queries may be out of date; five minutes by default."""


class TableAccelerator(pulumi.ComponentResource):
    """A cluster that answers repeated reads in microseconds.

    Callers need a client that speaks DAX's protocol; the SDK's DynamoDB client goes past it to the tables.
    """

    role: iam.Role
    """What the cluster reads and writes the tables as."""
    group: ec2.SecurityGroup
    """Its security group, which lets the callers' group in and nobody out."""
    cluster: dax.Cluster
    """The cluster."""

    def __init__(self, name: str, args: TableAcceleratorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:TableAccelerator", name, {}, opts)
        _validate(name, args)
        child = ResourceOptions(parent=self)
        physical, ttl_ms = cluster_name(args["name_prefix"]), str(args.get("ttl_ms", 300_000))
        self.role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json("dax.amazonaws.com"),
            description=f"What the DAX cluster {physical} may do with the tables",
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-rights", role=self.role.id, policy=policy_json(args["statements"]), opts=child
        )
        self.group = self._open(name, args)
        subnets = dax.SubnetGroup(f"{name}-subnets", name=physical, subnet_ids=args["subnet_ids"], opts=child)
        parameters = dax.ParameterGroup(
            f"{name}-parameters",
            name=physical,
            description=f"How long {physical} keeps what it has read",
            parameters=[
                {"name": "query-ttl-millis", "value": ttl_ms},
                {"name": "record-ttl-millis", "value": ttl_ms},
            ],
            opts=child,
        )
        self.cluster = dax.Cluster(
            f"{name}-cluster",
            cluster_name=physical,
            description="Answers repeated reads of the tables",
            node_type=args.get("node_type", "dax.t3.small"),
            replication_factor=args.get("nodes", 1),
            iam_role_arn=self.role.arn,
            subnet_group_name=subnets.name,
            parameter_group_name=parameters.name,
            security_group_ids=[self.group.id],
            server_side_encryption={"enabled": True},
            cluster_endpoint_encryption_type="TLS",
            # A new cluster looks at its tables at once.
            opts=ResourceOptions(parent=self, depends_on=[granted]),
        )
        self.register_outputs({"endpoint": self.endpoint})

    @property
    def endpoint(self) -> Output[str]:
        """Host and port that a DAX client is given."""
        return self.cluster.configuration_endpoint

    def may_use(self) -> list[Statement]:
        """The right to read and write tables through the cluster, without scanning or deleting."""
        return [
            {
                "Sid": "UseTableAccelerator",
                "Effect": "Allow",
                "Action": list(_ACTIONS),
                "Resource": [self.cluster.arn],
            }
        ]

    def alarms(self) -> list[Alarm]:
        """A cluster that is too small."""
        return [
            Alarm(
                name="accelerator-load",
                metric=self._metric("CPUUtilization", "Average", "Percent").over(300),
                threshold=80,
                periods=2,
                description="Reads of the tables through DAX are slow, because its nodes are busy",
                runbook="accelerator-load",
            )
        ]

    def widgets(self) -> list[Widget]:
        """What the cluster answers itself, and what it asks the tables for."""
        return [
            Widget(
                title="Table accelerator: hits and misses",
                section="Data",
                metrics=[self._metric(metric, "Sum", "Count") for metric in ("ItemCacheHits", "ItemCacheMisses")],
                y_label="items a minute",
            )
        ]

    def _open(self, name: str, args: TableAcceleratorArgs) -> ec2.SecurityGroup:
        child = ResourceOptions(parent=self)
        group = ec2.SecurityGroup(
            f"{name}-group",
            vpc_id=args["vpc_id"],
            description=f"{args['name_prefix']}: the table accelerator",
            tags={"Name": f"{args['name_prefix']}-accelerator"},
            opts=child,
        )
        way: dict[str, Any] = {
            "from_port": PORT,
            "to_port": PORT,
            "ip_protocol": "tcp",
            "description": "functions read tables through DAX",
        }
        caller = args["caller_group_id"]
        vpc.SecurityGroupIngressRule(
            f"{name}-in", security_group_id=group.id, referenced_security_group_id=caller, opts=child, **way
        )
        vpc.SecurityGroupEgressRule(
            f"{name}-out", security_group_id=caller, referenced_security_group_id=group.id, opts=child, **way
        )
        return group

    def _metric(self, metric: str, statistic: str, unit: str) -> Metric:
        return Metric(
            namespace="AWS/DAX",
            name=metric,
            dimensions={"ClusterId": self.cluster.cluster_name},
            statistic=statistic,
            unit=unit,
        )


def cluster_name(prefix: str) -> str:
    """Name of the cluster of a stack: at most twenty characters, so that a long prefix gives way to its digest."""
    name = f"{prefix}-dax"
    return name if len(name) <= _LONGEST_NAME else f"dax-{hashlib.sha256(prefix.encode()).hexdigest()[:12]}"


def _validate(name: str, args: TableAcceleratorArgs) -> None:
    problems = []
    node_type, nodes, ttl_ms = args.get("node_type", "dax.t3.small"), args.get("nodes", 1), args.get("ttl_ms", 300_000)
    if not _NODE_TYPE.fullmatch(node_type):
        problems.append(f"node_type is {node_type!r}; allowed: a node type such as dax.t3.small")
    if not 1 <= nodes <= 11:
        problems.append(f"nodes is {nodes}; allowed: 1 to 11")
    if ttl_ms < 0:
        problems.append(f"ttl_ms is {ttl_ms}; allowed: 0 (until something pushes it out) or more")
    if problems:
        raise ValueError(f"TableAccelerator {name!r}: " + "; ".join(problems))
