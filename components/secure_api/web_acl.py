"""WebAcl: the firewall in front of the API, and its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, ResourceOptions
from pulumi_aws import cloudwatch, wafv2

from components.values import RETENTION_DAYS, Alarm, Metric, Widget

MANAGED: Final = {
    "AWSManagedRulesAmazonIpReputationList": (),
    # Bodies above 8 KB are ordinary here: they are counted; the gateway and the functions limit the size themselves.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesSQLiRuleSet": (),
}
"""Managed group → rules of it that only count. The common set holds the cross-site scripting rules."""

_WINDOW_S: Final = 300


class WebAclArgs(TypedDict):
    """What a firewall needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names."""
    resource_arn: Input[str]
    """Stage that is protected."""
    key_arn: Input[str]
    """KMS key of the log."""
    requests_per_address: NotRequired[int]
    """Requests of one address in five minutes; 2,000 by default."""
    countries: NotRequired[Sequence[str]]
    """ISO codes of the countries that may call; all by default."""
    log_days: NotRequired[int]
    """How long the log is kept; 30 by default."""


class WebAcl(pulumi.ComponentResource):
    """Blocks floods, other countries and known attacks; logs what it blocks or counts, without credentials."""

    acl: wafv2.WebAcl
    """The web ACL."""
    log_group: cloudwatch.LogGroup
    """Its name begins as WAF demands: `aws-waf-logs-`."""

    def __init__(self, name: str, args: WebAclArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:WebAcl", name, {}, opts)
        _validate(name, args)
        self._acl_name = f"{args['name_prefix']}-api"
        child = ResourceOptions(parent=self)
        rows = rules(args.get("requests_per_address", 2000), args.get("countries", []))
        self.acl = wafv2.WebAcl(
            f"{name}-acl",
            name=self._acl_name,
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=rows,
            visibility_config=_visibility(self._acl_name),
            opts=child,
        )
        self.log_group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"aws-waf-logs-{self._acl_name}",
            kms_key_id=args["key_arn"],
            retention_in_days=args.get("log_days", 30),
            opts=child,
        )
        wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            resource_arn=self.acl.arn,
            log_destination_configs=[self.log_group.arn],
            redacted_fields=[
                {"single_header": {"name": header}} for header in ("authorization", "cookie", "x-api-key")
            ],
            logging_filter={
                "default_behavior": "DROP",
                "filters": [
                    {
                        "behavior": "KEEP",
                        "requirement": "MEETS_ANY",
                        "conditions": [{"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")],
                    }
                ],
            },
            opts=child,
        )
        wafv2.WebAclAssociation(
            f"{name}-association", resource_arn=args["resource_arn"], web_acl_arn=self.acl.arn, opts=child
        )
        self.register_outputs({"arn": self.acl.arn})

    def blocked(self) -> Metric:
        """Requests that any rule blocked."""
        return Metric(
            namespace="AWS/WAFV2",
            name="BlockedRequests",
            dimensions={
                "WebACL": self._acl_name,
                "Region": self.acl.arn.apply(lambda arn: arn.split(":")[3]),
                "Rule": "ALL",
            },
            period_s=300,
            label="blocked",
        )

    def alarms(self) -> list[Alarm]:
        """A burst of blocked requests is an attack, or a rule that hits users."""
        return [
            Alarm(
                name="api-blocked",
                metric=self.blocked(),
                threshold=1000,
                description="the firewall blocks more than a thousand requests in five minutes",
                runbook="api-blocked",
            )
        ]

    def widgets(self) -> list[Widget]:
        """Blocked requests."""
        return [Widget(title="Firewall", section="API", metrics=[self.blocked()], y_label="requests in 5 minutes")]


def rules(requests_per_address: int, countries: Sequence[str]) -> list[Any]:
    """The rules in the order in which they are asked; cheap ones first."""
    found: list[dict[str, Any]] = []
    if countries:
        elsewhere = {"not_statement": {"statements": [{"geo_match_statement": {"country_codes": sorted(countries)}}]}}
        found.append({"name": "countries", "action": {"block": {}}, "statement": elsewhere})
    rate = {
        "limit": requests_per_address,
        "aggregate_key_type": "IP",
        "evaluation_window_sec": _WINDOW_S,
    }
    found.append({"name": "rate", "action": {"block": {}}, "statement": {"rate_based_statement": rate}})
    for group, counted in MANAGED.items():
        managed: dict[str, Any] = {"name": group, "vendor_name": "AWS"}
        if counted:
            managed["rule_action_overrides"] = [{"name": rule, "action_to_use": {"count": {}}} for rule in counted]
        found.append(
            {"name": group, "override_action": {"none": {}}, "statement": {"managed_rule_group_statement": managed}}
        )
    return [
        {**row, "priority": number, "visibility_config": _visibility(row["name"])} for number, row in enumerate(found)
    ]


def _visibility(name: str) -> Any:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}


def _validate(name: str, args: WebAclArgs) -> None:
    problems = []
    rate = args.get("requests_per_address", 2000)
    if not 10 <= rate <= 2_000_000_000:
        problems.append(f"requests_per_address is {rate}; allowed: 10 to 2000000000")
    countries = args.get("countries", [])
    wrong = [country for country in countries if not re.fullmatch("[A-Z]{2}", country)]
    if wrong:
        problems.append(f"countries holds {wrong}; allowed: ISO codes of two capital letters such as US")
    if args.get("log_days", 30) not in RETENTION_DAYS:
        problems.append(f"log_days is {args.get('log_days')}; allowed: {', '.join(map(str, RETENTION_DAYS))}")
    if problems:
        raise ValueError(f"WebAcl {name!r}: " + "; ".join(problems))
