"""The budgets of a stack: costs are told by a command, since nothing here costs anything, and the rest follows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from sandbox.callers import SERVICE, Caller
from sandbox.events.hooks import Hooks
from sandbox.ledger import Ledger, Resource
from sandbox.spending.action import Action, Cloud
from sandbox.spending.month import WORDS, Month, Threshold
from sandbox.spending.operations import on_actions

BUDGET: Final = "aws:budgets/budget:Budget"
ACTION: Final = "aws:budgets/budgetAction:BudgetAction"
NOTES: Final = (
    "nothing here costs anything: `control spend usd=N` says what a month has cost, and the budget acts at once",
    "AWS looks at costs some times a day; here less than before begins another month",
)


class Spending:
    """AWS Budgets for one stack. `install()` before the program runs, `attach()` after it, `close()` at the end."""

    notes = NOTES

    def __init__(self, cloud: Cloud, directory: Path) -> None:
        self.directory = directory
        """Unused: nothing is written."""
        self._cloud = cloud
        self._hooks = Hooks()
        self._lock = threading.Lock()
        self._budgets: dict[str, Resource] = {}
        self._months: dict[str, Month] = {}
        self._actions: list[Action] = []

    def install(self) -> None:
        """Adds to moto's budgets what moto lacks: their actions."""
        from moto.budgets.responses import BudgetsResponse

        for name, operation in on_actions(self).items():
            self._hooks.add(BudgetsResponse, name, operation)

    def attach(self, ledger: Ledger) -> None:
        """Takes the declared budgets and their actions."""
        for budget in ledger.of_type(BUDGET):
            name = str(budget.inputs["name"])
            self._budgets[name] = budget
            self._months[name] = Month(float(budget.inputs["limitAmount"]))
        # Actions on machines and on whole organizations are not what a stack of this program has.
        self._actions = [
            Action(row) for row in ledger.of_type(ACTION) if "iamActionDefinition" in row.inputs["definition"]
        ]

    def close(self) -> None:
        """Undoes the hooks."""
        self._hooks.undo()

    def commands(self) -> Mapping[str, Callable[..., Any]]:
        """What `sandbox.control.Control` can ask for."""
        return {"spend": self.spend, "budgets": self.states}

    def spend(self, usd: float, foreseen: float | None = None) -> list[dict[str, Any]]:
        """Says what the month has cost, and what it will have cost at its end; both budgets and people hear of it.

        Raises:
            ValueError: costs that no month has.
            LookupError: the stack has no budget.
        """
        for name, value in (("usd", usd), ("foreseen", usd if foreseen is None else foreseen)):
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e9:
                raise ValueError(f"{name} is {value!r}; allowed: USD from 0 on, such as {name}=250")
        if not self._budgets:
            raise LookupError("the stack has no budget; set budget.enabled in its file")
        with self._lock:
            for name in self._budgets:
                self._put(name, float(usd), float(max(usd, foreseen or 0)))
        return self.states()

    def states(self) -> list[dict[str, Any]]:
        """Every budget: its limit, its costs, what was told, and its actions."""
        return [
            {
                "name": name,
                "limit_usd": month.limit_usd,
                "spent_usd": month.spent_usd,
                "foreseen_usd": month.foreseen_usd,
                "passed": sorted(map(str, month.passed)),
                "actions": [{"id": row.id, "status": row.status} for row in self.actions_of(name) or ()],
            }
            for name, month in self._months.items()
        ]

    def actions_of(self, budget: str) -> Sequence[Action] | None:
        """The actions of a budget; None where there is no such budget."""
        return [row for row in self._actions if row.budget == budget] if budget in self._months else None

    def execute(self, action: Action, kind: str) -> None:
        """What an operator asks for by ExecuteBudgetAction."""
        with self._lock:
            action.execute(self._cloud, kind)

    def _put(self, name: str, spent_usd: float, foreseen_usd: float) -> None:
        budget, month = self._budgets[name], self._months[name]
        actions = self.actions_of(name) or ()
        if month.put(spent_usd, foreseen_usd):
            for action in actions:
                action.renew(self._cloud)
        for row in budget.inputs.get("notifications") or ():
            threshold = Threshold.of(row, "threshold", "thresholdType")
            if month.passes(threshold):
                self._tell(name, threshold, row.get("subscriberSnsTopicArns") or ())
        for action in actions:
            # An action has a state of its own: one that acted, or was taken back by hand, does so once a month.
            if action.status == "STANDBY" and Month(month.limit_usd, spent_usd, foreseen_usd).passes(action.threshold):
                action.act(self._cloud)
                topics = [row["address"] for row in action.declared.inputs["subscribers"]]
                self._tell(name, action.threshold, topics, f"; its action is {action.status}")

    def _tell(self, name: str, threshold: Threshold, topics: Iterable[str], more: str = "") -> None:
        month = self._months[name]
        costs = month.spent_usd if threshold.kind == "ACTUAL" else month.foreseen_usd
        text = (
            f"Budget {name}: {costs:.2f} USD {WORDS[threshold.kind]} this month, above {threshold} of "
            f"{month.limit_usd:.2f} USD{more}. Runbook: docs/runbooks/budget-spent.md"
        )
        account = self._cloud.account
        source = {"aws:sourceaccount": (account,), "aws:sourcearn": (f"arn:aws:budgets::{account}:budget/{name}",)}
        service = self._cloud.acting(Caller(f"{SERVICE}budgets.amazonaws.com", context=source))
        for topic in topics:
            client = service.client("sns", topic.split(":")[3])
            try:
                client.publish(TopicArn=topic, Subject=f"Budget {name}: {threshold}", Message=text)
            except ClientError as error:
                raise RuntimeError(f"topic {topic} did not take the budget's notice: {error}") from error
