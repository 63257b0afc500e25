"""Budgets: who hears of which costs, when rights are taken away and given back, and what an operator may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sandbox.cloud import Cloud
from sandbox.ledger import Ledger, Resource
from sandbox.spending import Spending
from sandbox.spending.month import Month, Threshold
from sandbox.spending.runtime import ACTION, BUDGET

TOPIC = "arn:aws:sns:us-east-1:123456789012:costs"
NAME, ID = "mlplatform-dev-month", "00000000-1111-2222-3333-444444444444"
OTHER = ID.replace("4", "5")


def declared(token: str, name: str, inputs: dict[str, Any], **outputs: Any) -> Resource:
    return Resource(
        urn=f"urn:pulumi:dev::mlplatform::{token}::{name}",
        type=token,
        name=name,
        inputs=inputs,
        outputs={**inputs, **outputs},
        region="us-east-1",
    )


def notice(kind: str, percent: int) -> dict[str, Any]:
    return {
        "notificationType": kind,
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        "comparisonOperator": "GREATER_THAN",
        "subscriberSnsTopicArns": [TOPIC],
    }


class Stack:
    """A budget of 500 USD whose action denies something to one role."""

    def __init__(self, cloud: Cloud, approval: str = "AUTOMATIC") -> None:
        iam, sqs, sns = cloud.client("iam"), cloud.client("sqs"), cloud.client("sns")
        trust = json.dumps({"Statement": []})
        self.role = f"trains-{approval.lower()}"
        iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=trust)
        deny = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "sagemaker:CreateTrainingJob", "Resource": "*"}],
            }
        )
        self.policy = iam.create_policy(PolicyName=f"stop-{approval.lower()}", PolicyDocument=deny)["Policy"]["Arn"]
        self.iam, self.sqs = iam, sqs
        sns.create_topic(Name="costs")
        self.queue = sqs.create_queue(QueueName=f"heard-{approval.lower()}")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        self.subscription = sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
        self.ledger = Ledger("dev", "mlplatform")
        notices = [notice(kind, percent) for kind in ("ACTUAL", "FORECASTED") for percent in (50, 80, 100)]
        self.ledger.add(declared(BUDGET, "month", {"name": NAME, "limitAmount": "500", "notifications": notices}))
        self.ledger.add(
            declared(
                ACTION,
                "action",
                {
                    "budgetName": NAME,
                    "actionType": "APPLY_IAM_POLICY",
                    "approvalModel": approval,
                    "notificationType": "ACTUAL",
                    "actionThreshold": {"actionThresholdType": "PERCENTAGE", "actionThresholdValue": 100},
                    "definition": {"iamActionDefinition": {"policyArn": self.policy, "roles": [self.role]}},
                    "executionRoleArn": "arn:aws:iam::123456789012:role/budgets",
                    "subscribers": [{"subscriptionType": "SNS", "address": TOPIC}],
                },
                actionId=ID,
            )
        )

    def stopped(self) -> bool:
        attached = self.iam.list_attached_role_policies(RoleName=self.role)["AttachedPolicies"]
        return self.policy in [row["PolicyArn"] for row in attached]

    def heard(self) -> list[str]:
        found = []
        while rows := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for row in rows:
                found.append(json.loads(row["Body"])["Subject"])
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=row["ReceiptHandle"])
        return sorted(subject.removeprefix(f"Budget {NAME}: ") for subject in found)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud = Cloud()
    cloud.start(0)
    yield cloud
    cloud.stop()


@pytest.fixture
def spending(cloud: Cloud, tmp_path: Path) -> Iterator[Spending]:
    spending = Spending(cloud, tmp_path)
    spending.install()
    yield spending
    spending.close()


def status(spending: Spending) -> str:
    (budget,) = spending.states()
    (action,) = budget["actions"]
    return str(action["status"])


def test_each_threshold_is_told_once_a_month_and_rights_go_with_the_last(cloud: Cloud, spending: Spending) -> None:
    stack = Stack(cloud)
    spending.attach(stack.ledger)
    spending.spend(250)
    assert stack.heard() == []
    spending.spend(250.01, foreseen=480)
    assert stack.heard() == ["50 % foreseen", "50 % spent", "80 % foreseen"]
    spending.spend(420)
    assert stack.heard() == ["80 % spent"]
    assert not stack.stopped()
    assert status(spending) == "STANDBY"
    (budget,) = spending.spend(501)
    assert stack.heard() == ["100 % foreseen", "100 % spent", "100 % spent"]
    assert stack.stopped()
    assert status(spending) == "EXECUTION_SUCCESS"
    assert budget["passed"] == sorted(
        f"{percent} % {word}" for percent in (50, 80, 100) for word in ("spent", "foreseen")
    )
    spending.spend(600)
    assert stack.heard() == []
    spending.spend(0)
    assert not stack.stopped()
    assert status(spending) == "STANDBY"
    spending.spend(700)
    assert stack.stopped()
    assert len(stack.heard()) == 7


def test_an_operator_lets_go_and_arms_anew_as_the_runbook_says(cloud: Cloud, spending: Spending) -> None:
    stack, client = Stack(cloud), cloud.client("budgets")
    spending.attach(stack.ledger)
    named = {"AccountId": cloud.account, "BudgetName": NAME}
    spending.spend(900)
    (action,) = client.describe_budget_actions_for_budget(**named)["Actions"]
    assert action["Status"] == "EXECUTION_SUCCESS"
    assert action["Definition"]["IamActionDefinition"] == {"PolicyArn": stack.policy, "Roles": [stack.role]}
    client.execute_budget_action(**named, ActionId=ID, ExecutionType="REVERSE_BUDGET_ACTION")
    assert not stack.stopped()
    spending.spend(910)
    assert not stack.stopped(), "what an operator took back stays so"
    with pytest.raises(ClientError, match="is REVERSE_SUCCESS; RETRY_BUDGET_ACTION is possible from"):
        client.execute_budget_action(**named, ActionId=ID, ExecutionType="RETRY_BUDGET_ACTION")
    client.execute_budget_action(**named, ActionId=ID, ExecutionType="RESET_BUDGET_ACTION")
    assert client.describe_budget_action(**named, ActionId=ID)["Action"]["Status"] == "STANDBY"
    spending.spend(920)
    assert stack.stopped()


def test_an_action_that_asks_waits_for_somebodys_word(cloud: Cloud, spending: Spending) -> None:
    stack = Stack(cloud, "MANUAL")
    spending.attach(stack.ledger)
    spending.spend(501)
    assert (status(spending), stack.stopped()) == ("PENDING", False)
    named = {"AccountId": cloud.account, "BudgetName": NAME, "ActionId": ID}
    cloud.client("budgets").execute_budget_action(**named, ExecutionType="APPROVE_BUDGET_ACTION")
    assert (status(spending), stack.stopped()) == ("EXECUTION_SUCCESS", True)


def test_an_action_that_may_not_fails_and_can_be_tried_again(cloud: Cloud, spending: Spending) -> None:
    stack = Stack(cloud)
    spending.attach(stack.ledger)
    stack.iam.delete_role(RoleName=stack.role)
    spending.spend(501)
    assert status(spending) == "EXECUTION_FAILURE"
    stack.iam.create_role(RoleName=stack.role, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    named = {"AccountId": cloud.account, "BudgetName": NAME, "ActionId": ID}
    cloud.client("budgets").execute_budget_action(**named, ExecutionType="RETRY_BUDGET_ACTION")
    assert (status(spending), stack.stopped()) == ("EXECUTION_SUCCESS", True)


def test_a_topic_that_is_gone_is_told(cloud: Cloud, spending: Spending) -> None:
    stack = Stack(cloud)
    spending.attach(stack.ledger)
    cloud.client("sns").delete_topic(TopicArn=TOPIC)
    with pytest.raises(RuntimeError, match=f"topic {TOPIC} did not take the budget's notice"):
        spending.spend(260)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"BudgetName": "other"}, "there is no budget 'other'"),
        ({"ActionId": OTHER}, f"budget '{NAME}' has no action '{OTHER}'"),
    ],
    ids=["budget", "action"],
)
def test_what_there_is_not_is_named(cloud: Cloud, spending: Spending, change: dict[str, str], says: str) -> None:
    spending.attach(Stack(cloud).ledger)
    named = {"AccountId": cloud.account, "BudgetName": NAME, "ActionId": ID, **change}
    with pytest.raises(ClientError, match=says):
        cloud.client("budgets").describe_budget_action(**named)


@pytest.mark.parametrize("usd", [-1, "many", True, float("nan"), float("inf")], ids=str)
def test_costs_that_no_month_has_are_refused(cloud: Cloud, spending: Spending, usd: Any) -> None:
    spending.attach(Stack(cloud).ledger)
    with pytest.raises(ValueError, match=r"usd is .*; allowed: USD from 0 on, such as usd=250"):
        spending.spend(usd)


def test_a_stack_without_a_budget_says_so(spending: Spending) -> None:
    spending.attach(Ledger("dev", "mlplatform"))
    with pytest.raises(LookupError, match=r"the stack has no budget; set budget\.enabled"):
        spending.spend(1)


@given(st.lists(st.floats(0, 2000), min_size=1, max_size=20))
def test_a_threshold_is_passed_once_a_month_whatever_the_costs(costs: list[float]) -> None:
    month, threshold, last, seen = Month(500), Threshold("ACTUAL", 80, percent=True), 0.0, False
    for usd in costs:
        anew = month.put(usd, usd)
        assert anew is (usd < last)
        seen = seen and not anew
        passed = month.passes(threshold)
        assert passed is (usd > 400 and not seen)
        seen, last = seen or passed, usd
