"""Who hears alarms: by severity, in Slack with as few rights as a chart needs, in PagerDuty as a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.observability.test_component import ALARM, alarm, run

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
SLACK = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
URL = "https://events.pagerduty.com/integration/KEY/enqueue"


def test_critical_alarms_have_a_topic_of_their_own() -> None:
    recording = run(alarms=[alarm("a", severity="critical"), alarm("b")])
    heard = {row.name: row.inputs["alarmActions"] for row in recording.of_type(ALARM)}
    assert heard["watch-a"][0].endswith(":mlplatform-dev-critical")
    assert heard["watch-b"][0].endswith(":mlplatform-dev-alarms")


def test_pagerduty_hears_what_is_critical_and_its_address_is_a_secret() -> None:
    recording = run(pagerduty_url=URL)
    row = recording.one(SUBSCRIPTION)
    assert row.inputs["topic"].endswith(":mlplatform-dev-critical")
    assert (row.inputs["protocol"], row.inputs["endpointAutoConfirms"]) == ("https", True)
    assert "endpoint" in row.secrets


def test_addresses_hear_both_but_not_that_a_new_alarm_is_ok() -> None:
    rows = run(emails=["ops@example.org"]).of_type(SUBSCRIPTION)
    assert sorted(row.inputs["topic"].rpartition("-")[2] for row in rows) == ["alarms", "critical"]
    assert {row.inputs["filterPolicyScope"] for row in rows} == {"MessageBody"}
    begins, was = json.loads(rows[0].inputs["filterPolicy"])["$or"]
    assert begins == {"NewStateValue": [{"exists": False}, {"anything-but": ["OK"]}]}
    assert was == {"OldStateValue": [{"anything-but": ["INSUFFICIENT_DATA"]}]}


def test_a_slack_channel_hears_both_and_may_only_draw() -> None:
    recording = run(slack_workspace="T1", slack_channel="C1")
    inputs = recording.one(SLACK).inputs
    assert (inputs["slackTeamId"], inputs["slackChannelId"]) == ("T1", "C1")
    assert sorted(arn.rpartition(":")[2] for arn in inputs["snsTopicArns"]) == [
        "mlplatform-dev-alarms",
        "mlplatform-dev-critical",
    ]
    assert inputs["guardrailPolicyArns"] == ["arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"]
    (statement,) = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert all(action.startswith("cloudwatch:Get") for action in statement["Action"])
    trust = json.loads(recording.one("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert trust[0]["Principal"] == {"Service": "chatbot.amazonaws.com"}


def test_nobody_listens_unless_it_is_said() -> None:
    counted = run().counts()
    assert SUBSCRIPTION not in counted
    assert SLACK not in counted


@pytest.mark.parametrize("given", ["slack_workspace", "slack_channel"])
def test_half_a_channel_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=f"{given} is given alone; allowed: slack_workspace and slack_channel"):
        run(**{given: "X1"})


@pytest.mark.parametrize(
    ("more", "quiet"),
    [({}, False), ({"part_of": ("model-degraded",), "quiet": True}, True), ({"part_of": ("model-degraded",)}, False)],
)
def test_a_quiet_alarm_tells_only_its_whole(more: dict[str, Any], quiet: bool) -> None:
    inputs = run(alarms=[alarm(**more)]).one(ALARM).inputs
    assert bool(inputs.get("alarmActions")) is not quiet
