"""What a change of an alarm's state sets off: a message on its topics, an event on the default bus."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache
from typing import Any

from sandbox.callers import service
from sandbox.cloud import Judge
from sandbox.events import bus

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """One change of one alarm."""

    alarm: Any
    """As moto keeps it, with the new state."""
    region: str
    account: str
    old: str
    old_reason: str
    old_at: datetime
    at: datetime

    @property
    def actions(self) -> list[str]:
        """ARNs of what is set off; none while the alarm's actions are off."""
        alarm = self.alarm
        if not alarm.actions_enabled:
            return []
        by_state = {
            "ALARM": alarm.alarm_actions,
            "OK": alarm.ok_actions,
            "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
        }
        return list(by_state[alarm.state_value])


def act(change: Change, judge: Judge) -> list[tuple[str, str]]:
    """Sends everything; gives each action with why it did not work, empty where it did.

    The judge says whether CloudWatch may: topics and their keys let it in by policies of their own.
    """
    _tell_bus(change)
    return [(arn, _do(change, arn, judge)) for arn in change.actions]


def _do(change: Change, arn: str, judge: Judge) -> str:
    kind, region = arn.split(":")[2:4]
    if kind != "sns":
        return f"actions of {kind} are not taken on this machine"
    from moto.sns.models import sns_backends

    # In process: a hundred alarms that leave their first state together would be a hundred requests.
    topic = sns_backends[change.account][region].topics.get(arn)
    if topic is None:
        return f"topic {arn} does not exist"
    caller = service("cloudwatch.amazonaws.com", change.alarm.alarm_arn, change.account)
    key = str(topic.kms_master_key_id or "")
    keyed = [("kms:Decrypt", key), ("kms:GenerateDataKey", key)] if key.startswith("arn:") else []
    for action, resource in [("sns:Publish", arn), *keyed]:
        problem = judge(caller, action, resource, region)
        if problem:
            return problem
    try:
        topic.publish(json.dumps(message(change)), subject=subject(change))
    except Exception as fault:  # noqa: BLE001  # whatever a subscriber's service raises must not stop the other alarms
        LOG.warning("alarm %s could not notify %s: %s", change.alarm.name, arn, fault)
        return f"{type(fault).__name__}: {fault}"
    return ""


def subject(change: Change) -> str:
    """The subject line of an e-mail, which has room for 100 characters."""
    return f'{change.alarm.state_value}: "{change.alarm.name}" in {region_name(change.region)}'[:100]


def message(change: Change) -> dict[str, Any]:
    """What a topic gets."""
    alarm = change.alarm
    told: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": change.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": stamp(change.at),
        "Region": region_name(change.region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": change.old,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    return told | ({"AlarmRule": alarm.rule} if alarm.rule else {"Trigger": _trigger(alarm)})


def _trigger(alarm: Any) -> dict[str, Any]:
    common = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data,
    }
    if alarm.metric_data_queries:
        return {**common, "Metrics": [_query(row) for row in alarm.metric_data_queries]}
    kind = "ExtendedStatistic" if alarm.extended_statistic else "Statistic"
    return {
        **common,
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": kind,
        kind: alarm.extended_statistic or str(alarm.statistic).upper(),
        "Dimensions": [{"value": row.value, "name": row.name} for row in alarm.dimensions],
    }


def _query(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Id": row.id, "ReturnData": str(row.return_data).lower() != "false"}
    if row.metric_stat is None:
        return {**found, "Expression": row.expression, "Label": row.label}
    metric = row.metric_stat.metric
    dimensions = [{"value": one.value, "name": one.name} for one in metric.dimensions]
    named = {"Namespace": metric.namespace, "MetricName": metric.metric_name, "Dimensions": dimensions}
    stat = {"Metric": named, "Period": row.metric_stat.period, "Stat": row.metric_stat.stat}
    return {**found, "MetricStat": stat}


def _tell_bus(change: Change) -> None:
    alarm = change.alarm
    if alarm.rule:
        configuration: dict[str, Any] = {"alarmRule": alarm.rule}
    elif alarm.metric_data_queries:
        configuration = {"metrics": [_lower(_query(row)) for row in alarm.metric_data_queries]}
    else:
        metric = {
            "namespace": alarm.namespace,
            "name": alarm.metric_name,
            "dimensions": {row.name: row.value for row in alarm.dimensions},
        }
        stat = {"metric": metric, "period": alarm.period, "stat": alarm.statistic or alarm.extended_statistic}
        configuration = {"metrics": [{"id": "m1", "metricStat": stat, "returnData": True}]}
    detail = {
        "alarmName": alarm.name,
        "configuration": {**configuration, "description": alarm.description},
        "previousState": {"value": change.old, "reason": change.old_reason, "timestamp": stamp(change.old_at)},
        "state": {
            "value": alarm.state_value,
            "reason": alarm.state_reason,
            "reasonData": alarm.state_reason_data,
            "timestamp": stamp(change.at),
        },
    }
    bus.publish(
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        detail,
        account=change.account,
        region=change.region,
        resources=[alarm.alarm_arn],
    )


def _lower(value: Any) -> Any:
    """The same with names as events write them: the first letter small, dimensions as a mapping."""
    if not isinstance(value, Mapping):
        return value
    found = {}
    for name, inner in value.items():
        key = {"MetricName": "name"}.get(name, name[:1].lower() + name[1:])
        found[key] = {row["name"]: row["value"] for row in inner} if name == "Dimensions" else _lower(inner)
    return found


def stamp(moment: datetime) -> str:
    """A moment as CloudWatch writes it."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.strftime("%Y-%m-%dT%H:%M:%S.") + f"{aware.microsecond // 1000:03d}+0000"


@cache
def region_name(region: str) -> str:
    """A region as messages name it, such as US East (N. Virginia); the code where no name is known."""
    from botocore.loaders import create_loader

    for partition in create_loader().load_data("partitions")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
