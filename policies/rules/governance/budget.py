"""Budgets: there is one, it is above what the stack costs, it is heard, and it stops what need not go on."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from policies.cost.estimate import estimate
from policies.cost.prices import PriceError
from policies.cost.usage import REFERENCE, load
from policies.documents import statements
from policies.resources import Node, UndecidedError, read, rows
from policies.rule import Check, Rule

BUDGET = "aws:budgets/budget:Budget"
ACTION = "aws:budgets/budgetAction:BudgetAction"
POLICY = "aws:iam/policy:Policy"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
HOSTING = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
SERVING = ("sagemaker:InvokeEndpoint", "sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint", "lambda:InvokeFunction")
"""What a spent budget must leave alone."""


def budgeted(hosting: Node) -> Iterable[str]:
    """What serves models is paid by the hour: its stack has a budget."""
    if not hosting.stack.of_type(BUDGET):
        yield f"the stack has no budget ({BUDGET})"


def heard(budget: Node) -> Iterable[str]:
    """Somebody hears before all is spent and when it is foreseen."""
    found = budget.rows("notifications")
    for kind in ("ACTUAL", "FORECASTED"):
        told = [row for row in found if read(row, "notificationType") == kind]
        if not told:
            yield f"notifications has none of {kind}"
        elif min(float(read(row, "threshold", 0)) for row in told) > 80:
            yield f"the first notification of {kind} comes above 80 %"
    for number, row in enumerate(found):
        if not rows(row, "subscriberSnsTopicArns") and not rows(row, "subscriberEmailAddresses"):
            yield f"notifications[{number}] has nobody who hears it"


def acts(budget: Node) -> Iterable[str]:
    """An action of its own stops something without anybody's help."""
    actions = budget.companions(ACTION, "budgetName")
    if not actions:
        yield f"no action ({ACTION}) names it in budgetName"
    for action in actions:
        if action.read("approvalModel") != "AUTOMATIC":
            yield f"approvalModel of {action.name} is {action.read('approvalModel')!r}; allowed: 'AUTOMATIC'"


def spares_serving(action: Node) -> Iterable[str]:
    """Whatever the action attaches denies nothing that serves."""
    arn = action.read("definition.iamActionDefinition.policyArn")
    if arn is None:
        yield "definition has no iamActionDefinition: other actions stop what they meet"
        return
    policies = action.stack.of_type(POLICY)
    # Before the update, and where the engine tells no outputs, the ties tell which policy it is.
    attached = [node for node in policies if arn in node.identities]
    attached = attached or [node for node in policies if node.urn in action.dependencies]
    if not attached:
        yield f"policyArn is {arn!r}, which the stack does not declare"
    for policy in attached:
        for row in statements(policy.props.get("policy")):
            denied = [call for call in SERVING if any(fnmatchcase(call.lower(), name.lower()) for name in row.actions)]
            if not row.allows and denied:
                yield f"{row.label} of {policy.name} denies {', '.join(denied)}"


def covers_cost(usage: Path = REFERENCE) -> Check:
    """The stack's estimate with a load is below the limit."""

    def check(budget: Node) -> Iterable[str]:
        try:
            found = estimate(budget.stack, load(usage))
        except PriceError as error:
            # The table knows some regions; a stack elsewhere is not wrong for that.
            raise UndecidedError(str(error)) from error
        limit = float(budget.read("limitAmount", 0))
        if found.total >= limit:
            dearest = ", ".join(f"{name} {usd:,.0f}" for name, usd in list(found.sums("service").items())[:3])
            yield f"limitAmount is {limit:,.0f} and the stack costs {found.total:,.0f} USD a month ({dearest}, …)"
        elif found.unpriced:
            raise UndecidedError(f"the price of {found.unpriced[0].resource} ({found.unpriced[0].type}) is not known")

    return check


def told(monitor: Node) -> Iterable[str]:
    """A subscription names the monitor, and somebody hears it."""
    found = [
        node
        for node in monitor.stack.of_type(SUBSCRIPTION)
        if monitor.urn in node.dependencies or node.refers_to("monitorArnLists", monitor)
    ]
    if not any(node.rows("subscribers") for node in found):
        yield f"no subscription ({SUBSCRIPTION}) with a subscriber names it in monitorArnLists"


RULES = (
    Rule(
        id="budget-declared",
        severity="medium",
        controls=("ML Lens MLCOST04-BP12",),
        types=(HOSTING,),
        scope="stack",
        what="A stack that serves models has a budget.",
        why="Endpoints are paid by the hour, used or not, and nobody notices before the bill.",
        mend="leave budget.enabled on",
        check=budgeted,
    ),
    Rule(
        id="budget-heard",
        severity="medium",
        types=(BUDGET,),
        what="Every budget tells somebody at 80 % or before, spent and foreseen.",
        why="A limit that nobody hears of limits nothing.",
        mend="give notifications of ACTUAL and FORECASTED with a topic or an address",
        check=heard,
    ),
    Rule(
        id="budget-acts",
        severity="low",
        types=(BUDGET,),
        scope="stack",
        what="Every budget has an action that needs no approval.",
        why="Trainings that start by themselves go on through a weekend.",
        mend="add a BudgetAction with approval_model AUTOMATIC",
        check=acts,
    ),
    Rule(
        id="budget-spares-serving",
        severity="high",
        types=(ACTION,),
        scope="stack",
        what="What a budget's action attaches denies nothing that serves predictions.",
        why="A busy month would take the product down at its best moment.",
        mend="deny jobs and notebooks alone",
        check=spares_serving,
    ),
    Rule(
        id="budget-covers-cost",
        severity="medium",
        types=(BUDGET,),
        scope="stack",
        what="What the stack costs with the reference load is below its budget.",
        why="A budget that is always spent is heard by nobody, and stops every training.",
        mend="see `python -m policies.cost --lines`; make something smaller, or raise budget.limitUsd",
        options={"usage": {"type": "string", "default": "policies/usage/reference.toml"}},
        configured=lambda options: covers_cost(Path(options["usage"])),
        check=covers_cost(),
    ),
    Rule(
        id="anomalies-told",
        severity="low",
        types=(MONITOR,),
        scope="stack",
        what="Every monitor of costs has a subscription.",
        why="An anomaly that nobody is told of is found on the bill.",
        mend="add an AnomalySubscription that names it",
        check=told,
    ),
)
