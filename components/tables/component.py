"""Tables: DynamoDB on demand, restorable, encrypted, replicated where asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import dynamodb
from components.tables.plan import EXPIRING, INDEXES, KEYS, TABLES, TableName, attributes, indexes
from components.values import Alarm, Metric, MetricExpression, Statement, Widget, formatted

_READ: Final = ("dynamodb:BatchGetItem", "dynamodb:GetItem")
_WRITE: Final = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_QUERY: Final = ("dynamodb:Query",)


class ReplicaRegion(TypedDict):
    """Another region that has a copy of every table."""

    region: str
    """Such as `us-west-2`."""
    key_arn: Input[str]
    """KMS key of that region which encrypts the copies; another one makes the copies anew."""


class Replica(TypedDict):
    """The copy of one table in another region."""

    name: Input[str]
    """The same in every region."""
    arn: Input[str]
    """Its ARN there."""
    stream_arn: Input[str]
    """Its stream there, which tells of changes made in any region."""


class TablesArgs(TypedDict):
    """What the tables need; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of the tables in this region."""
    protect: NotRequired[bool]
    """Whether tables and their replicas refuse to be deleted; true by default."""
    recovery_days: NotRequired[int]
    """How far back a table can be restored, 1 to 35; 35 by default. Replicas always have 35: the provider cannot ask
    for less."""
    replicas: NotRequired[Sequence[ReplicaRegion]]
    """Regions with a copy of every table (global tables); none by default."""
    replica_of: NotRequired[Mapping[TableName, Replica]]
    """The copies that another region's tables have here (`Tables.in_region`): they are named, watched and reached by
    rights in place of tables of their own."""


class Tables(pulumi.ComponentResource):
    """On-demand tables with point-in-time recovery, streams and a key of their own."""

    tables: dict[TableName, dynamodb.Table]
    """The tables by name; empty where another region's tables have their replicas here."""

    def __init__(self, name: str, args: TablesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Tables", name, {}, opts)
        _validate(name, args)
        self._name, self._args = name, args
        found = args.get("replica_of")
        self.tables = {} if found is not None else {table: self._table(table) for table in TABLES}
        self._here: Mapping[TableName, Replica] = (
            found
            if found is not None
            else {
                table: {"name": made.name, "arn": made.arn, "stream_arn": made.stream_arn}
                for table, made in self.tables.items()
            }
        )
        self.register_outputs({table: self.table_name(table) for table in TABLES})

    def table_name(self, table: TableName) -> Output[str]:
        """Physical name of a table."""
        return Output.from_input(self._known(table)["name"])

    def table_arn(self, table: TableName) -> Output[str]:
        """ARN of a table, in this region."""
        return Output.from_input(self._known(table)["arn"])

    def stream_arn(self, table: TableName) -> Output[str]:
        """ARN of a table's stream, in this region."""
        return Output.from_input(self._known(table)["stream_arn"])

    def in_region(self, region: str) -> dict[TableName, Replica]:
        """The copies of every table in another region: what `replica_of` takes there.

        Raises:
            ValueError: where the tables have no replicas in that region.
        """
        regions = [replica["region"] for replica in self._args.get("replicas", [])]
        if region not in regions:
            raise ValueError(
                f"Tables {self._name!r} have no replicas in {region!r}; allowed: {', '.join(regions) or 'none'}; "
                "add the region to replicas"
            )
        return {table: _replica(made, region) for table, made in self.tables.items()}

    def may_read(self, table: TableName) -> list[Statement]:
        """The right to read items whose key is known; neither indexes nor scans."""
        return self._may("Read", table, _READ, self.table_arn(table))

    def may_write(self, table: TableName) -> list[Statement]:
        """The right to put and update items, conditionally too, without deleting."""
        return self._may("Write", table, _WRITE, self.table_arn(table))

    def may_query_index(self, table: TableName, index: str) -> list[Statement]:
        """The right to query one index, such as `EmailIndex` of users."""
        self._known(table)
        if index not in INDEXES[table]:
            raise ValueError(f"table {table!r} has no index {index!r}; allowed: {', '.join(INDEXES[table])}")
        return self._may("Query", table, _QUERY, formatted("{0}/index/{1}", self.table_arn(table), index), index)

    def may_accelerate(self) -> list[Statement]:
        """What a DAX cluster needs in its callers' place: to look at every table, read, write and query it."""
        arns = [self.table_arn(table) for table in TABLES]
        look: Statement = {
            "Sid": "LookAtTables",
            "Effect": "Allow",
            "Action": ["dynamodb:DescribeTable"],
            "Resource": arns,
        }
        granted = [row for table in TABLES for row in (*self.may_read(table), *self.may_write(table))]
        queries = [row for table in TABLES for index in INDEXES[table] for row in self.may_query_index(table, index)]
        return [look, *granted, *queries]

    def throttles(self, table: TableName, operation: str) -> Metric:
        """Throttled requests of an operation such as `PutItem`."""
        return self._metric(table, "ThrottledRequests", label=f"{table} {operation}", Operation=operation)

    def alarms(self) -> list[Alarm]:
        """Throttled requests of each table and its indexes."""
        return [
            Alarm(
                name=f"{table}-table-throttles",
                metric=self._throttled(table),
                threshold=100,
                description=f"DynamoDB turns requests to the table of {table} away",
                runbook="table-throttles",
            )
            for table in TABLES
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
            for table in TABLES
        ]

    def _table(self, table: TableName) -> dynamodb.Table:
        args = self._args
        protect = args.get("protect", True)
        replicas: Any = [
            {
                "region_name": replica["region"],
                "kms_key_arn": replica["key_arn"],
                "point_in_time_recovery": True,
                "propagate_tags": True,
                "deletion_protection_enabled": protect,
            }
            for replica in args.get("replicas", [])
        ]
        return dynamodb.Table(
            f"{self._name}-{table}",
            name=f"{args['name_prefix']}-{table}",
            billing_mode="PAY_PER_REQUEST",
            hash_key=KEYS[table],
            attributes=attributes(table),
            global_secondary_indexes=indexes(table) or None,
            ttl={"enabled": True, "attribute_name": "ttl"} if table in EXPIRING else None,
            point_in_time_recovery={"enabled": True, "recovery_period_in_days": args.get("recovery_days", 35)},
            server_side_encryption={"enabled": True, "kms_key_arn": args["key_arn"]},
            stream_enabled=True,
            # Replication needs both images.
            stream_view_type="NEW_AND_OLD_IMAGES",
            deletion_protection_enabled=protect,
            replicas=replicas or None,
            opts=ResourceOptions(parent=self, protect=protect),
        )

    def _known(self, table: TableName) -> Replica:
        if table not in self._here:
            raise ValueError(f"table {table!r} does not exist; allowed: {', '.join(TABLES)}")
        return self._here[table]

    def _may(
        self, verb: str, table: TableName, actions: tuple[str, ...], resource: Input[str], index: str = ""
    ) -> list[Statement]:
        noun = f"{table.capitalize()}{index or 'Table'}"
        return [
            {"Sid": f"{verb}{noun}", "Effect": "Allow", "Action": list(actions), "Resource": [resource]},
            {
                # DynamoDB opens the table's key in the name of whoever calls.
                "Sid": "UseTableKey",
                "Effect": "Allow",
                "Action": ["kms:Decrypt"],
                "Resource": [self._args["key_arn"]],
                "Condition": {"StringLike": {"kms:ViaService": ["dynamodb.*.amazonaws.com"]}},
            },
        ]

    def _throttled(self, table: TableName) -> MetricExpression:
        metrics = {}
        for verb, metric in (("reads", "ReadThrottleEvents"), ("writes", "WriteThrottleEvents")):
            metrics[verb] = self._metric(table, metric, label=verb).over(300)
            # What an index turns away is counted under the index alone.
            for index in INDEXES[table]:
                found = self._metric(table, metric, label=f"{verb} of {index}", GlobalSecondaryIndexName=index)
                metrics[f"{verb}_{index}"] = found.over(300)
        return MetricExpression(
            # There is a data point only where something was throttled, and CloudWatch leaves an alarm on DynamoDB's
            # metrics as it is where none is, whatever is asked for missing data: without zeros it would never end.
            expression=f"SUM([{', '.join(f'FILL({key}, 0)' for key in metrics)}])",
            metrics=metrics,
            label=f"{table} throttles",
            period_s=300,
            unit="Count",
        )

    def _metric(self, table: TableName, metric: str, *, label: str, **more: str) -> Metric:
        dimensions: dict[str, Input[str]] = {"TableName": self.table_name(table), **more}
        return Metric(namespace="AWS/DynamoDB", name=metric, dimensions=dimensions, label=label)


def _replica(table: dynamodb.Table, region: str) -> Replica:
    def moved(arn: str) -> str:
        *service, _, rest = arn.split(":", 4)
        return ":".join([*service, region, rest])

    return {"name": table.name, "arn": table.arn.apply(moved), "stream_arn": table.replicas.apply(_stream_in(region))}


def _stream_in(region: str) -> Any:
    def stream_of(replicas: Sequence[Any] | None) -> str:
        found = next((replica.stream_arn for replica in replicas or [] if replica.region_name == region), None)
        if found is None:
            raise ValueError(f"AWS told no stream of the replica in {region!r}; run `pulumi up` again")
        return str(found)

    return stream_of


def _validate(name: str, args: TablesArgs) -> None:
    problems = []
    days, replicas = args.get("recovery_days", 35), args.get("replicas", [])
    if not 1 <= days <= 35:
        problems.append(f"recovery_days is {days}; allowed: 1 to 35")
    regions = [replica["region"] for replica in replicas]
    if len(set(regions)) != len(regions):
        problems.append(f"replicas is {', '.join(regions)}; allowed: each region once; remove one")
    found = args.get("replica_of")
    if found is not None and replicas:
        problems.append("replicas is given with replica_of; allowed: one of the two; ask the first region for replicas")
    if found is not None and (missing := [table for table in TABLES if table not in found]):
        problems.append(f"replica_of lacks {', '.join(missing)}; allowed: all of {', '.join(TABLES)}")
    if problems:
        raise ValueError(f"Tables {name!r}: " + "; ".join(problems))
