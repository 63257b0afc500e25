"""Settings of what records and watches the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from components.settings.reading import one_of, ranged

Owner = Literal["own", "elsewhere"]


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an account has once, or once a region: this stack's own, or declared elsewhere."""

    trail: Owner = "elsewhere"
    """CloudTrail: every call in every region, and every read and write of the lake's objects."""
    searchable: bool = True
    """Whether CloudWatch Logs gets what the trail records."""
    calls: bool = True
    """Whether alarms tell of calls that CIS names: root, sign-ins without a second factor, refusals, changes of rights,
    keys, networks and of the audit itself; counted in what is searchable of the trail."""
    keep_days: int = ranged(400, 90, 3653)
    """How long its records are kept."""
    recorder: Owner = "elsewhere"
    """AWS Config with its rules, delivered to the trail's archive."""
    threats: Owner = "elsewhere"
    """GuardDuty."""
    access: Owner = "elsewhere"
    """Access Analyzer."""
    standards: tuple[str, ...] = one_of((), "fsbp", "cis")
    """Standards of Security Hub: AWS's own and the benchmark of CIS; they need the recorder."""
    findings: bool = True
    """Whether the topics of alarms hear what GuardDuty, Security Hub and Access Analyzer find in the account, and which
    rules of AWS Config are broken, whoever owns those; of stacks that share an account and a region, one is enough."""
    hipaa: bool = False
    """Whether everything has the tag `Compliance: HIPAA`, which policies hold to services that are eligible."""

    @property
    def tags(self) -> dict[str, str]:
        """Tags that say what a resource is held to."""
        return {"Compliance": "HIPAA"} if self.hipaa else {}
