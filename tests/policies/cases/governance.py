"""Budgets and audits: what is good and what is bad."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.policies.rows import Case, Row, but, row


def placed(*resources: Row, region: str = "us-east-1") -> list[Row]:
    """The same resources in a region that has prices."""
    return [replace(resource, region=region) for resource in resources]


TOPIC = "arn:aws:sns:us-east-1:1:costs"
NOTICES: list[dict[str, Any]] = [
    {"notificationType": kind, "threshold": percent, "subscriberSnsTopicArns": [TOPIC]}
    for kind in ("ACTUAL", "FORECASTED")
    for percent in (50, 100)
]
LATE = [{**notice, "threshold": 100} for notice in NOTICES]
UNHEARD = [{**notice, "subscriberSnsTopicArns": []} for notice in NOTICES]
BUDGET = row("aws:budgets/budget:Budget", "month", name="month", limitAmount="500", notifications=NOTICES)


def denying(*actions: str) -> Row:
    document = {"Statement": [{"Effect": "Deny", "Action": list(actions), "Resource": "*"}]}
    return row("aws:iam/policy:Policy", "stop", policy=json.dumps(document))


STOP = denying("sagemaker:CreateTrainingJob")
ACTION = row(
    "aws:budgets/budgetAction:BudgetAction",
    "action",
    BUDGET,
    STOP,
    budgetName="month",
    approvalModel="AUTOMATIC",
    definition={"iamActionDefinition": {"policyArn": STOP.outputs["arn"], "roles": ["training"]}},
)
HOSTING = row("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "hosting")
MONITOR = row("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "monitor", monitorType="CUSTOM")
SUBSCRIPTION = row(
    "aws:costexplorer/anomalySubscription:AnomalySubscription",
    "told",
    MONITOR,
    monitorArnLists=[MONITOR.outputs["arn"]],
    subscribers=[{"type": "SNS", "address": TOPIC}],
)
KEY, CLUSTER = row("aws:kms/key:Key", "key"), row("aws:emr/cluster:Cluster", "cluster")
DEAR = row(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "hosting",
    productionVariants=[{"instanceType": "ml.g5.xlarge", "initialInstanceCount": 1}],
)

CASES = (
    Case(
        rule="budget-declared",
        good={"a budget": [HOSTING, BUDGET]},
        bad={"none": [HOSTING]},
        says="the stack has no budget",
    ),
    Case(
        rule="budget-heard",
        good={"both kinds": [BUDGET]},
        bad={
            "nothing foreseen": but([BUDGET], "month", notifications=NOTICES[:2]),
            "late": but([BUDGET], "month", notifications=LATE),
            "unheard": but([BUDGET], "month", notifications=UNHEARD),
            "nothing": but([BUDGET], "month", notifications=None),
        },
        says="notification",
    ),
    Case(
        rule="budget-acts",
        good={"by itself": [BUDGET, ACTION]},
        bad={"no action": [BUDGET], "asks first": but([BUDGET, ACTION], "action", approvalModel="MANUAL")},
        says="action",
    ),
    Case(
        rule="budget-spares-serving",
        good={"trainings": [BUDGET, STOP, ACTION]},
        bad={
            "everything": [BUDGET, denying("*"), ACTION],
            "all of SageMaker": [BUDGET, denying("sagemaker:*"), ACTION],
            "calls": [BUDGET, denying("sagemaker:InvokeEndpoint"), ACTION],
            "a policy of others": [BUDGET, ACTION],
            "machines": but([BUDGET, STOP, ACTION], "action", definition={"ssmActionDefinition": {}}),
        },
    ),
    Case(
        rule="budget-covers-cost",
        good={"cheap": placed(BUDGET, KEY), "nothing but the budget": placed(BUDGET)},
        bad={
            "dear": placed(BUDGET, DEAR),
            "dear, and more of which nobody knows": placed(BUDGET, DEAR, CLUSTER),
        },
        says="limitAmount is 500 and the stack costs 1,0",
    ),
    Case(
        rule="anomalies-told",
        good={"a subscription": [MONITOR, SUBSCRIPTION]},
        bad={
            "none": [MONITOR],
            "nobody": but([MONITOR, SUBSCRIPTION], "told", subscribers=[]),
        },
        says="no subscription",
    ),
)
