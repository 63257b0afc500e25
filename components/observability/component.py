"""The component: declared rows become alarms, dashboards and topics."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict, cast, get_args

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch, sns
from components.observability.boards import dashboard, index
from components.observability.checks import problems
from components.observability.composites import COMPOSITES, rules
from components.observability.grafana import grafana
from components.observability.inputs import described, metric_inputs
from components.observability.listeners import Listeners, listen
from components.observability.tracing import Traced, sample
from components.values import Alarm, Board, Severity, Statement, Widget, filled, policy_json


class ObservabilityArgs(TypedDict):
    """What is to be watched, as declared by the components that know."""

    name_prefix: str
    """Beginning of the names of alarms, topics and dashboards, such as `mlplatform-dev`."""
    key_arn: Input[str]
    """KMS key of the topics; its policy must let CloudWatch use it."""
    alarms: Sequence[Alarm]
    """Rows of every component."""
    widgets: Sequence[Widget]
    """Dashboard rows of every component, in the order in which sections appear."""
    dashboard_names: NotRequired[Mapping[Board, str]]
    """Names of the dashboards, which all regions of an account share; the prefix and the board by default."""
    emails: NotRequired[Sequence[str]]
    """Addresses that hear every alarm; AWS asks each to confirm."""
    slack_workspace: NotRequired[str]
    """Id of a Slack workspace that was authorized for AWS Chatbot once, in its console; with a channel."""
    slack_channel: NotRequired[str]
    """Id of the channel that hears every alarm."""
    pagerduty_url: NotRequired[Input[str]]
    """Integration address of PagerDuty, which hears critical alarms; kept as a secret."""
    rules: NotRequired[Mapping[Severity, Sequence[Input[str]]]]
    """ARNs of event rules that publish to the topic of a severity, such as those of findings; none by default."""
    traced: NotRequired[Traced]
    """How many requests of the API X-Ray traces; without it as many as of any service."""
    grafana: NotRequired[bool]
    """Whether dashboards are made for Grafana too; false by default."""
    prometheus: NotRequired[bool]
    """Whether those show what Prometheus scrapes; false by default."""
    runbook_url: NotRequired[str]
    """Where docs/runbooks/ can be read; alarms carry the link. The path in the repository by default."""


class Observability(pulumi.ComponentResource):
    """Turns declared rows into CloudWatch alarms that notify one topic a severity, and into dashboards."""

    topics: dict[Severity, sns.Topic]
    """Where alarms go."""
    alarms: list[cloudwatch.MetricAlarm]
    """One a row, in the rows' order."""
    composites: list[cloudwatch.CompositeAlarm]
    """Alarms that are made of others."""
    dashboards: dict[Board, cloudwatch.Dashboard]
    """Those that have a widget."""
    grafana: Output[str] | None
    """Dashboards for Grafana, a JSON document by uid; None unless it was asked for."""
    topic_arn: Output[str]
    """ARN of the topic of warnings, for further subscriptions."""
    critical_topic_arn: Output[str]
    """ARN of the topic of critical alarms."""
    dashboard_name: Output[str]
    """Name of the application dashboard."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Observability", name, {}, opts)
        found = problems(args)
        if found:
            raise ValueError(f"Observability {name!r}: " + "; ".join(found))
        self._name, self._args = name, args
        self._links = args.get("runbook_url", "docs/runbooks")
        child = ResourceOptions(parent=self)
        self.topics = {
            "warning": self._topic("topic", "alarms", "warning"),
            "critical": self._topic("critical", "critical", "critical"),
        }
        listen(name, cast("Listeners", args), self.topics, child)
        self.alarms = [
            cloudwatch.MetricAlarm(
                f"{name}-{row.name}",
                name=f"{args['name_prefix']}-{row.name}",
                alarm_actions=self._heard(row, told=True),
                ok_actions=self._heard(row, told=not row.event),
                insufficient_data_actions=self._heard(row, told=row.missing_data == "missing") or None,
                **metric_inputs(row, self._links),
                opts=child,
            )
            for row in args["alarms"]
        ]
        self.composites = self._composites()
        region = Output.from_input(args["key_arn"]).apply(lambda arn: arn.split(":")[3])
        self.dashboards = {}
        for board in get_args(Board):
            widgets = [row for row in args["widgets"] if row.board == board]
            if widgets or board == "application":
                self.dashboards[board] = self._dashboard(board, widgets, region)
        self.grafana = self._grafana(region) if args.get("grafana", False) else None
        if "traced" in args:
            sample(name, args["name_prefix"], args["traced"], child)
        self.topic_arn = self.topics["warning"].arn
        self.critical_topic_arn = self.topics["critical"].arn
        self.dashboard_name = self.dashboards["application"].dashboard_name
        self.register_outputs({"topic_arn": self.topic_arn, "dashboard_name": self.dashboard_name})

    def _topic(self, noun: str, end: str, severity: Severity) -> sns.Topic:
        rules = self._args.get("rules", {}).get(severity, ())
        child = ResourceOptions(parent=self)
        topic = sns.Topic(
            f"{self._name}-{noun}",
            name=f"{self._args['name_prefix']}-{end}",
            kms_master_key_id=self._args["key_arn"],
            opts=child,
        )
        policy = topic_policy(topic.arn, rules)
        sns.TopicPolicy(f"{self._name}-{noun}-policy", arn=topic.arn, policy=policy, opts=child)
        return topic

    def _heard(self, row: Alarm, *, told: bool) -> list[Output[str]]:
        return [self.topics[row.severity].arn] if told and not row.quiet else []

    def _composites(self) -> list[cloudwatch.CompositeAlarm]:
        prefix, declared = self._args["name_prefix"], rules(self._args["alarms"], self._args["name_prefix"])
        made: dict[str, pulumi.Resource] = {
            row.name: alarm for row, alarm in zip(self._args["alarms"], self.alarms, strict=True)
        }
        found: list[cloudwatch.CompositeAlarm] = []
        for row in COMPOSITES:
            if row.name in declared:
                rule, members = declared[row.name]
                alarm = cloudwatch.CompositeAlarm(
                    f"{self._name}-{row.name}",
                    alarm_name=f"{prefix}-{row.name}",
                    alarm_rule=rule,
                    alarm_description=described(row.severity, row.description, row.runbook, self._links),
                    alarm_actions=[self.topics[row.severity].arn],
                    ok_actions=[self.topics[row.severity].arn],
                    # CloudWatch refuses a rule about alarms that it does not know.
                    opts=ResourceOptions(parent=self, depends_on=[made[member] for member in members]),
                )
                made[row.name] = alarm
                found.append(alarm)
        return found

    def _grafana(self, region: Output[str]) -> Output[str]:
        args, names = self._args, self._args.get("dashboard_names", {})
        made = {}
        for board in self.dashboards:
            name = names.get(board, f"{args['name_prefix']}-{board}")
            made[name] = grafana(
                [row for row in args["widgets"] if row.board == board],
                {
                    "uid": name,
                    "title": name,
                    "region": region,
                    "alarms": args["alarms"],
                    "links": self._links,
                    "prometheus": args.get("prometheus", False) and board == "application",
                },
            )
        return filled(made, lambda known: json.dumps(known, sort_keys=True))

    def _dashboard(self, board: Board, widgets: Sequence[Widget], region: Output[str]) -> cloudwatch.Dashboard:
        args, arns, wholes, text = self._args, list[Output[str]](), list[Output[str]](), ""
        if board == "application":
            arns, wholes = [alarm.arn for alarm in self.alarms], [alarm.arn for alarm in self.composites]
            text = index(args["alarms"], self._links)
        body = dashboard(widgets, region, arns, text, alarms=args["alarms"], wholes=wholes)
        names = args.get("dashboard_names", {})
        return cloudwatch.Dashboard(
            f"{self._name}-dashboard" if board == "application" else f"{self._name}-{board}-dashboard",
            dashboard_name=names.get(board, f"{args['name_prefix']}-{board}"),
            dashboard_body=filled(body, lambda known: json.dumps(known, sort_keys=True)),
            opts=ResourceOptions(parent=self),
        )


def topic_policy(topic_arn: Input[str], rules: Sequence[Input[str]] = ()) -> Output[str]:
    """Alarms of the own account may publish, and these rules; nobody may without TLS."""
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
    if rules:
        found: Statement = {
            "Sid": "RulesMayPublish",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
            "Condition": {"ArnEquals": {"aws:SourceArn": list(rules)}},
        }
        statements.append(found)
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
