"""Findings: what watches an account is heard where alarms are, with a runbook and without anybody's data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch
from components.keys import partition
from components.training_workflow.signals import lost_events
from components.training_workflow.triggers import LostEvents
from components.values import Alarm, Severity, formatted

RUNBOOK: Final = "security-finding"
"""Page in docs/runbooks/ that every message names."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One kind of finding: which events it is, and what is told of them."""

    noun: str
    """End of the rule's name."""
    severity: Severity
    """Which topic hears it."""
    source: str
    """Source of the events."""
    kind: str
    """Their detail-type."""
    detail: Mapping[str, Any]
    """What of their detail must match."""
    title: str
    """First line of the message, over `paths`."""
    told: str
    """The message, over `paths`."""
    paths: Mapping[str, str]
    """Name in the texts → where it stands in the event. Only kinds, places and ids: a service's own words about a
    finding name users and addresses."""


FINDINGS: Final[Sequence[Finding]] = (
    Finding(
        noun="threat",
        severity="critical",
        source="aws.guardduty",
        kind="GuardDuty Finding",
        # High and critical, by GuardDuty's own scale.
        detail={"severity": [{"numeric": [">=", 7]}]},
        title="GuardDuty: <type>",
        told="severity <severity>, on a resource of kind <resource>; finding <id>",
        paths={
            "type": "$.detail.type",
            "severity": "$.detail.severity",
            "resource": "$.detail.resource.resourceType",
            "id": "$.detail.id",
        },
    ),
    Finding(
        noun="weakness",
        severity="critical",
        source="aws.securityhub",
        kind="Security Hub Findings - Imported",
        detail={
            "findings": {
                "Severity": {"Label": ["HIGH", "CRITICAL"]},
                # Each look at a resource imports the same finding again, until somebody takes note of it.
                "Workflow": {"Status": ["NEW"]},
                "RecordState": ["ACTIVE"],
                # These two speak for themselves.
                "ProductName": [{"anything-but": ["GuardDuty", "IAM Access Analyzer"]}],
            }
        },
        title="Security Hub: <generator>",
        told="<label>, on a resource of kind <resource>; finding <id>",
        paths={
            "generator": "$.detail.findings[0].GeneratorId",
            "label": "$.detail.findings[0].Severity.Label",
            "resource": "$.detail.findings[0].Resources[0].Type",
            "id": "$.detail.findings[0].Id",
        },
    ),
    Finding(
        noun="access",
        severity="warning",
        source="aws.access-analyzer",
        kind="Access Analyzer Finding",
        detail={"status": ["ACTIVE"]},
        title="Access Analyzer: somebody outside reaches a resource of kind <kind>",
        told="<resource>; public: <public>; finding <id>",
        paths={
            "kind": "$.detail.resourceType",
            "resource": "$.detail.resource",
            "public": "$.detail.isPublic",
            "id": "$.detail.id",
        },
    ),
    Finding(
        noun="deviation",
        severity="warning",
        source="aws.config",
        kind="Config Rules Compliance Change",
        detail={
            "messageType": ["ComplianceChangeNotification"],
            "newEvaluationResult": {"complianceType": ["NON_COMPLIANT"]},
        },
        title="AWS Config: a resource breaks <rule>",
        told="<kind> <resource>",
        paths={
            "rule": "$.detail.configRuleName",
            "kind": "$.detail.resourceType",
            "resource": "$.detail.resourceId",
        },
    ),
)
"""What is heard. Lower ones wait in the services' consoles."""


class FindingsArgs(TypedDict):
    """What the rules need."""

    name_prefix: str
    """Beginning of the names, such as `mlplatform-prod`; AWS Config's rules that begin with it are heard."""
    account_id: Input[str]
    """Account whose findings are heard."""
    region: str
    """Region whose findings are heard: each has a bus of its own."""
    key_arn: Input[str]
    """KMS key of the topics and of the queue; its policy must let EventBridge use it."""
    runbook_url: NotRequired[str]
    """Where docs/runbooks/ can be read; the path in the repository by default."""


class Findings(pulumi.ComponentResource):
    """A rule a kind of finding on the account's own bus. Made before the topics, which have to let the rules in."""

    rules: dict[str, cloudwatch.EventRule]
    """By the finding's noun."""
    lost: LostEvents
    """Findings that reached nobody."""

    def __init__(self, name: str, args: FindingsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Findings", name, {}, opts)
        self._name, self._args = name, args
        child = ResourceOptions(parent=self)
        self._queue_name = f"{args['name_prefix']}-findings-lost-events"
        self.lost = LostEvents(f"{name}-lost", self._queue_name, args["key_arn"], child)
        self.rules = {
            row.noun: cloudwatch.EventRule(
                f"{name}-{row.noun}",
                name=self._rule_name(row),
                description=f"{row.kind}: what somebody has to look at",
                event_pattern=pattern(row, args["name_prefix"]),
                opts=child,
            )
            for row in FINDINGS
        }
        self.lost.accept(f"{name}-lost", [rule.arn for rule in self.rules.values()])
        self.register_outputs({"rules": [rule.name for rule in self.rules.values()]})

    def rule_arns(self, severity: Severity) -> list[Output[str]]:
        """Rules that publish to the topic of a severity, for its policy."""
        place = f"arn:{partition(self._args['region'])}:events:{self._args['region']}"
        return [
            formatted("{0}:{1}:rule/{2}", place, self._args["account_id"], self._rule_name(row))
            for row in FINDINGS
            if row.severity == severity
        ]

    def tell(self, topics: Mapping[Severity, Input[str]], after: pulumi.Resource) -> None:
        """Sends each finding to the topic of its severity, once what makes the topics is done."""
        for row in FINDINGS:
            cloudwatch.EventTarget(
                f"{self._name}-{row.noun}-target",
                rule=self.rules[row.noun].name,
                arn=topics[row.severity],
                input_transformer={
                    "input_paths": {**row.paths, "account": "$.account", "region": "$.region"},
                    "input_template": message(row, self._args.get("runbook_url", "docs/runbooks")),
                },
                dead_letter_config={"arn": self.lost.queue.arn},
                opts=ResourceOptions(parent=self, depends_on=[after]),
            )

    def alarms(self) -> list[Alarm]:
        """A finding that nobody heard of."""
        return [lost_events("findings-lost", self._queue_name, "nobody heard of a security finding", "critical")]

    def _rule_name(self, row: Finding) -> str:
        return f"{self._args['name_prefix']}-finding-{row.noun}"


def pattern(row: Finding, prefix: str) -> str:
    """Which events of the account's own bus are findings of a kind."""
    detail = dict(row.detail)
    if row.source == "aws.config":
        # Rules of others have their own listeners, those of Security Hub come as its findings.
        detail["configRuleName"] = [{"prefix": f"{prefix}-"}]
    return json.dumps({"source": [row.source], "detail-type": [row.kind], "detail": detail}, sort_keys=True)


def message(row: Finding, links: str) -> str:
    """What is published, in the form that AWS Chatbot shows as it is; mail has it as JSON."""
    where = f"{links.rstrip('/')}/{RUNBOOK}.md"
    said = {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": f"[{row.severity}] {row.title}",
            "description": f"{row.told}; account <account>, region <region>",
            "nextSteps": [f"runbook: {where}"],
        },
    }
    return json.dumps(said, sort_keys=True)
