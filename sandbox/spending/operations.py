"""AWS Budgets' operations on actions, which moto lacks: what the runbook of a spent budget calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sandbox.events.hooks import inner
from sandbox.spending.action import Action, ActionError


class Budgets(Protocol):
    """What has the actions."""

    def actions_of(self, budget: str) -> Sequence[Action] | None:
        """The actions of a budget; None where there is no such budget."""

    def execute(self, action: Action, kind: str) -> None:
        """Does what an operator asks for."""


def on_actions(budgets: Budgets) -> dict[str, Callable[[Any], str]]:
    """DescribeBudgetAction, DescribeBudgetActionsForBudget and ExecuteBudgetAction, as methods of moto's response."""

    def describe_budget_actions_for_budget(response: Any) -> str:
        return json.dumps({"Actions": [action.described() for action in _actions(budgets, response)]})

    def describe_budget_action(response: Any) -> str:
        return json.dumps({**_named(response), "Action": _one(budgets, response).described()})

    def execute_budget_action(response: Any) -> str:
        action, kind = _one(budgets, response), str(inner(response, "_get_param")("ExecutionType"))
        try:
            budgets.execute(action, kind)
        except ActionError as fault:
            from moto.core.exceptions import JsonRESTError

            raise JsonRESTError("ResourceLockedException", str(fault)) from fault
        return json.dumps({**_named(response), "ActionId": action.id, "ExecutionType": kind})

    operations = (describe_budget_action, describe_budget_actions_for_budget, execute_budget_action)
    return {operation.__name__: operation for operation in operations}


def _named(response: Any) -> dict[str, str]:
    parameter = inner(response, "_get_param")
    return {key: str(parameter(key)) for key in ("AccountId", "BudgetName")}


def _actions(budgets: Budgets, response: Any) -> Sequence[Action]:
    name = _named(response)["BudgetName"]
    found = budgets.actions_of(name)
    if found is None:
        raise _unknown(f"there is no budget {name!r}")
    return found


def _one(budgets: Budgets, response: Any) -> Action:
    wanted = str(inner(response, "_get_param")("ActionId"))
    for action in _actions(budgets, response):
        if action.id == wanted:
            return action
    raise _unknown(f"budget {_named(response)['BudgetName']!r} has no action {wanted!r}")


def _unknown(message: str) -> Exception:
    from moto.budgets.exceptions import NotFoundException

    error: Exception = NotFoundException(message)
    return error
