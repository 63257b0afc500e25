"""A budget's action: puts a policy on roles when the costs pass its threshold, and takes it off again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from sandbox.callers import Caller
from sandbox.ledger import Resource
from sandbox.spending.month import Threshold

LOG = logging.getLogger(__name__)
SESSION: Final = "AWSBudgets"
STATUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "APPROVE_BUDGET_ACTION": ("PENDING",),
    "RETRY_BUDGET_ACTION": ("EXECUTION_FAILURE",),
    "REVERSE_BUDGET_ACTION": ("EXECUTION_SUCCESS", "REVERSE_FAILURE"),
    "RESET_BUDGET_ACTION": ("EXECUTION_SUCCESS", "EXECUTION_FAILURE", "REVERSE_SUCCESS", "REVERSE_FAILURE"),
}
"""What may be executed by hand → in which states of the action."""


class Services(Protocol):
    """The services as a role may use them."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service."""


class Cloud(Protocol):
    """What budgets need of the cloud."""

    @property
    def account(self) -> str:
        """The account number."""

    def in_role(self, arn: str, session: str, region: str | None = None) -> Services:
        """The services as a role may use them."""

    def acting(self, caller: Caller, region: str | None = None) -> Services:
        """The services as somebody may use them."""


class ActionError(ValueError):
    """An action cannot be executed like that; the text says what it is and what is possible."""


@dataclass
class Action:
    """One declared action that attaches a policy."""

    declared: Resource
    status: str = "STANDBY"

    @property
    def id(self) -> str:
        """What AWS calls it by."""
        return str(self.declared.outputs["actionId"])

    @property
    def budget(self) -> str:
        """Name of its budget."""
        return str(self.declared.inputs["budgetName"])

    @property
    def threshold(self) -> Threshold:
        """When it is executed by itself."""
        inputs = self.declared.inputs
        told = {**inputs["actionThreshold"], "notificationType": inputs["notificationType"]}
        return Threshold.of(told, "actionThresholdValue", "actionThresholdType")

    def act(self, cloud: Cloud) -> None:
        """The costs pass its threshold: it acts, or waits for somebody's word."""
        if self.declared.inputs["approvalModel"] == "AUTOMATIC":
            self.apply(cloud)
        else:
            self.status = "PENDING"

    def apply(self, cloud: Cloud) -> None:
        """Attaches the policy in the name of the action's own role."""
        self.status = "EXECUTION_SUCCESS" if self._each(cloud, "attach_role_policy") else "EXECUTION_FAILURE"

    def reverse(self, cloud: Cloud) -> None:
        """Detaches it."""
        self.status = "REVERSE_SUCCESS" if self._each(cloud, "detach_role_policy") else "REVERSE_FAILURE"

    def renew(self, cloud: Cloud) -> None:
        """Another month begins: what it did is undone, and it waits again."""
        if self.status == "EXECUTION_SUCCESS":
            self.reverse(cloud)
        if self.status != "REVERSE_FAILURE":
            self.status = "STANDBY"

    def execute(self, cloud: Cloud, kind: str) -> None:
        """What an operator asks for; ActionError where the action's state does not allow it."""
        allowed = STATUSES.get(kind)
        if allowed is None:
            raise ActionError(f"ExecutionType is {kind!r}; allowed: {', '.join(STATUSES)}")
        if self.status not in allowed:
            raise ActionError(f"action {self.id} is {self.status}; {kind} is possible from: {', '.join(allowed)}")
        if kind in {"APPROVE_BUDGET_ACTION", "RETRY_BUDGET_ACTION"}:
            self.apply(cloud)
        elif kind == "REVERSE_BUDGET_ACTION":
            self.reverse(cloud)
        else:
            self.renew(cloud)

    def described(self) -> dict[str, Any]:
        """As the service describes it."""
        inputs = self.declared.inputs
        iam = inputs["definition"]["iamActionDefinition"]
        limit = inputs["actionThreshold"]
        return {
            "ActionId": self.id,
            "BudgetName": self.budget,
            "NotificationType": inputs["notificationType"],
            "ActionType": inputs["actionType"],
            "ActionThreshold": {
                "ActionThresholdValue": float(limit["actionThresholdValue"]),
                "ActionThresholdType": limit["actionThresholdType"],
            },
            "Definition": {"IamActionDefinition": {"PolicyArn": iam["policyArn"], "Roles": list(iam["roles"])}},
            "ExecutionRoleArn": inputs["executionRoleArn"],
            "ApprovalModel": inputs["approvalModel"],
            "Status": self.status,
            "Subscribers": [
                {"SubscriptionType": row["subscriptionType"], "Address": row["address"]}
                for row in inputs["subscribers"]
            ],
        }

    def _each(self, cloud: Cloud, operation: str) -> bool:
        inputs = self.declared.inputs
        rights = cloud.in_role(str(inputs["executionRoleArn"]), SESSION).client("iam")
        definition = inputs["definition"]["iamActionDefinition"]
        try:
            for role in definition["roles"]:
                getattr(rights, operation)(RoleName=role, PolicyArn=definition["policyArn"])
        except ClientError as error:
            LOG.warning("action %s of budget %s: %s", self.id, self.budget, error)
            return False
        return True
