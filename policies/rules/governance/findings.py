"""Findings: what watches an account is heard by somebody."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from policies.documents import listed
from policies.resources import Node
from policies.rule import Rule
from policies.rules.governance.audit import ANALYZER, DETECTOR, HUB, RECORDER
from policies.rules.messaging import EVENT_TARGET

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
SOURCES: Final = {
    DETECTOR: ("aws.guardduty", "GuardDuty Finding"),
    HUB: ("aws.securityhub", "Security Hub Findings - Imported"),
    ANALYZER: ("aws.access-analyzer", "Access Analyzer Finding"),
    RECORDER: ("aws.config", "Config Rules Compliance Change"),
}
"""Source and detail-type of what each of them tells on the event bus."""


def heard(watcher: Node) -> Iterable[str]:
    """A rule on the bus of its region takes its findings, and has a target."""
    source, kind = SOURCES[watcher.type]
    for rule in watcher.stack.of_type(EVENT_RULE):
        if rule.region == watcher.region and rule.read("state", "ENABLED") != "DISABLED" and _takes(rule, source, kind):
            if rule.companions(EVENT_TARGET, "rule"):
                return
            yield f"{rule.name} takes {kind!r}, and no target ({EVENT_TARGET}) names it"
            return
    yield f"no rule ({EVENT_RULE}) of its region takes {kind!r} of {source!r}"


def _takes(rule: Node, source: str, kind: str) -> bool:
    text = rule.read("eventPattern")
    pattern: Any = json.loads(text) if text else {}
    return source in listed(pattern.get("source")) and kind in listed(pattern.get("detail-type"))


RULES = (
    Rule(
        id="findings-heard",
        severity="medium",
        types=tuple(SOURCES),
        scope="stack",
        what="What GuardDuty, Security Hub, Access Analyzer and AWS Config find is sent to somebody.",
        why="Findings lie in a console of each region, where nobody looks on the day that counts.",
        mend="leave audit.findings on, or add an event rule with that source and detail-type and a target",
        check=heard,
    ),
)
