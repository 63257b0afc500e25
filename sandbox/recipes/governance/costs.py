"""Budgets, their actions, and watches over costs."""

from __future__ import annotations

from sandbox.recipes.recipe import Recipe

_ACTION = "{hash:8}-{hash:4}-{hash:4}-{hash:4}-{hash:12}"
_TOLD = "moto keeps a budget and tells nobody; here `control spend` says what a month has cost, and it acts on that"
_NO_BILL = "nothing here costs anything, so no cost is unusual"

ROWS = {
    "aws:budgets/budget:Budget": Recipe(
        recorded=_TOLD,
        id="{account}:{name}",
        outputs={"arn": "arn:aws:budgets::{account}:budget/{name}"},
    ),
    "aws:budgets/budgetAction:BudgetAction": Recipe(
        recorded=_TOLD,
        id=f"{{account}}:{_ACTION}:{{budgetName}}",
        outputs={
            "actionId": _ACTION,
            "arn": f"arn:aws:budgets::{{account}}:budget/{{budgetName}}/action/{_ACTION}",
        },
    ),
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor": Recipe(
        recorded=_NO_BILL,
        id="arn:aws:ce::{account}:anomalymonitor/{hash:32}",
        outputs={"arn": "arn:aws:ce::{account}:anomalymonitor/{hash:32}"},
    ),
    "aws:costexplorer/anomalySubscription:AnomalySubscription": Recipe(
        recorded=_NO_BILL,
        id="arn:aws:ce::{account}:anomalysubscription/{hash:32}",
        outputs={"arn": "arn:aws:ce::{account}:anomalysubscription/{hash:32}"},
    ),
    "aws:costexplorer/costAllocationTag:CostAllocationTag": Recipe(recorded=_NO_BILL, id="{tagKey}"),
}
