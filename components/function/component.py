"""Function: one capability in Lambda with a role, a log group and an alias of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, iam, lambda_
from components.function.rights import function_arn, network_statements, own_statements
from components.values import (
    RETENTION_DAYS,
    Alarm,
    Metric,
    MetricExpression,
    Statement,
    Widget,
    policy_json,
    trust_json,
)

ALIAS: Final = "live"
"""What callers invoke: a promotion or a rollback of code moves the alias and no caller."""


class FunctionArgs(TypedDict):
    """What a function needs; the rest has secure defaults."""

    function_name: str
    """Physical name such as `mlplatform-dev-predictions`, up to 64 characters."""
    capability: str
    """What it does, in names and alarms; the folder of functions/ whose handler it runs, unless `handler` says."""
    code: str
    """Path of its archive, such as `dist/functions/predictions.zip`."""
    key_arn: Input[str]
    """KMS key of its log group and environment; its policy must let CloudWatch Logs use it."""
    handler: NotRequired[str]
    """Handler of the archive; `functions.<capability>.handler.handler` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """ARNs of layer versions, five at most."""
    environment: NotRequired[Mapping[str, Input[str]]]
    """Variables, made by `functions.shared.settings.variables`."""
    statements: NotRequired[Sequence[Statement]]
    """What it may do beside logging and tracing."""
    timeout_s: NotRequired[int]
    """Longest run, 1 to 900; 30 by default."""
    memory_mb: NotRequired[int]
    """Memory, 128 to 10,240; 512 by default."""
    subnet_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Private subnets; given together with security_group_ids."""
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Security groups of its network interfaces."""
    retention_days: NotRequired[int]
    """How long its log is kept; 30 by default."""
    reserved_concurrency: NotRequired[int]
    """Instances reserved for it, which also caps it; unreserved by default, and 0 stops it."""


