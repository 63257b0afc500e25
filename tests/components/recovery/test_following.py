"""How far tables are behind is measured where items are written, and told when it stays late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.recovery import following
from components.tables import Tables
from components.tables.plan import TABLES
from components.values import MetricExpression
from tests.components.recorder import record

THERE = "us-west-2"


def of_tables(asked: Callable[[Tables, str], Any]) -> Any:
    """What is asked of tables while their program runs: their names are outputs."""
    found: list[Any] = []

    def program() -> dict[str, Any]:
        key = "arn:aws:kms:us-east-1:123456789012:key/a"
        found.append(asked(Tables("tables", {"name_prefix": "mlplatform-dev", "key_arn": key}), THERE))
        return {}

    record(program)
    return found[0]


def test_every_table_is_measured_towards_the_other_region() -> None:
    found = of_tables(following.latency)
    assert set(found) == set(TABLES)
    assert {row.dimensions["ReceivingRegion"] for row in found.values()} == {THERE}
    assert {(row.namespace, row.name, row.statistic) for row in found.values()} == {
        ("AWS/DynamoDB", "ReplicationLatency", "Maximum")
    }


def test_a_minute_for_a_quarter_of_an_hour_wakes_and_names_the_page() -> None:
    (alarm,) = of_tables(following.alarms)
    assert (alarm.name, alarm.runbook) == ("table-replication-latency-to-us-west-2", "replication-behind")
    assert (alarm.threshold, alarm.periods, alarm.metric.period_s) == (60_000, 3, 300)
    assert isinstance(alarm.metric, MetricExpression)
    # CloudWatch takes ten metrics in the expression of an alarm.
    assert len(alarm.metric.metrics) <= 10
    (widget,) = of_tables(following.widgets)
    assert widget.marks == {"alarm": 60_000}
