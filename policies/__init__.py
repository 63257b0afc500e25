"""What may be deployed: rules over declared resources, their verdicts, and the pack for the official engine."""

from __future__ import annotations

from policies.engine import check
from policies.exemptions import EXEMPTIONS, Exemption
from policies.resources import Resource
from policies.rule import Rule
from policies.rules import RULES
from policies.verdict import Report, Verdict

__all__ = ["EXEMPTIONS", "RULES", "Exemption", "Report", "Resource", "Rule", "Verdict", "check"]