class Function(pulumi.ComponentResource):
    """Runs one capability of functions/ behind the alias `live`, traced by X-Ray, with a JSON log of its own."""

    role: iam.Role
    """Its own role: the statements given, its log, its traces."""
    rights: iam.RolePolicy
    """The role's one policy."""
    log_group: cloudwatch.LogGroup
    """`/aws/lambda/<function name>`, encrypted."""
    function: lambda_.Function
    """The function; each change publishes a version."""
    alias: lambda_.Alias
    """`live`, on the newest version."""
    function_name: Output[str]
    """Physical name."""
    arn: Output[str]
    """ARN without a version."""
    alias_arn: Output[str]
    """ARN of the alias, for callers."""
    invoke_arn: Output[str]
    """Address of the alias for API Gateway integrations."""

    def __init__(self, name: str, args: FunctionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Function", name, {}, opts)
        _validate(name, args)
        self._name = args["function_name"]
        self._capability = args["capability"]
        self._timeout_s = args.get("timeout_s", 30)
        child = ResourceOptions(parent=self)
        self.log_group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/lambda/{self._name}",
            kms_key_id=args["key_arn"],
            retention_in_days=args.get("retention_days", 30),
            opts=child,
        )
        self.role = iam.Role(
            f"{name}-role",
            assume_role_policy=trust_json("lambda.amazonaws.com"),
            description=f"What the function {self._name} may do",
            opts=child,
        )
        in_network = "subnet_ids" in args
        arn = self.log_group.arn.apply(lambda log_arn: function_arn(log_arn, self._name))
        self.rights = iam.RolePolicy(
            f"{name}-rights",
            role=self.role.id,
            policy=policy_json(
                [
                    *own_statements(self.log_group.arn, args["key_arn"]),
                    *(network_statements(arn) if in_network else []),
                    *args.get("statements", []),
                ]
            ),
            opts=child,
        )
        self.function = lambda_.Function(
            f"{name}-function",
            name=self._name,
            architectures=["arm64"],
            runtime="python3.13",
            handler=args.get("handler", f"functions.{self._capability}.handler.handler"),
            code=pulumi.FileArchive(args["code"]),
            layers=list(args.get("layers", [])),
            role=self.role.arn,
            timeout=self._timeout_s,
            memory_size=args.get("memory_mb", 512),
            environment={"variables": dict(args.get("environment", {}))},
            kms_key_arn=args["key_arn"],
            logging_config={"log_format": "JSON", "log_group": self.log_group.name},
            publish=True,
            reserved_concurrent_executions=args.get("reserved_concurrency"),
            tracing_config={"mode": "Active"},
            vpc_config=_vpc(args),
            # Lambda checks the role's network rights when the function is made.
            opts=ResourceOptions(parent=self, depends_on=[self.rights]),
        )
        self.alias = lambda_.Alias(
            f"{name}-live",
            name=ALIAS,
            function_name=self.function.name,
            function_version=self.function.version,
            opts=child,
        )
        self.function_name = self.function.name
        self.arn = self.function.arn
        self.alias_arn = self.alias.arn
        self.invoke_arn = self.alias.invoke_arn
        self.register_outputs(
            {"function_name": self.function_name, "arn": self.arn, "alias_arn": self.alias_arn},
        )

    def may_invoke(self) -> Statement:
        """The right to call the alias of this function."""
        return {
            "Sid": f"Invoke{''.join(word.capitalize() for word in self._capability.split('_'))}",
            "Effect": "Allow",
            "Action": ["lambda:InvokeFunction"],
            "Resource": [self.alias_arn],
        }

    def invocations(self) -> Metric:
        """Runs, failed ones included."""
        return self._metric("Invocations", "Sum")

    def errors(self) -> Metric:
        """Runs that ended with an exception or a timeout."""
        return self._metric("Errors", "Sum")

    def duration(self, statistic: str = "p95") -> Metric:
        """Time of a run, in milliseconds."""
        return self._metric("Duration", statistic, unit="Milliseconds")

    def throttles(self) -> Metric:
        """Calls that found no free instance."""
        return self._metric("Throttles", "Sum")

    def concurrency(self) -> Metric:
        """Instances at work at once."""
        return self._metric("ConcurrentExecutions", "Maximum")

    def error_rate(self, period_s: int = 300) -> MetricExpression:
        """Failed runs of all runs, in per cent; no data while nothing runs."""
        return MetricExpression(
            expression="100 * errors / invocations",
            metrics={"errors": self.errors().over(period_s), "invocations": self.invocations().over(period_s)},
            label=f"{self._capability} error rate",
            period_s=period_s,
            unit="Percent",
        )

    def alarms(self) -> list[Alarm]:
        """Errors above 5 %, throttled calls, and runs that come close to the time limit."""
        return [
            Alarm(
                name=f"{self._capability}-errors",
                metric=self.error_rate(),
                threshold=5,
                description=f"more than 5 % of the runs of {self._capability} fail",
                runbook="function-errors",
                severity="critical",
            ),
            Alarm(
                name=f"{self._capability}-throttles",
                metric=self.throttles().over(300),
                threshold=0,
                description=f"calls of {self._capability} are turned away for lack of concurrency",
                runbook="function-throttles",
            ),
            Alarm(
                name=f"{self._capability}-duration",
                metric=self.duration("p99").over(300),
                threshold=self._timeout_s * 800,
                periods=3,
                description=f"one in a hundred runs of {self._capability} takes over 80 % of its time limit",
                runbook="function-duration",
            ),
        ]

    def widgets(self) -> list[Widget]:
        """Runs and failures, and the time they take."""
        return [
            Widget(
                title=f"{self._capability}: runs",
                section="Functions",
                metrics=[self.invocations(), self.errors(), self.throttles(), self.concurrency()],
                y_label="runs a minute",
                # Two functions a row, so that both pictures of one stand side by side.
                width=6,
            ),
            Widget(
                title=f"{self._capability}: duration",
                section="Functions",
                metrics=[self.duration(statistic) for statistic in ("p50", "p95", "p99")],
                y_label="ms",
                width=6,
            ),
        ]

    def _metric(self, metric: str, statistic: str, *, unit: str = "Count") -> Metric:
        shown = {"Duration": statistic, "ConcurrentExecutions": "at once"}.get(metric, metric.lower())
        return Metric(
            namespace="AWS/Lambda",
            name=metric,
            dimensions={"FunctionName": self._name},
            statistic=statistic,
            unit=unit,
            label=f"{self._capability} {shown}",
        )


def _vpc(args: FunctionArgs) -> Any:
    if "subnet_ids" not in args:
        return None
    return {"subnet_ids": args["subnet_ids"], "security_group_ids": args["security_group_ids"]}


def _validate(name: str, args: FunctionArgs) -> None:
    problems = []
    timeout_s = args.get("timeout_s", 30)
    memory_mb = args.get("memory_mb", 512)
    retention_days = args.get("retention_days", 30)
    reserved = args.get("reserved_concurrency", 0)
    if not 1 <= len(args["function_name"]) <= 64:
        problems.append(f"function_name is {args['function_name']!r}; allowed: 1 to 64 characters; shorten it")
    if not 1 <= timeout_s <= 900:
        problems.append(f"timeout_s is {timeout_s}; allowed: 1 to 900")
    if not 128 <= memory_mb <= 10_240:
        problems.append(f"memory_mb is {memory_mb}; allowed: 128 to 10240")
    if retention_days not in RETENTION_DAYS:
        problems.append(f"retention_days is {retention_days}; allowed: {', '.join(map(str, RETENTION_DAYS))}")
    if reserved < 0:
        problems.append(f"reserved_concurrency is {reserved}; allowed: 0 or more, or leave it out")
    if len(args.get("layers", [])) > 5:
        problems.append(f"layers has {len(args.get('layers', []))} entries; allowed: at most 5")
    if ("subnet_ids" in args) != ("security_group_ids" in args):
        problems.append("subnet_ids and security_group_ids must be given together; give both or none")
    if problems:
        raise ValueError(f"Function {name!r}: " + "; ".join(problems))
