"""Budget: a month's limit, an action that stops trainings and notebooks, and a watch for unusual costs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import iam, sns
from components.governance.documents import execution_rights, execution_trust, stop, topic_policy
from components.lean import Lean
from components.values import policy_json

PERCENTS: Final = (50, 80, 100)
"""Of the limit: when somebody hears of it, spent or foreseen."""
TAGS: Final = ("CostCenter", "Environment", "Owner", "Project")
"""Keys by which costs are told apart."""


class SpendingRole(TypedDict):
    """A role that starts what is paid by the hour."""

    name: Input[str]
    """Name, without a path."""
    arn: Input[str]
    """ARN, with its path."""


class BudgetArgs(TypedDict):
    """What the budget needs; the rest has defaults."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-prod`."""
    account_id: Input[str]
    """Account that pays."""
    environment: str
    """Value of the tag `Environment`."""
    key_arn: Input[str]
    """KMS key of the topic; its policy must let AWS Budgets and Cost Anomaly Detection use it."""
    roles: Sequence[SpendingRole]
    """Roles that lose the right to start trainings, processing and notebooks when the limit is reached."""
    limit_usd: NotRequired[int]
    """Of a month; 500 by default."""
    scope: NotRequired[Literal["account", "environment"]]
    """Whether it counts everything that the account pays, or what has the environment's tag; `account` by default.
    Costs have a tag once the billing account has activated it, and until then such a budget counts nothing."""
    stop: NotRequired[bool]
    """Whether the roles are stopped at the limit by themselves; true by default."""
    anomalies: NotRequired[bool]
    """Whether unusual costs of the environment are told; true by default."""
    anomaly_usd: NotRequired[int]
    """What an anomaly has cost at least when it is told; 20 by default."""
    activate_tags: NotRequired[bool]
    """Whether the tags are activated for cost reports; false by default. Only the account that pays may do it, and a
    tag is known to it about a day after the first resource has it."""
    emails: NotRequired[Sequence[str]]
    """Addresses that hear all of it; AWS asks each to confirm."""


