"""What components hand to each other: rights, metrics, alarms and dashboard rows, as plain values."""

from __future__ import annotations

from components.values.gaps import filled, formatted
from components.values.measured import measured
from components.values.rights import RETENTION_DAYS, Statement, document, policy_json, trust_json
from components.values.signals import (
    Alarm,
    Board,
    Comparison,
    CompositeName,
    Kind,
    Metric,
    MetricExpression,
    MissingData,
    Severity,
    Widget,
    check_period,
)

__all__ = [
    "RETENTION_DAYS",
    "Alarm",
    "Board",
    "Comparison",
    "CompositeName",
    "Kind",
    "Metric",
    "MetricExpression",
    "MissingData",
    "Severity",
    "Statement",
    "Widget",
    "check_period",
    "document",
    "filled",
    "formatted",
    "measured",
    "policy_json",
    "trust_json",
]
