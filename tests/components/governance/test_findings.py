"""Findings: which events are heard, by whom, in what words, and where those go that reach nobody."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from components.governance import Findings, FindingsArgs
from components.governance.findings import FINDINGS, message, pattern
from components.observability import Observability, ObservabilityArgs
from components.values import Severity
from sandbox.events.patterns import matches
from sandbox.events.transform import target_input
from tests.components.governance.samples import PERSONAL, SAMPLES
from tests.components.recorder import ACCOUNT, REGION, Recording, record

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/notifications"
ROWS = {row.noun: row for row in FINDINGS}
SEVERITIES: tuple[Severity, ...] = ("critical", "warning")


def run() -> Recording:
    def program() -> list[tuple[str, str]]:
        args: FindingsArgs = {"name_prefix": "mlplatform-dev", "account_id": ACCOUNT, "region": REGION, "key_arn": KEY}
        findings = Findings("findings", args)
        watched: ObservabilityArgs = {
            "name_prefix": "mlplatform-dev",
            "key_arn": KEY,
            "alarms": findings.alarms(),
            "widgets": [],
            "rules": {severity: findings.rule_arns(severity) for severity in SEVERITIES},
        }
        topics = Observability("watch", watched)
        findings.tell({severity: topic.arn for severity, topic in topics.topics.items()}, topics)
        return [(row.name, row.runbook) for row in findings.alarms()]

    return record(program)


def event(noun: str, **changes: Any) -> dict[str, Any]:
    """A finding as the bus carries it, with some of its detail changed."""
    source, kind, detail = SAMPLES[noun]
    detail = {**copy.deepcopy(detail), **changes}
    return {"source": source, "detail-type": kind, "account": ACCOUNT, "region": REGION, "detail": detail}


def heard(noun: str, **changes: Any) -> bool:
    return matches(EventPattern.load(pattern(ROWS[noun], "mlplatform-dev")), event(noun, **changes))


def hub(**changes: Any) -> dict[str, Any]:
    return {"findings": [{**SAMPLES["weakness"][2]["findings"][0], **changes}]}


def compliant(result: str) -> dict[str, Any]:
    return {"newEvaluationResult": {"complianceType": result}}


@pytest.mark.parametrize("noun", ROWS)
def test_a_finding_as_its_service_sends_it_is_heard_by_its_own_rule_alone(noun: str) -> None:
    assert heard(noun)
    others = [EventPattern.load(pattern(row, "mlplatform-dev")) for name, row in ROWS.items() if name != noun]
    assert not any(matches(other, event(noun)) for other in others)


@pytest.mark.parametrize(
    ("noun", "changes"),
    [
        ("threat", {"severity": 6.9}),
        ("weakness", hub(Severity={"Label": "MEDIUM"})),
        ("weakness", hub(Workflow={"Status": "NOTIFIED"})),
        ("weakness", hub(Workflow={"Status": "SUPPRESSED"})),
        ("weakness", hub(RecordState="ARCHIVED")),
        ("weakness", hub(ProductName="GuardDuty")),
        ("access", {"status": "RESOLVED"}),
        ("deviation", compliant("COMPLIANT")),
        ("deviation", {"configRuleName": "somebody-elses-rule"}),
    ],
    ids=["medium", "label", "seen", "accepted", "archived", "twice", "gone", "mended", "not-ours"],
)
def test_what_nobody_has_to_look_at_is_not_heard(noun: str, changes: dict[str, Any]) -> None:
    assert not heard(noun, **changes)


@pytest.mark.parametrize("severity", [7, 7.0, 8.9, 9.5])
def test_threats_are_heard_from_high_on(severity: float) -> None:
    assert heard("threat", severity=severity)


@pytest.mark.parametrize("noun", ROWS)
def test_a_message_names_its_runbook_and_nobody(noun: str) -> None:
    (target,) = [row for row in run().of_type("aws:cloudwatch/eventTarget:EventTarget") if noun in row.name]
    given = target.inputs["inputTransformer"]
    filled = {"InputTransformer": {"InputPathsMap": given["inputPaths"], "InputTemplate": given["inputTemplate"]}}
    said = json.loads(target_input(filled, event(noun), {"arn": "", "name": ""}, ""))
    text = json.dumps(said)
    assert said["content"]["title"].startswith(f"[{ROWS[noun].severity}] ")
    assert said["content"]["nextSteps"] == ["runbook: docs/runbooks/security-finding.md"]
    assert ACCOUNT in text
    assert "<" not in text
    assert [word for word in PERSONAL if word in text] == []


def test_each_severity_has_its_topic_which_lets_those_rules_in_and_no_others() -> None:
    recording = run()
    policies = {
        resource.inputs["arn"].rpartition(":")[2]: json.loads(resource.inputs["policy"])["Statement"]
        for resource in recording.of_type("aws:sns/topicPolicy:TopicPolicy")
    }
    targets = recording.of_type("aws:cloudwatch/eventTarget:EventTarget")
    for severity, topic in (("critical", "mlplatform-dev-critical"), ("warning", "mlplatform-dev-alarms")):
        nouns = {row.noun for row in FINDINGS if row.severity == severity}
        (grant,) = [row for row in policies[topic] if row.get("Principal") == {"Service": "events.amazonaws.com"}]
        allowed = grant["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert {arn.rpartition("-")[2] for arn in allowed} == nouns
        assert all(arn.startswith(f"arn:aws:events:{REGION}:{ACCOUNT}:rule/mlplatform-dev-finding-") for arn in allowed)
        sent = {row.inputs["rule"].rpartition("-")[2] for row in targets if row.inputs["arn"].endswith(topic)}
        assert sent == nouns


def test_what_reaches_nobody_is_kept_and_told() -> None:
    recording = run()
    assert recording.value == [("findings-lost", "lost-events")]
    queue = recording.one("aws:sqs/queue:Queue").inputs
    assert queue["name"] == "mlplatform-dev-findings-lost-events"
    assert queue["kmsMasterKeyId"] == KEY
    for target in recording.of_type("aws:cloudwatch/eventTarget:EventTarget"):
        assert target.inputs["deadLetterConfig"]["arn"].endswith(queue["name"])
    (keep, _) = json.loads(recording.one("aws:sqs/queuePolicy:QueuePolicy").inputs["policy"])["Statement"]
    assert len(keep["Condition"]["ArnEquals"]["aws:SourceArn"]) == len(FINDINGS)


def test_messages_link_to_where_runbooks_are_read() -> None:
    said = json.loads(message(ROWS["threat"], "https://example.org/runbooks/"))
    assert said["content"]["nextSteps"] == ["runbook: https://example.org/runbooks/security-finding.md"]