class Budget(pulumi.ComponentResource):
    """One budget of a stack, in the first region: budgets have none of their own."""

    topic: sns.Topic
    """`<prefix>-costs`: hears of thresholds, of the action and of anomalies."""
    budget: Lean
    """The limit with its notifications."""
    action: Lean | None
    """What stops the roles, where it is asked for."""
    deny: iam.Policy | None
    """What the action attaches to the roles."""
    topic_arn: Output[str]
    """ARN of the topic, for further subscriptions."""

    def __init__(self, name: str, args: BudgetArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Budget", name, {}, opts)
        _validate(name, args)
        self._name, self._args, self._prefix = name, args, args["name_prefix"]
        self.topic, heard = self._topic()
        self.topic_arn = self.topic.arn
        self.budget = self._budget(heard)
        self.deny, self.action = (None, None)
        if args.get("stop", True):
            self.deny, self.action = self._stop(heard)
        if args.get("anomalies", True):
            self._anomalies(heard)
        if args.get("activate_tags", False):
            for key in TAGS:
                Lean(
                    "aws:costexplorer/costAllocationTag:CostAllocationTag",
                    f"{name}-tag-{key.lower()}",
                    {"tag_key": key, "status": "Active"},
                    opts=ResourceOptions(parent=self),
                )
        self.register_outputs({"topic_arn": self.topic_arn})

    def _topic(self) -> tuple[sns.Topic, ResourceOptions]:
        """The topic, and options of what needs its policy: AWS tries the right to publish when it is told of it."""
        child = ResourceOptions(parent=self)
        topic = sns.Topic(
            f"{self._name}-topic", name=f"{self._prefix}-costs", kms_master_key_id=self._args["key_arn"], opts=child
        )
        policy = sns.TopicPolicy(
            f"{self._name}-topic-policy",
            arn=topic.arn,
            policy=topic_policy(topic.arn, self._args["account_id"]),
            opts=child,
        )
        for email in self._args.get("emails", []):
            sns.TopicSubscription(
                f"{self._name}-{re.sub('[^a-z0-9]+', '-', email.lower())}",
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=child,
            )
        return topic, ResourceOptions(parent=self, depends_on=[policy])

    def _budget(self, opts: ResourceOptions) -> Lean:
        args = self._args
        inputs: dict[str, Any] = {
            "name": f"{self._prefix}-month",
            "account_id": args["account_id"],
            "budget_type": "COST",
            "time_unit": "MONTHLY",
            "limit_amount": str(args.get("limit_usd", 500)),
            "limit_unit": "USD",
            "notifications": [
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_sns_topic_arns": [self.topic.arn],
                }
                for kind in ("ACTUAL", "FORECASTED")
                for percent in PERCENTS
            ],
        }
        if args.get("scope", "account") == "environment":
            inputs["cost_filters"] = [{"name": "TagKeyValue", "values": [f"user:Environment${args['environment']}"]}]
        return Lean("aws:budgets/budget:Budget", f"{self._name}-month", inputs, ["arn", "name"], opts)

    def _stop(self, opts: ResourceOptions) -> tuple[iam.Policy, Lean]:
        args, roles, child = self._args, self._args["roles"], ResourceOptions(parent=self)
        deny = iam.Policy(
            f"{self._name}-stop",
            description=f"Keeps {self._prefix} from starting trainings and notebooks while its budget is spent",
            policy=policy_json([stop()]),
            opts=child,
        )
        role = iam.Role(
            f"{self._name}-action-role",
            assume_role_policy=execution_trust(args["account_id"]),
            description="What the budget's action may do",
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{self._name}-action-rights",
            role=role.id,
            policy=policy_json([execution_rights([row["arn"] for row in roles], deny.arn)]),
            opts=child,
        )
        action = Lean(
            "aws:budgets/budgetAction:BudgetAction",
            f"{self._name}-action",
            {
                "account_id": args["account_id"],
                "budget_name": self.budget.out("name"),
                "action_type": "APPLY_IAM_POLICY",
                "approval_model": "AUTOMATIC",
                "notification_type": "ACTUAL",
                "action_threshold": {"action_threshold_type": "PERCENTAGE", "action_threshold_value": 100},
                "definition": {
                    "iam_action_definition": {"policy_arn": deny.arn, "roles": [row["name"] for row in roles]}
                },
                "execution_role_arn": role.arn,
                "subscribers": [{"address": self.topic.arn, "subscription_type": "SNS"}],
            },
            ["arn", "actionId"],
            ResourceOptions.merge(opts, ResourceOptions(depends_on=[granted])),
        )
        return deny, action

    def _anomalies(self, opts: ResourceOptions) -> None:
        args = self._args
        monitor = Lean(
            "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
            f"{self._name}-monitor",
            {
                "name": f"{self._prefix}-costs",
                # An account may have one monitor of all services, and new accounts have it already.
                "monitor_type": "CUSTOM",
                "monitor_specification": specification(args["environment"]),
            },
            ["arn"],
            ResourceOptions(parent=self),
        )
        Lean(
            "aws:costexplorer/anomalySubscription:AnomalySubscription",
            f"{self._name}-anomalies",
            {
                "name": f"{self._prefix}-costs",
                # Only topics hear at once; mail comes daily or weekly.
                "frequency": "IMMEDIATE",
                "monitor_arn_lists": [monitor.out("arn")],
                "subscribers": [{"type": "SNS", "address": self.topic.arn}],
                "threshold_expression": {
                    "dimension": {
                        "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                        "match_options": ["GREATER_THAN_OR_EQUAL"],
                        "values": [str(args.get("anomaly_usd", 20))],
                    }
                },
            },
            opts=opts,
        )


def specification(environment: str) -> str:
    """What the monitor looks at; AWS answers with each absent part as null, and a shorter text would always differ."""
    absent = dict.fromkeys(("And", "CostCategories", "Dimensions", "Not", "Or"))
    # Cost Explorer names a tag as resources do; only filters of budgets put `user:` before it.
    tags = {"Key": "Environment", "MatchOptions": None, "Values": [environment]}
    return json.dumps({**absent, "Tags": tags}, sort_keys=True)


def _validate(name: str, args: BudgetArgs) -> None:
    problems = []
    limit, impact = args.get("limit_usd", 500), args.get("anomaly_usd", 20)
    if limit < 1:
        problems.append(f"limit_usd is {limit}; allowed: 1 or more")
    if impact < 1:
        problems.append(f"anomaly_usd is {impact}; allowed: 1 or more")
    if args.get("stop", True) and not 1 <= len(args["roles"]) <= 100:
        problems.append(f"roles has {len(args['roles'])}; allowed: 1 to 100, or stop False")
    if problems:
        raise ValueError(f"Budget {name!r}: " + "; ".join(problems))
