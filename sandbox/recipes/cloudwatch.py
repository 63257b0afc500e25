"""Log groups, metric filters, alarms, dashboards, and what is traced."""

from __future__ import annotations

from typing import Any

from sandbox.recipes.recipe import Recipe, Work, hands


def _retention(work: Work) -> None:
    if work.inputs.get("retentionInDays"):
        work.call(
            "logs.put_retention_policy",
            logGroupName=work.inputs["name"],
            retentionInDays=work.inputs["retentionInDays"],
        )


def _alarm(work: Work) -> None:
    queries = [_query(query) for query in work.inputs.get("metricQueries") or []]
    if queries:
        work.parameters["Metrics"] = queries


def _query(declared: dict[str, Any]) -> dict[str, Any]:
    query = {
        name: declared[key]
        for key, name in (("id", "Id"), ("expression", "Expression"), ("label", "Label"), ("accountId", "AccountId"))
        if declared.get(key)
    }
    # CloudWatch takes a query that says nothing for one that is compared, the provider for one that is not.
    query["ReturnData"] = bool(declared.get("returnData"))
    metric = declared.get("metric")
    if not metric:
        return {**query, "Period": declared["period"]} if declared.get("period") else query
    dimensions = [{"Name": key, "Value": str(value)} for key, value in sorted((metric.get("dimensions") or {}).items())]
    stat: dict[str, Any] = {
        "Metric": {
            "Namespace": metric.get("namespace", ""),
            "MetricName": metric["metricName"],
            "Dimensions": dimensions,
        },
        "Period": metric["period"],
        "Stat": metric["stat"],
    }
    if metric.get("unit"):
        stat["Unit"] = metric["unit"]
    return {**query, "MetricStat": stat}


ROWS = {
    "aws:cloudwatch/logGroup:LogGroup": Recipe(
        call="logs.create_log_group",
        by_hand=hands("retentionInDays"),
        rename={"name": "logGroupName"},
        lost={"logGroupClass": "moto forgets it"},
        after=_retention,
        outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{name}"},
    ),
    "aws:cloudwatch/logStream:LogStream": Recipe(
        call="logs.create_log_stream",
        rename={"name": "logStreamName"},
        outputs={"arn": "arn:aws:logs:{region}:{account}:log-group:{logGroupName}:log-stream:{name}"},
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Recipe(call="logs.put_resource_policy", id="{policyName}"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Recipe(
        call="logs.put_metric_filter",
        rename={
            "name": "filterName",
            "pattern": "filterPattern",
            "metricTransformation.name": "metricName",
            "metricTransformation.namespace": "metricNamespace",
            "metricTransformation.value": "metricValue",
        },
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Recipe(
        call="cloudwatch.put_metric_alarm",
        by_hand=hands("metricQueries"),
        rename={"name": "AlarmName"},
        shape=_alarm,
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}"},
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Recipe(
        call="cloudwatch.put_composite_alarm",
        id="{alarmName}",
        outputs={"arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{alarmName}"},
    ),
    "aws:cloudwatch/contributorInsightRule:ContributorInsightRule": Recipe(
        call="cloudwatch.put_insight_rule",
        id="{ruleName}",
        outputs={
            "arn": "arn:aws:cloudwatch:{region}:{account}:insight-rule/{ruleName}",
            "resourceArn": "arn:aws:cloudwatch:{region}:{account}:insight-rule/{ruleName}",
        },
    ),
    "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration": Recipe(
        recorded="nothing on this machine speaks to Slack",
        id="arn:aws:chatbot::{account}:chat-configuration/slack-channel/{configurationName}",
        outputs={
            "chatConfigurationArn": "arn:aws:chatbot::{account}:chat-configuration/slack-channel/{configurationName}",
        },
    ),
    "aws:cloudwatch/dashboard:Dashboard": Recipe(
        call="cloudwatch.put_dashboard",
        id="{dashboardName}",
        outputs={"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"},
    ),
    "aws:cloudwatch/queryDefinition:QueryDefinition": Recipe(
        recorded="moto has no saved queries",
        id="{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}",
        outputs={"queryDefinitionId": "{id}"},
    ),
    "aws:xray/samplingRule:SamplingRule": Recipe(
        recorded="moto has no sampling rules; the sandbox's own tracing follows this one",
        id="{ruleName}",
        outputs={"arn": "arn:aws:xray:{region}:{account}:sampling-rule/{ruleName}"},
    ),
}
