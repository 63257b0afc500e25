"""Rules that are broken on purpose for a while: which rule, which resource, why, until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

LEAST_REASON = 20
"""Characters; a shorter reason does not say why."""


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """One rule that need not hold for some resources until a day."""

    rule: str
    """Id of the rule."""
    resource: str
    """Name of the resource in the program; `*` stands for any characters."""
    reason: str
    """Why this is tolerable and what will end it."""
    until: date
    """Last day on which it is in force."""
    stacks: tuple[str, ...] = ()
    """Stacks in which it holds, and in each of which it has to match something; empty for all."""

    def covers(self, rule: str, urn: str, name: str) -> bool:
        """True where it is about this rule and resource, in force or not."""
        return (
            self.rule == rule and fnmatchcase(name, self.resource) and (not self.stacks or stack_of(urn) in self.stacks)
        )

    def in_force(self, today: date) -> bool:
        """True up to its last day."""
        return today <= self.until


def stack_of(urn: str) -> str:
    """The stack's name in a URN, empty where it has none."""
    parts = urn.split("::", maxsplit=1)[0].split(":")
    return parts[2] if len(parts) > 2 and parts[:2] == ["urn", "pulumi"] else ""


def problems(exemptions: Iterable[Exemption], rules: Collection[str]) -> list[str]:
    """Everything that is wrong with the rows themselves, each with field, value and what is allowed."""
    found = []
    for number, row in enumerate(exemptions):
        place = f"exemption {number + 1} (rule {row.rule!r})"
        if row.rule not in rules:
            found.append(f"{place}: rule is {row.rule!r}; allowed: an id of policies.RULES")
        if not row.resource.strip("*"):
            found.append(f"{place}: resource is {row.resource!r}; name a resource, or part of its name")
        if len(row.reason.strip()) < LEAST_REASON:
            found.append(
                f"{place}: reason is {row.reason!r}; say in {LEAST_REASON} characters or more why it is tolerable"
            )
    return found


EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption(
        rule="secret-rotated",
        resource="site-mark-secret",
        reason="the mark opens nothing: whoever learns it is spared the rate limit by address and nothing else; a new "
        "one is made by replacing the secret, which changes CloudFront and the firewall in one update",
        until=date(2027, 11, 30),
    ),
    Exemption(
        rule="cloudfront-own-certificate",
        resource="site-distribution",
        reason="no domain is configured for this stack, so there is no name to hold a certificate for; site.domain "
        "with site.zoneId brings one, and TLS 1.2 as the least",
        until=date(2027, 11, 30),
    ),
    Exemption(
        rule="cognito-threat-protection",
        resource="*api-identity-pool",
        reason="the Plus tier charges every active user, 200 USD a month for ten thousand, seven times what the budget "
        "gives to sign-in; throttles and the firewall slow guessing down, and api.threatProtection turns it on",
        until=date(2027, 11, 30),
    ),
    *(
        Exemption(
            rule=rule,
            resource="*api-logs-rights",
            reason="API Gateway refuses the account's role for logs unless it may write every log group "
            "(AmazonAPIGatewayPushToCloudWatchLogs); only the gateway itself can assume it",
            until=date(2027, 11, 30),
        )
        for rule in ("iam-resources-named", "policy-wildcards-explained")
    ),
    *(
        Exemption(
            rule=rule,
            resource=resource,
            reason="the second region waits with one instance, which is what makes it affordable: scaling adds more "
            "within minutes of the first requests, and recovery.active gives it the first region's number",
            until=date(2027, 11, 30),
            stacks=("prod",),
        )
        for rule, resource in (
            ("sagemaker-several-instances", "standby-endpoint-configuration"),
            ("sagemaker-scaling-keeps-two", "standby-endpoint-instances"),
        )
    ),
)
"""What is tolerated now, and until when."""
