"""Who hears alarms: e-mail addresses, a Slack channel by AWS Chatbot, PagerDuty."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

from pulumi import Input, Output, ResourceOptions

from components.aws import iam, sns
from components.lean import Lean
from components.values import Severity, Statement, formatted, policy_json, trust_json

CHANNEL: Final = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
NEWS: Final = json.dumps(
    {
        "$or": [
            {"NewStateValue": [{"exists": False}, {"anything-but": ["OK"]}]},
            {"OldStateValue": [{"anything-but": ["INSUFFICIENT_DATA"]}]},
        ]
    },
    sort_keys=True,
)
"""Which messages are mailed: all but those of alarms that are OK for the first time, of which a new stack has hundreds.
What is no message of an alarm has neither member; what is no JSON object passes no filter of SNS."""


class Listeners(TypedDict):
    """The part of Observability's arguments that says who listens."""

    name_prefix: str
    emails: NotRequired[Sequence[str]]
    slack_workspace: NotRequired[str]
    slack_channel: NotRequired[str]
    pagerduty_url: NotRequired[Input[str]]


def listen(name: str, args: Listeners, topics: Mapping[Severity, sns.Topic], opts: ResourceOptions) -> None:
    """Subscribes everybody: PagerDuty to critical alarms, the others to all."""
    for severity, topic in topics.items():
        for email in args.get("emails", []):
            noun = re.sub("[^a-z0-9]+", "-", email.lower())
            sns.TopicSubscription(
                f"{name}-{noun}" if severity == "warning" else f"{name}-{severity}-{noun}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                filter_policy=NEWS,
                filter_policy_scope="MessageBody",
                opts=opts,
            )
    if "pagerduty_url" in args:
        sns.TopicSubscription(
            f"{name}-pagerduty",
            topic=topics["critical"].arn,
            protocol="https",
            # Whoever knows the address can raise incidents.
            endpoint=Output.secret(args["pagerduty_url"]),
            endpoint_auto_confirms=True,
            opts=opts,
        )
    if "slack_workspace" in args and "slack_channel" in args:
        _slack(name, args, topics, opts)


def _slack(name: str, args: Listeners, topics: Mapping[Severity, sns.Topic], opts: ResourceOptions) -> None:
    role = iam.Role(
        f"{name}-slack-role",
        assume_role_policy=trust_json("chatbot.amazonaws.com"),
        description="What AWS Chatbot may read to draw the chart of an alarm",
        opts=opts,
    )
    iam.RolePolicy(f"{name}-slack-rights", role=role.id, policy=policy_json([may_draw()]), opts=opts)
    partition = topics["warning"].arn.apply(lambda arn: arn.split(":")[1])
    Lean(
        CHANNEL,
        f"{name}-slack",
        {
            "configuration_name": f"{args['name_prefix']}-alarms",
            "iam_role_arn": role.arn,
            "slack_team_id": args["slack_workspace"],
            "slack_channel_id": args["slack_channel"],
            "sns_topic_arns": [topic.arn for topic in topics.values()],
            # The most that anybody in the channel can do; AdministratorAccess, unless it is said.
            "guardrail_policy_arns": [formatted("arn:{0}:iam::aws:policy/CloudWatchReadOnlyAccess", partition)],
            "logging_level": "ERROR",
        },
        (),
        opts,
    )


def may_draw() -> Statement:
    """The right to read what a chart shows; these operations know no resources (Service Authorization Reference)."""
    return {
        "Sid": "DrawCharts",
        "Effect": "Allow",
        "Action": ["cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:GetMetricWidgetImage"],
        "Resource": ["*"],
    }
