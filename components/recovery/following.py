"""How far the copies of tables in another region are behind, as the region of the writes measures it."""

from __future__ import annotations

from typing import Final

from components.tables import Tables
from components.tables.plan import TABLES
from components.values import Alarm, Metric, MetricExpression, Widget

LATE_S: Final = 60
"""Global tables take about a second; a minute for a quarter of an hour means that something holds them up."""


def latency(tables: Tables, region: str) -> dict[str, Metric]:
    """The slowest write of each table to a region, by table, in milliseconds; measured where it was written."""
    return {
        table: Metric(
            namespace="AWS/DynamoDB",
            name="ReplicationLatency",
            dimensions={"TableName": tables.table_name(table), "ReceivingRegion": region},
            statistic="Maximum",
            period_s=300,
            unit="Milliseconds",
            label=table,
        )
        for table in TABLES
    }


def alarms(tables: Tables, region: str) -> list[Alarm]:
    """Writes that reach the other region late."""
    behind = {f"t{number}": metric for number, metric in enumerate(latency(tables, region).values())}
    return [
        Alarm(
            name=f"table-replication-latency-to-{region}",
            metric=MetricExpression(
                expression=f"MAX([{', '.join(behind)}])",
                metrics=behind,
                label="replication latency",
                period_s=300,
                unit="Milliseconds",
            ),
            threshold=LATE_S * 1000,
            periods=3,
            description=f"items written here reach {region} more than {LATE_S} seconds later, and would be lost",
            runbook="replication-behind",
        )
    ]


def widgets(tables: Tables, region: str) -> list[Widget]:
    """How late writes arrive, a line a table."""
    return [
        Widget(
            title=f"Replication of tables to {region}: latency",
            section="Recovery",
            metrics=list(latency(tables, region).values()),
            y_label="ms",
            marks={"alarm": LATE_S * 1000},
        )
    ]
