"""Questions to the logs that come up at night, saved in CloudWatch Logs Insights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from pulumi import Input, ResourceOptions

from components.aws import cloudwatch
from components.function import Function

ACCESS: Final[Mapping[str, str]] = {
    "failed requests by route": (
        "fields @timestamp, method, path, status, errorType\n"
        "| filter status >= 500\n"
        "| stats count(*) as failed, max(@timestamp) as latest by method, path, status, errorType\n"
        "| sort failed desc"
    ),
    "refused requests by caller": (
        "fields @timestamp, userId, apiKeyId, status, path\n"
        "| filter status >= 400 and status < 500\n"
        "| stats count(*) as refused by userId, apiKeyId, status\n"
        "| sort refused desc\n"
        "| limit 50"
    ),
}
"""Of the gateway's access log."""
FUNCTIONS: Final[Mapping[str, str]] = {
    "errors by function": (
        "fields @timestamp, function, message, metadata.code, metadata.route\n"
        '| filter level = "ERROR"\n'
        "| stats count(*) as errors, latest(requestId) as example by function, message, metadata.code\n"
        "| sort errors desc"
    ),
    "one request through all functions": (
        "fields @timestamp, function, level, message, metadata.route, metadata.status, metadata.ms\n"
        '| filter requestId = "REQUEST_ID" or metadata.correlationId = "REQUEST_ID"\n'
        "| sort @timestamp asc"
    ),
    "slowest routes": (
        "fields metadata.route, metadata.ms\n"
        "| filter ispresent(metadata.ms)\n"
        "| stats count(*) as requests, pct(metadata.ms, 50) as p50, pct(metadata.ms, 95) as p95, "
        "max(metadata.ms) as slowest by metadata.route\n"
        "| sort p95 desc"
    ),
}
"""Of the functions' logs."""


def save(name: str, prefix: str, functions: Mapping[str, Function], opts: ResourceOptions) -> str:
    """Saves each question for the log groups that it is about, in a folder named like the stack.

    Returns:
        Name of the rule that counts the different users of a day.
    """
    # The API is named like this in SecureApi; the group is made after the functions, and a question needs no group.
    groups = [function.log_group.name for function in functions.values()]
    asked: tuple[tuple[Mapping[str, str], Sequence[Input[str]]], ...] = (
        (ACCESS, [f"/aws/apigateway/{prefix}-api/access"]),
        (FUNCTIONS, groups),
    )
    for questions, logs in asked:
        for question, text in questions.items():
            cloudwatch.QueryDefinition(
                f"{name}-{question.replace(' ', '-')}",
                name=f"{prefix}/{question}",
                log_group_names=logs,
                query_string=text,
                opts=opts,
            )
    rule = f"{prefix}-daily-users"
    cloudwatch.ContributorInsightRule(
        f"{name}-daily-users",
        rule_name=rule,
        rule_state="ENABLED",
        rule_definition=functions["predictions"].log_group.name.apply(daily_users),
        opts=opts,
    )
    return rule


def daily_users(log_group: str) -> str:
    """The rule that counts different users in the log of predictions: a line says `answered` for a signed-in user."""
    rule = {
        "AggregateOn": "Count",
        "Contribution": {"Filters": [{"Match": "$.message", "In": ["answered"]}], "Keys": ["$.userId"]},
        "LogFormat": "JSON",
        "LogGroupNames": [log_group],
        "Schema": {"Name": "CloudWatchLogRule", "Version": 1},
    }
    return json.dumps(rule, sort_keys=True)
