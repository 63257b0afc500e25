"""What is found in the account reaches whoever hears alarms, in the platform's words and without anybody's data."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from tests.components.governance.samples import PERSONAL, SAMPLES
from tests.journeys.support.deployed import Deployed, eventually
from tests.journeys.support.listening import Listener

pytestmark = pytest.mark.journey
RUNBOOK = "runbook: docs/runbooks/security-finding.md"


@pytest.mark.parametrize(
    ("noun", "topic", "title"),
    [
        ("threat", "critical", "GuardDuty: UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"),
        ("weakness", "critical", "Security Hub: security-control/S3.2"),
        ("access", "warning", "Access Analyzer: somebody outside reaches a resource of kind AWS::S3::Bucket"),
        ("deviation", "warning", "AWS Config: a resource breaks mlplatform-dev-s3-bucket-ssl-requests-only"),
    ],
)
def test_a_finding_reaches_whoever_hears_alarms(main: Deployed, noun: str, topic: str, title: str) -> None:
    source, kind, detail = SAMPLES[noun]
    with Listener(main, main.state.outputs[_TOPICS[topic]]) as heard:
        put(main, source, kind, detail)
        (text,) = eventually(lambda: [row for row in heard.messages() if title in row], 10, "the finding is heard")
    said = json.loads(text)["content"]
    assert said["title"] == f"[{topic}] {title}"
    assert said["nextSteps"] == [RUNBOOK]
    assert [word for word in PERSONAL if word in text] == []


def test_a_finding_that_nobody_has_to_look_at_is_not_heard(main: Deployed) -> None:
    """Two that are heard come after it, one after the other: it had all the time that it would have needed."""
    source, kind, detail = SAMPLES["threat"]
    with Listener(main, main.state.outputs["critical_alarm_topic_arn"]) as heard:
        put(main, source, kind, {**detail, "severity": 6.9, "type": "Recon:EC2/Portscan"})
        for known in ("Backdoor:EC2/C&CActivity.B!DNS", "Trojan:EC2/DropPoint!DNS"):
            put(main, source, kind, {**detail, "type": known})
            eventually(partial(_told, heard, known), 10, "the next is heard")
        assert [row for row in heard.messages() if "Recon" in row] == []


def _told(heard: Listener, words: str) -> bool:
    return any(words in row for row in heard.messages())


_TOPICS = {"critical": "critical_alarm_topic_arn", "warning": "alarm_topic_arn"}


def put(deployed: Deployed, source: str, kind: str, detail: dict[str, Any]) -> None:
    """As the service itself would put it on the account's own bus."""
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
    assert deployed.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
