"""Tables: Models, Predictions and Batches in DynamoDB."""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import dynamodb

from components.values import Alarm, Metric, MetricExpression, Statement, Widget

TableName = Literal["models", "predictions", "batches"]

_INDEXES: Final[dict[TableName, dict[str, tuple[str, str | None]]]] = {
    "models": {"GroupIndex": ("modelGroup", "createdAt"), "PackageIndex": ("modelPackageArn", None)},
    "predictions": {"UserIndex": ("userId", "createdAt")},
    "batches": {"UserIndex": ("userId", "createdAt")},
}
"""Table → index → hash key and range key."""

_KEYS: Final[dict[TableName, str]] = {"models": "version", "predictions": "predictionId", "batches": "batchId"}
_EXPIRING: Final = ("predictions", "batches")
_READ: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
_WRITE: Final = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


class TablesArgs(TypedDict):
    """What the tables need; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of the tables."""
    protect: NotRequired[bool]
    """Whether tables refuse to be deleted; true by default."""
    recovery_days: NotRequired[int]
    """How far back a table can be restored, 1 to 35; 35 by default."""


class Tables(pulumi.ComponentResource):
    """On-demand tables with point-in-time recovery, streams and a key of their own."""

    tables: dict[TableName, dynamodb.Table]
    """The tables by name."""

    def __init__(self, name: str, args: TablesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Tables", name, {}, opts)
        recovery_days, protect = args.get("recovery_days", 35), args.get("protect", True)
        if not 1 <= recovery_days <= 35:
            raise ValueError(f"Tables {name!r}: recovery_days is {recovery_days}; allowed: 1 to 35")
        self._key_arn = args["key_arn"]
        self.tables = {
            table: dynamodb.Table(
                f"{name}-{table}",
                name=f"{args['name_prefix']}-{table}",
                billing_mode="PAY_PER_REQUEST",
                hash_key=hash_key,
                attributes=attributes(table),
                global_secondary_indexes=indexes(table),
                ttl={"enabled": True, "attribute_name": "ttl"} if table in _EXPIRING else None,
                point_in_time_recovery={"enabled": True, "recovery_period_in_days": recovery_days},
                server_side_encryption={"enabled": True, "kms_key_arn": args["key_arn"]},
                stream_enabled=True,
                stream_view_type="NEW_AND_OLD_IMAGES",
                deletion_protection_enabled=protect,
                opts=ResourceOptions(parent=self, protect=protect),
            )
            for table, hash_key in _KEYS.items()
        }
        self.register_outputs({table: made.name for table, made in self.tables.items()})

    def table_name(self, table: TableName) -> Output[str]:
        """Physical name of a table."""
        return self._known(table).name

    def may_read(self, table: TableName) -> list[Statement]:
        """The right to read items and query the indexes, without scanning."""
        return self._may("Read", table, _READ)

    def may_write(self, table: TableName) -> list[Statement]:
        """The right to put and update items, conditionally too, without deleting."""
        return self._may("Write", table, _WRITE)

    def throttles(self, table: TableName, operation: str) -> Metric:
        """Throttled requests of an operation such as `PutItem`."""
        return self._metric(table, "ThrottledRequests", operation=operation, label=f"{table} {operation}")

    def alarms(self) -> list[Alarm]:
        """Throttled requests of each table."""
        return [
            Alarm(
                name=f"{table}-table-throttles",
                metric=MetricExpression(
                    # Not `reads + writes`: there is a data point only where something was throttled, and a sum of two
                    # series has one only where both have.
                    expression="SUM([reads, writes])",
                    metrics={
                        "reads": self._metric(table, "ReadThrottleEvents", label="reads").over(300),
                        "writes": self._metric(table, "WriteThrottleEvents", label="writes").over(300),
                    },
                    label=f"{table} throttles",
                    period_s=300,
                    unit="Count",
                ),
                threshold=100,
                description=f"DynamoDB turns requests to the table of {table} away",
                runbook="table-throttles",
            )
            for table in _KEYS
        ]

    def widgets(self) -> list[Widget]:
        """Capacity that each table uses."""
        return [
            Widget(
                title=f"{table}: capacity",
                section="Data",
                metrics=[
                    self._metric(table, "ConsumedReadCapacityUnits", label="read units"),
                    self._metric(table, "ConsumedWriteCapacityUnits", label="write units"),
                ],
                y_label="units a minute",
            )
            for table in _KEYS
        ]

    def _known(self, table: TableName) -> dynamodb.Table:
        if table not in self.tables:
            raise ValueError(f"table {table!r} does not exist; allowed: {', '.join(_KEYS)}")
        return self.tables[table]

    def _may(self, verb: str, table: TableName, actions: tuple[str, ...]) -> list[Statement]:
        arn = self._known(table).arn
        noun = table.capitalize()
        resources: list[Input[str]] = [arn]
        if verb == "Read":
            resources.append(Output.format("{0}/index/*", arn))
        return [
            {"Sid": f"{verb}{noun}Table", "Effect": "Allow", "Action": list(actions), "Resource": resources},
            {
                # DynamoDB opens the table's key in the name of whoever calls.
                "Sid": "UseTableKey",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": [self._key_arn],
                "Condition": {"StringLike": {"kms:ViaService": ["dynamodb.*.amazonaws.com"]}},
            },
        ]

    def _metric(self, table: TableName, metric: str, *, label: str, operation: str = "") -> Metric:
        dimensions: dict[str, Input[str]] = {"TableName": self.table_name(table)}
        if operation:
            dimensions["Operation"] = operation
        return Metric(namespace="AWS/DynamoDB", name=metric, dimensions=dimensions, label=label)


def attributes(table: TableName) -> list[Any]:
    """Every key of a table and its indexes, once."""
    keys = {_KEYS[table]}.union(*(pair for pair in _INDEXES[table].values())) - {None}
    return [{"name": key, "type": "S"} for key in sorted(str(key) for key in keys)]


def indexes(table: TableName) -> list[Any]:
    """The indexes of a table, each with all attributes."""
    return [
        {"name": index, "hash_key": hash_key, "projection_type": "ALL"}
        | ({"range_key": range_key} if range_key else {})
        for index, (hash_key, range_key) in _INDEXES[table].items()
    ]
