"""Observability: the alarms and the dashboard that other components declare, and the topic people listen to."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi_aws import cloudwatch, sns

from components.values import Alarm, Metric, MetricExpression, Statement, Widget, policy_json

_NAME: Final = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_COLUMNS: Final = 24
_STATISTICS: Final = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
_VIEWS: Final = {"lines": "timeSeries", "stacked": "timeSeries", "number": "singleValue"}
_MOST_ALARMS: Final = 100
"""Alarms that one alarm widget can show."""


class ObservabilityArgs(TypedDict):
    """What is to be watched, as declared by the components that know."""

    name_prefix: str
    """Beginning of the names of alarms, topic and dashboard, such as `mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of the topic; its policy must let CloudWatch use it."""
    alarms: Sequence[Alarm]
    """Rows of every component."""
    widgets: Sequence[Widget]
    """Dashboard rows of every component, in the order in which sections appear."""
    dashboard_name: NotRequired[str]
    """Name of the dashboard, which all regions of an account share; the prefix and `-application` by default."""
    emails: NotRequired[Sequence[str]]
    """Addresses that hear every alarm; AWS asks each to confirm."""
    runbook_url: NotRequired[str]
    """Where docs/runbooks/ can be read; alarms carry the link. The path in the repository by default."""


class Observability(pulumi.ComponentResource):
    """Turns declared rows into CloudWatch alarms that notify one topic, and into one dashboard."""

    topic: sns.Topic
    """Where alarms go."""
    alarms: list[cloudwatch.MetricAlarm]
    """One a row, in the rows' order."""
    dashboard: cloudwatch.Dashboard
    """The application dashboard."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Observability", name, {}, opts)
        _validate(name, args)
        prefix = args["name_prefix"]
        links = args.get("runbook_url", "docs/runbooks")
        child = ResourceOptions(parent=self)
        self.topic = sns.Topic(f"{name}-topic", name=f"{prefix}-alarms", kms_master_key_id=args["key_arn"], opts=child)
        sns.TopicPolicy(f"{name}-topic-policy", arn=self.topic.arn, policy=topic_policy(self.topic.arn), opts=child)
        for email in args.get("emails", []):
            sns.TopicSubscription(
                f"{name}-{re.sub('[^a-z0-9]+', '-', email.lower())}",
                topic=self.topic.arn,
                protocol="email",
                endpoint=email,
                opts=child,
            )
        self.alarms = [
            cloudwatch.MetricAlarm(
                f"{name}-{row.name}",
                name=f"{prefix}-{row.name}",
                alarm_actions=[self.topic.arn],
                ok_actions=[self.topic.arn],
                **metric_inputs(row, links),
                opts=child,
            )
            for row in args["alarms"]
        ]
        region = Output.from_input(args["key_arn"]).apply(lambda arn: arn.split(":")[3])
        body = dashboard(args["widgets"], region, [alarm.arn for alarm in self.alarms], _index(args["alarms"], links))
        self.dashboard = cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=args.get("dashboard_name", f"{prefix}-application"),
            dashboard_body=Output.from_input(body).apply(lambda known: json.dumps(known, sort_keys=True)),
            opts=child,
        )
        self.topic_arn = self.topic.arn
        self.dashboard_name = self.dashboard.dashboard_name
        self.register_outputs({"topic_arn": self.topic_arn, "dashboard_name": self.dashboard_name})

    topic_arn: Output[str]
    """ARN of the topic, for further subscriptions."""
    dashboard_name: Output[str]
    """Name of the dashboard."""


def topic_policy(topic_arn: Input[str]) -> Output[str]:
    """Alarms of the own account may publish; nobody may without TLS."""
    account = Output.from_input(topic_arn).apply(lambda arn: arn.split(":")[4])
    statements: list[Statement] = [
        {
            "Sid": "AlarmsMayPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
            "Condition": {"StringEquals": {"aws:SourceAccount": [account]}},
        },
        deny_without_tls(topic_arn),
    ]
    return policy_json(statements)


def deny_without_tls(topic_arn: Input[str]) -> Statement:
    """Nobody publishes in the clear."""
    return {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["sns:Publish"],
        "Resource": [topic_arn],
        "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
    }


def metric_inputs(row: Alarm, links: str = "docs/runbooks") -> dict[str, Any]:
    """The inputs of a MetricAlarm beside its name and its actions."""
    common: dict[str, Any] = {
        "alarm_description": f"[{row.severity}] {row.description}. Runbook: {links}/{row.runbook}.md",
        "comparison_operator": row.comparison,
        "threshold": row.threshold,
        "evaluation_periods": row.periods,
        "datapoints_to_alarm": row.needed,
        "treat_missing_data": row.missing_data,
    }
    if isinstance(row.metric, Metric):
        kind = "statistic" if row.metric.statistic in _STATISTICS else "extended_statistic"
        return common | {
            "namespace": row.metric.namespace,
            "metric_name": row.metric.name,
            "dimensions": dict(row.metric.dimensions),
            "period": row.metric.period_s,
            kind: row.metric.statistic,
        }
    inner = [
        {
            "id": key,
            "return_data": False,
            "metric": {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": dict(metric.dimensions),
                "period": metric.period_s,
                "stat": metric.statistic,
            },
        }
        for key, metric in sorted(row.metric.metrics.items())
    ]
    result = {"id": "result", "expression": row.metric.expression, "label": row.metric.label, "return_data": True}
    return common | {"metric_queries": [result, *inner]}


def dashboard(
    widgets: Sequence[Widget], region: Input[str], alarm_arns: Sequence[Input[str]], index: str
) -> dict[str, Any]:
    """The dashboard's document: the alarms first, then each section under its heading."""
    placed: list[dict[str, Any]] = []
    y = 0
    if alarm_arns:
        shown = list(alarm_arns[:_MOST_ALARMS])
        placed.append(_widget("alarm", (0, y, _COLUMNS, 3), {"title": "Alarms", "alarms": shown}))
        placed.append(_widget("text", (0, y + 3, _COLUMNS, 3), {"markdown": index}))
        y += 6
    for section in dict.fromkeys(widget.section for widget in widgets):
        placed.append(_widget("text", (0, y, _COLUMNS, 1), {"markdown": f"## {section}"}))
        y = _place([widget for widget in widgets if widget.section == section], region, y + 1, placed)
    return {"periodOverride": "inherit", "start": "-PT3H", "widgets": placed}


def _place(widgets: Sequence[Widget], region: Input[str], y: int, placed: list[dict[str, Any]]) -> int:
    """Fills rows from the left; gives the first free row below."""
    x = tallest = 0
    for widget in widgets:
        if x + widget.width > _COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        placed.append(_widget("metric", (x, y, widget.width, widget.height), _picture(widget, region)))
        x, tallest = x + widget.width, max(tallest, widget.height)
    return y + tallest


def _widget(kind: str, place: tuple[int, int, int, int], properties: Mapping[str, Any]) -> dict[str, Any]:
    x, y, width, height = place
    return {"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}


def _picture(widget: Widget, region: Input[str]) -> dict[str, Any]:
    lines: list[list[Any]] = []
    for number, metric in enumerate(widget.metrics):
        lines += _expression_lines(number, metric) if isinstance(metric, MetricExpression) else [_line(metric)]
    properties: dict[str, Any] = {
        "title": widget.title,
        "region": region,
        "view": _VIEWS[widget.kind],
        "stacked": widget.kind == "stacked",
        "metrics": lines,
        "period": min(metric.period_s for metric in widget.metrics),
    }
    if widget.kind != "number":
        properties["yAxis"] = {"left": {"label": widget.y_label, "min": 0, "showUnits": False}}
    if widget.marks:
        marks = [{"label": label, "value": value} for label, value in sorted(widget.marks.items())]
        properties["annotations"] = {"horizontal": marks}
    return properties


def _line(metric: Metric, **more: Any) -> list[Any]:
    dimensions = [part for pair in sorted(metric.dimensions.items()) for part in pair]
    options = {"stat": metric.statistic, "period": metric.period_s, "label": metric.label or metric.name, **more}
    return [metric.namespace, metric.name, *dimensions, options]


def _expression_lines(number: int, metric: MetricExpression) -> list[list[Any]]:
    """Ids are unique in one picture, so those of two expressions are kept apart by their place."""
    known = {key: f"m{number}_{key}" for key in metric.metrics}
    words = re.compile("|".join(rf"\b{re.escape(key)}\b" for key in sorted(known, key=len, reverse=True)))
    expression = words.sub(lambda found: known[found.group()], metric.expression)
    hidden = [_line(inner, id=known[key], visible=False) for key, inner in sorted(metric.metrics.items())]
    options = {"expression": expression, "label": metric.label, "id": f"e{number}", "period": metric.period_s}
    return [[options], *hidden]


def _index(alarms: Sequence[Alarm], links: str) -> str:
    names = sorted({alarm.runbook for alarm in alarms})
    return "Runbooks: " + " · ".join(f"[{name}]({links}/{name}.md)" for name in names)


def _validate(name: str, args: ObservabilityArgs) -> None:
    problems = []
    counted = Counter(row.name for row in args["alarms"])
    problems += [
        f"alarm {row!r} is declared {times} times; rename all but one" for row, times in counted.items() if times > 1
    ]
    for row in args["alarms"]:
        if not _NAME.match(row.name):
            problems.append(f"alarm name is {row.name!r}; allowed: lower-case letters, digits and single dashes")
        if not _NAME.match(row.runbook):
            problems.append(
                f"runbook of alarm {row.name!r} is {row.runbook!r}; allowed: a file name in docs/runbooks without .md"
            )
    problems += [
        f"emails holds {email!r}; allowed: an address such as ops@example.org"
        for email in args.get("emails", [])
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email)
    ]
    if problems:
        raise ValueError(f"Observability {name!r}: " + "; ".join(problems))
