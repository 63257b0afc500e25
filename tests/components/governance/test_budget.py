"""The budget: who hears what, what the action takes from whom, what it may do itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.governance import Budget, BudgetArgs
from components.governance.documents import STOPPED
from tests.components.recorder import ACCOUNT, Recording, record

KEY = "arn:aws:kms:us-east-1:123456789012:key/notifications"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/training-role"
BUDGET = "aws:budgets/budget:Budget"
ACTION = "aws:budgets/budgetAction:BudgetAction"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
TAG = "aws:costexplorer/costAllocationTag:CostAllocationTag"


def made(**changes: Any) -> Recording:
    args: BudgetArgs = {
        "name_prefix": "ml-prod",
        "account_id": ACCOUNT,
        "environment": "prod",
        "key_arn": KEY,
        "roles": [{"name": "training-role", "arn": ROLE}],
    }
    changed: Any = {**args, **changes}
    return record(lambda: Budget("budget", changed))


def test_what_the_defaults_declare() -> None:
    assert made().counts() == {
        ACTION: 1,
        BUDGET: 1,
        MONITOR: 1,
        SUBSCRIPTION: 1,
        "aws:iam/policy:Policy": 1,
        "aws:iam/role:Role": 1,
        "aws:iam/rolePolicy:RolePolicy": 1,
        "aws:sns/topic:Topic": 1,
        "aws:sns/topicPolicy:TopicPolicy": 1,
        "mlplatform:index:Budget": 1,
    }


def test_the_topic_hears_of_half_four_fifths_and_all_of_the_limit_spent_or_foreseen() -> None:
    recording = made()
    budget, topic = recording.one(BUDGET).inputs, recording.one("aws:sns/topic:Topic")
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"], budget["budgetType"]) == (
        "500",
        "USD",
        "MONTHLY",
        "COST",
    )
    rows = {(row["notificationType"], row["threshold"]) for row in budget["notifications"]}
    assert rows == {(kind, percent) for kind in ("ACTUAL", "FORECASTED") for percent in (50, 80, 100)}
    assert {tuple(row["subscriberSnsTopicArns"]) for row in budget["notifications"]} == {
        (f"arn:aws:sns:us-east-1:{ACCOUNT}:{topic.inputs['name']}",)
    }
    assert topic.inputs["kmsMasterKeyId"] == KEY
    assert len(budget["notifications"]) <= 10  # more are refused by CreateBudget


def test_a_budget_of_the_account_has_no_filter_and_one_of_the_environment_its_tag() -> None:
    assert "costFilters" not in made().one(BUDGET).inputs
    filters = made(scope="environment").one(BUDGET).inputs["costFilters"]
    assert filters == [{"name": "TagKeyValue", "values": ["user:Environment$prod"]}]


def test_the_action_attaches_the_deny_by_itself_when_all_is_spent() -> None:
    recording = made()
    action = recording.one(ACTION).inputs
    assert action["actionType"] == "APPLY_IAM_POLICY"
    assert action["approvalModel"] == "AUTOMATIC"
    assert action["notificationType"] == "ACTUAL"
    assert action["actionThreshold"] == {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100}
    assert action["definition"]["iamActionDefinition"]["roles"] == ["training-role"]
    assert action["subscribers"][0]["subscriptionType"] == "SNS"
    assert recording.one("aws:iam/rolePolicy:RolePolicy").urn in recording.one(ACTION).dependencies


def test_trainings_and_notebooks_are_denied_and_serving_is_not() -> None:
    (statement,) = json.loads(made().one("aws:iam/policy:Policy").inputs["policy"])["Statement"]
    assert statement["Effect"] == "Deny"
    assert set(statement["Action"]) == set(STOPPED)
    assert {
        "sagemaker:CreateTrainingJob",
        "sagemaker:CreateNotebookInstance",
        "sagemaker:StartNotebookInstance",
    } <= set(STOPPED)
    assert [action for action in STOPPED if "Endpoint" in action or "Transform" in action] == []


def test_the_action_may_attach_that_policy_to_those_roles_and_nothing_else() -> None:
    recording = made()
    (statement,) = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert statement["Action"] == ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
    assert statement["Resource"] == [ROLE]
    assert statement["Condition"]["ArnEquals"]["iam:PolicyARN"] == [
        recording.one(ACTION).inputs["definition"]["iamActionDefinition"]["policyArn"]
    ]


def test_budgets_of_this_account_alone_assume_the_role_and_publish() -> None:
    recording = made()
    (trust,) = json.loads(recording.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "budgets.amazonaws.com"}
    assert trust["Condition"] == {
        "ArnLike": {"aws:SourceArn": [f"arn:aws:budgets::{ACCOUNT}:*"]},
        "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
    }
    rows = json.loads(recording.one("aws:sns/topicPolicy:TopicPolicy").inputs["policy"])["Statement"]
    allowed = {row["Principal"]["Service"]: row["Condition"] for row in rows if row["Effect"] == "Allow"}
    assert set(allowed) == {"budgets.amazonaws.com", "costalerts.amazonaws.com"}
    assert all(row["StringEquals"]["aws:SourceAccount"] == [ACCOUNT] for row in allowed.values())


def test_anomalies_of_the_environment_are_told_at_once() -> None:
    recording = made(anomaly_usd=35)
    monitor, subscription = recording.one(MONITOR).inputs, recording.one(SUBSCRIPTION).inputs
    assert monitor["monitorType"] == "CUSTOM"
    tags = json.loads(monitor["monitorSpecification"])["Tags"]
    assert (tags["Key"], tags["Values"]) == ("Environment", ["prod"])
    assert subscription["frequency"] == "IMMEDIATE"
    assert subscription["subscribers"][0]["type"] == "SNS"
    assert subscription["thresholdExpression"]["dimension"] == {
        "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
        "matchOptions": ["GREATER_THAN_OR_EQUAL"],
        "values": ["35"],
    }


def test_parts_can_be_left_out() -> None:
    counts = made(stop=False, anomalies=False, roles=[]).counts()
    assert not {ACTION, MONITOR, SUBSCRIPTION, "aws:iam/policy:Policy"} & set(counts)


def test_tags_are_activated_on_request() -> None:
    assert TAG not in made().counts()
    rows = made(activate_tags=True).of_type(TAG)
    assert {(row.inputs["tagKey"], row.inputs["status"]) for row in rows} == {
        (key, "Active") for key in ("CostCenter", "Environment", "Owner", "Project")
    }


def test_addresses_hear_it() -> None:
    (row,) = made(emails=["money@example.org"]).of_type("aws:sns/topicSubscription:TopicSubscription")
    assert (row.inputs["protocol"], row.inputs["endpoint"]) == ("email", "money@example.org")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"limit_usd": 0}, "limit_usd is 0; allowed: 1 or more", id="limit"),
        pytest.param({"anomaly_usd": 0}, "anomaly_usd is 0; allowed: 1 or more", id="anomaly"),
        pytest.param({"roles": []}, "roles has 0; allowed: 1 to 100, or stop False", id="roles"),
    ],
)
def test_what_aws_would_refuse_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made(**changes)
