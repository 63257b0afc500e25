"""Rules of a declared firewall that count callers by a header; all others are kept by moto and evaluated by nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.ledger import Ledger, Resource

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
INSERTED = "x-amzn-waf-"
"""What WAF puts before the names of headers that it inserts."""


@dataclass(frozen=True)
class CallerRate:
    """Requests with one value of a header that are let through unmarked."""

    header: bytes
    """Lower case."""
    limit: int
    window_s: int
    marks: tuple[tuple[bytes, bytes], ...]
    """Headers of requests above the limit."""


def caller_rates(ledger: Ledger, stage: Resource) -> tuple[CallerRate, ...]:
    """What the firewall in front of a stage counts, in the order of its rules."""
    arn = stage.outputs.get("arn")
    names = {
        row.inputs.get("webAclArn") for row in ledger.of_type(ASSOCIATION) if arn and row.inputs["resourceArn"] == arn
    }
    rules = [rule for acl in ledger.of_type(WEB_ACL) if acl.outputs.get("arn") in names for rule in acl.inputs["rules"]]
    found = [_rate(rule) for rule in sorted(rules, key=lambda rule: int(rule["priority"]))]
    return tuple(rate for rate in found if rate is not None)


def _rate(rule: Mapping[str, Any]) -> CallerRate | None:
    """None for a rule of another kind: of several keys at once, of transformed values, or one that blocks."""
    counted = rule["statement"].get("rateBasedStatement") or {}
    marking = ((rule.get("action") or {}).get("count") or {}).get("customRequestHandling") or {}
    keys = counted.get("customKeys") or []
    header = keys[0].get("header") if len(keys) == 1 else None
    if not header or not marking or any(row["type"] != "NONE" for row in header["textTransformations"]):
        return None
    marks = [(f"{INSERTED}{row['name']}".lower(), str(row["value"])) for row in marking["insertHeaders"]]
    return CallerRate(
        str(header["name"]).lower().encode("latin-1"),
        int(counted["limit"]),
        int(counted.get("evaluationWindowSec") or 300),
        tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in marks),
    )
