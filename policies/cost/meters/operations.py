"""What keys, secrets, records, messages and audits are charged for."""

from __future__ import annotations

from typing import Any

from policies.cost.meters.row import Charge, Meter, meter
from policies.resources import Node, read

_HIGH_RESOLUTION_S = 60


def _metrics(node: Node) -> list[Any]:
    """Metrics that an alarm reads; a band of usual values counts three times, in place of its metric."""
    queries = node.rows("metricQueries")
    if not queries:
        return [node.props]
    band = any("ANOMALY_DETECTION_BAND" in str(read(row, "expression", "")) for row in queries)
    return [row["metric"] for row in queries if row.get("metric")] * (3 if band else 1)


def _resolution(_: Node, metric: Any) -> str:
    fast = int(read(metric, "period", _HIGH_RESOLUTION_S)) < _HIGH_RESOLUTION_S
    return "cloudwatch.alarm_fast" if fast else "cloudwatch.alarm"


def _recurring(node: Node, _: Any) -> float:
    return float(len(node.rows("replicas")) + 1)


def _actions(node: Node, _: Any) -> float:
    """Budgets with an action; the first two of an account are free, which is not deducted."""
    return float(bool(node.stack.of_type("aws:budgets/budgetAction:BudgetAction")))


ROWS: dict[str, Meter] = {
    "aws:kms/key:Key": meter(
        "AWS KMS",
        Charge(what="key", price="kms.key"),
        Charge(what="requests", price="kms.requests", uses="requests"),
    ),
    "aws:kms/replicaKey:ReplicaKey": meter(
        "AWS KMS",
        Charge(what="key", price="kms.key"),
        Charge(what="requests", price="kms.requests", uses="requests"),
    ),
    "aws:secretsmanager/secret:Secret": meter(
        "AWS Secrets Manager",
        Charge(what="secret and its replicas", price="secretsmanager.secret", count=_recurring),
        Charge(what="requests", price="secretsmanager.requests", uses="requests"),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": meter(
        "Amazon CloudWatch", Charge(what="alarm", price=_resolution, each=_metrics)
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": meter(
        "Amazon CloudWatch", Charge(what="composite alarm", price="cloudwatch.composite")
    ),
    "aws:cloudwatch/contributorInsightRule:ContributorInsightRule": meter(
        "Amazon CloudWatch",
        Charge(what="rule", price="cloudwatch.contributors"),
        Charge(what="matched events", price="cloudwatch.contributor_events", uses="events"),
    ),
    "aws:cloudwatch/dashboard:Dashboard": meter(
        "Amazon CloudWatch", Charge(what="dashboard", price="cloudwatch.dashboard")
    ),
    "aws:cloudwatch/logGroup:LogGroup": meter(
        "Amazon CloudWatch",
        Charge(what="ingestion", price="cloudwatch.logs", uses="ingested_gb"),
        Charge(what="storage", price="cloudwatch.logs_storage", uses="stored_gb"),
        Charge(what="own metrics", price="cloudwatch.metrics", uses="custom_metrics"),
    ),
    "aws:cloudwatch/eventBus:EventBus": meter(
        "Amazon EventBridge", Charge(what="own events", price="events.custom", uses="events")
    ),
    "aws:scheduler/schedule:Schedule": meter(
        "Amazon EventBridge", Charge(what="starts", price="scheduler.starts", uses="starts")
    ),
    "aws:sns/topic:Topic": meter("Amazon SNS", Charge(what="messages", price="sns.messages", uses="messages")),
    "aws:sqs/queue:Queue": meter("Amazon SQS", Charge(what="requests", price="sqs.requests", uses="requests")),
    "aws:budgets/budget:Budget": meter(
        "AWS Budgets", Charge(what="budget with actions", price="budgets.action_day", count=_actions)
    ),
    "aws:cloudtrail/trail:Trail": meter(
        "AWS CloudTrail", Charge(what="data events", price="cloudtrail.data_events", uses="data_events")
    ),
    "aws:cfg/recorder:Recorder": meter(
        "AWS Config", Charge(what="recorded changes", price="config.items", uses="changes")
    ),
    "aws:cfg/rule:Rule": meter(
        "AWS Config", Charge(what="evaluations", price="config.evaluations", uses="evaluations")
    ),
    "aws:guardduty/detector:Detector": meter(
        "Amazon GuardDuty",
        Charge(what="management events", price="guardduty.events", uses="events"),
        Charge(what="flow and DNS logs, of functions too", price="guardduty.logs", uses="logs_gb"),
        Charge(what="events of objects", price="guardduty.s3_events", uses="s3_events"),
    ),
    "aws:securityhub/account:Account": meter(
        "AWS Security Hub", Charge(what="checks", price="securityhub.checks", uses="checks")
    ),
}
"""By type."""
