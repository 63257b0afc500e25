"""The firewall of the API: where it stands, what it logs, whom it counts."""

from __future__ import annotations

from typing import Any

import pytest

from components.secure_api.web_acl import WebAcl, rules
from functions.shared.headers import PACE
from tests.components.recorder import ACCOUNT, REGION, record
from tests.components.secure_api.test_component import run

WEB_ACL = "aws:wafv2/webAcl:WebAcl"


def test_the_firewall_stands_before_the_stage_and_logs_without_credentials() -> None:
    recording = run()
    association = recording.one("aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert association["resourceArn"].endswith("/stages/api")
    logging = recording.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert logging["logDestinationConfigs"] == [
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-mlplatform-dev-api"
    ]
    redacted = {row["singleHeader"]["name"] for row in logging["redactedFields"]}
    assert redacted == {"authorization", "cookie", "x-api-key", "x-site-mark"}


def test_the_firewall_has_every_rule_that_is_required() -> None:
    found = {row["name"]: row for row in rules(2000, ["US", "CA"])}
    rate = found["rate"]["statement"]["rate_based_statement"]
    assert rate == {"limit": 2000, "aggregate_key_type": "IP", "evaluation_window_sec": 300}
    elsewhere = found["countries"]["statement"]["not_statement"]["statements"][0]
    assert elsewhere == {"geo_match_statement": {"country_codes": ["CA", "US"]}}
    assert {
        f"AWSManagedRules{name}"
        for name in ("AmazonIpReputationList", "CommonRuleSet", "KnownBadInputsRuleSet", "SQLiRuleSet")
    } <= set(found)
    assert [row["priority"] for row in rules(2000, ["US"])] == list(range(6))
    assert "countries" not in {row["name"] for row in rules(2000, [])}


@pytest.mark.parametrize(("given", "limit"), [({}, 60_000), ({"requests_per_user": 1}, 60)])
def test_the_firewall_marks_what_one_token_asks_above_its_rate(given: dict[str, Any], limit: int) -> None:
    found = {row["name"]: row for row in run(**given).one(WEB_ACL).inputs["rules"]}
    counted = found["pace"]["statement"]["rateBasedStatement"]
    transformed = [{"priority": 0, "type": "NONE"}]
    assert counted == {
        "limit": limit,
        "aggregateKeyType": "CUSTOM_KEYS",
        "customKeys": [{"header": {"name": "authorization", "textTransformations": transformed}}],
        "evaluationWindowSec": 60,
    }
    (mark,) = found["pace"]["action"]["count"]["customRequestHandling"]["insertHeaders"]
    assert f"x-amzn-waf-{mark['name']}" == PACE


def test_the_firewall_counts_nobody_where_the_pace_is_off() -> None:
    rows = run(requests_per_user=0).one(WEB_ACL).inputs["rules"]
    assert "pace" not in {row["name"] for row in rows}


def test_a_rate_that_waf_refuses_is_named() -> None:
    with pytest.raises(ValueError, match="requests_per_caller is 9; allowed: 0 for none, or 10 to 2000000000"):
        record(lambda: WebAcl("it", {"name_prefix": "it", "key_arn": "key", "requests_per_caller": 9}))
