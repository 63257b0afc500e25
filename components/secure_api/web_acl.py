"""WebAcl: the firewall in front of the API, the site or the load balancer, and its log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict, get_args

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import cloudwatch
from components.lean import Lean
from components.values import RETENTION_DAYS, Alarm, Metric, Widget
from functions.shared.headers import PACE, TOKEN_WINDOW_S

MANAGED: Final = {
    "AWSManagedRulesAmazonIpReputationList": (),
    # Bodies above 8 KB are ordinary here: they are counted; the gateway and the functions limit the size themselves.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesSQLiRuleSet": (),
}
"""Managed group → rules of it that only count. The common set holds the cross-site scripting rules."""

_WINDOW_S: Final = 300
_INSERTED: Final = "x-amzn-waf-"
"""What WAF puts before the name of each header that it inserts."""
_SHOWN: Final = {"api": "API", "site": "site", "balancer": "load balancer"}


Noun = Literal["api", "site", "balancer"]
MARK_HEADER: Final = "x-site-mark"
"""Header that holds the mark; lower case, as WAF compares it."""
HEALTH_PATH: Final = "/v1/health"
"""Route of the API that answers without a token, by which health checks see whether a region does."""


class WebAclArgs(TypedDict):
    """What a firewall needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of the names."""
    key_arn: Input[str]
    """KMS key of the log, in the firewall's region."""
    resource_arn: NotRequired[Input[str]]
    """Stage or load balancer that is protected; a distribution names its firewall itself, with scope CLOUDFRONT."""
    noun: NotRequired[Noun]
    """What is protected: api (the default), site or balancer; part of the names."""
    mark: NotRequired[Input[str]]
    """Value of the header by which requests are known that another firewall has judged by address and country; a rule
    holds for everybody without it."""
    requests_per_address: NotRequired[int]
    """Requests of one address in five minutes; 2,000 by default."""
    requests_per_caller: NotRequired[int]
    """Requests with one token in a minute; those above it reach the functions with a mark by which they are refused. 0,
    the default, counts nobody."""
    countries: NotRequired[Sequence[str]]
    """ISO codes of the countries that may call; all by default."""
    health_path: NotRequired[str]
    """Path that every country may ask for: Route 53's health checks come from six; none by default."""
    log_days: NotRequired[int]
    """How long the log is kept; 30 by default."""


class WebAcl(pulumi.ComponentResource):
    """Blocks floods, other countries and known attacks; logs what it blocks or counts, without credentials."""

    acl: Lean
    """The web ACL."""
    arn: Output[str]
    """Its ARN."""
    log_group: cloudwatch.LogGroup
    """Its name begins as WAF demands: `aws-waf-logs-`."""

    def __init__(self, name: str, args: WebAclArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:WebAcl", name, {}, opts)
        _validate(name, args)
        self._noun: Noun = args.get("noun", "api")
        self._acl_name = f"{args['name_prefix']}-{self._noun}"
        child = ResourceOptions(parent=self)
        rows = rules(
            args.get("requests_per_address", 2000),
            args.get("countries", []),
            args.get("mark"),
            args.get("requests_per_caller", 0),
            args.get("health_path"),
        )
        self.acl = Lean(
            "aws:wafv2/webAcl:WebAcl",
            f"{name}-acl",
            {
                "name": self._acl_name,
                # CloudFront takes firewalls of us-east-1 alone, so the provider must be that region's.
                "scope": "CLOUDFRONT" if self._noun == "site" else "REGIONAL",
                "default_action": {"allow": {}},
                "rules": rows,
                "visibility_config": _visibility(self._acl_name),
            },
            ["arn"],
            child,
        )
        self.arn = self.acl.out("arn")
        self.log_group = cloudwatch.LogGroup(
            f"{name}-log",
            name=f"aws-waf-logs-{self._acl_name}",
            kms_key_id=args["key_arn"],
            retention_in_days=args.get("log_days", 30),
            opts=child,
        )
        Lean(
            "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
            f"{name}-logging",
            {
                "resource_arn": self.arn,
                "log_destination_configs": [self.log_group.arn],
                "redacted_fields": [
                    {"single_header": {"name": header}}
                    for header in ("authorization", "cookie", "x-api-key", MARK_HEADER)
                ],
                "logging_filter": {
                    "default_behavior": "DROP",
                    "filters": [
                        {
                            "behavior": "KEEP",
                            "requirement": "MEETS_ANY",
                            "conditions": [{"action_condition": {"action": action}} for action in ("BLOCK", "COUNT")],
                        }
                    ],
                },
            },
            opts=child,
        )
        if "resource_arn" in args:
            Lean(
                "aws:wafv2/webAclAssociation:WebAclAssociation",
                f"{name}-association",
                {"resource_arn": args["resource_arn"], "web_acl_arn": self.arn},
                opts=child,
            )
        self.register_outputs({"arn": self.arn})

    def blocked(self) -> Metric:
        """Requests that any rule blocked."""
        # Figures of a firewall of CloudFront have no region.
        region = {} if self._noun == "site" else {"Region": self.arn.apply(lambda arn: arn.split(":")[3])}
        return Metric(
            namespace="AWS/WAFV2",
            name="BlockedRequests",
            dimensions={"WebACL": self._acl_name, "Rule": "ALL", **region},
            period_s=300,
            label="blocked",
        )

    def alarms(self) -> list[Alarm]:
        """A burst of blocked requests is an attack, or a rule that hits users."""
        return [
            Alarm(
                name=f"{self._noun}-blocked",
                metric=self.blocked(),
                threshold=1000,
                description=f"the firewall of the {_SHOWN[self._noun]} blocks over a thousand requests in five minutes",
                runbook="api-blocked",
            )
        ]

    def widgets(self) -> list[Widget]:
        """Blocked requests."""
        shown = _SHOWN[self._noun]
        title = "Firewall" if self._noun == "api" else f"Firewall of the {shown}"
        section = {"api": "API", "site": "Site", "balancer": "Load balancer"}[self._noun]
        return [Widget(title=title, section=section, metrics=[self.blocked()], y_label="requests in 5 minutes")]


def rules(
    requests_per_address: int,
    countries: Sequence[str],
    mark: Input[str] | None = None,
    requests_per_caller: int = 0,
    health_path: str | None = None,
) -> list[Any]:
    """The rules in the order in which they are asked; cheap ones first.

    With a mark, requests that carry it pass the rules about address and country: theirs are those of an edge.
    """
    found: list[dict[str, Any]] = []
    if countries:
        outside = [_not({"geo_match_statement": {"country_codes": sorted(countries)}})]
        if mark is not None:
            outside.append(_unmarked(mark))
        if health_path is not None:
            # A check that is turned away takes a region that is well for lost.
            outside.append(_differs({"uri_path": {}}, health_path))
        statement = outside[0] if len(outside) == 1 else {"and_statement": {"statements": outside}}
        found.append({"name": "countries", "action": {"block": {}}, "statement": statement})
    rate: dict[str, Any] = {
        "limit": requests_per_address,
        "aggregate_key_type": "IP",
        "evaluation_window_sec": _WINDOW_S,
    }
    if mark is not None:
        rate["scope_down_statement"] = _unmarked(mark)
    found.append({"name": "rate", "action": {"block": {}}, "statement": {"rate_based_statement": rate}})
    if requests_per_caller:
        found.append(_per_caller(requests_per_caller))
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


def _per_caller(requests: int) -> dict[str, Any]:
    """Marks what one token asks above its rate.

    Blocking would answer without envelope, request id and the headers that a page needs; a function has them all.
    """
    key = {"header": {"name": "authorization", "text_transformations": [{"priority": 0, "type": "NONE"}]}}
    counted = {"limit": requests, "aggregate_key_type": "CUSTOM_KEYS", "custom_keys": [key]}
    marked = {"name": PACE.removeprefix(_INSERTED), "value": "over"}
    return {
        "name": "pace",
        "action": {"count": {"custom_request_handling": {"insert_headers": [marked]}}},
        "statement": {"rate_based_statement": {**counted, "evaluation_window_sec": TOKEN_WINDOW_S}},
    }


def _unmarked(mark: Input[str]) -> dict[str, Any]:
    return _differs({"single_header": {"name": MARK_HEADER}}, mark)


def _differs(field: dict[str, Any], text: Input[str]) -> dict[str, Any]:
    same = {
        "field_to_match": field,
        "positional_constraint": "EXACTLY",
        "search_string": text,
        "text_transformations": [{"priority": 0, "type": "NONE"}],
    }
    return _not({"byte_match_statement": same})


def _not(statement: dict[str, Any]) -> dict[str, Any]:
    return {"not_statement": {"statements": [statement]}}


def _visibility(name: str) -> Any:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}


def _validate(name: str, args: WebAclArgs) -> None:
    problems = []
    if args.get("noun", "api") not in get_args(Noun):
        problems.append(f"noun is {args.get('noun')!r}; allowed: {', '.join(get_args(Noun))}")
    rate = args.get("requests_per_address", 2000)
    if not 10 <= rate <= 2_000_000_000:
        problems.append(f"requests_per_address is {rate}; allowed: 10 to 2000000000")
    caller = args.get("requests_per_caller", 0)
    if caller and not 10 <= caller <= 2_000_000_000:
        problems.append(f"requests_per_caller is {caller}; allowed: 0 for none, or 10 to 2000000000")
    countries = args.get("countries", [])
    wrong = [country for country in countries if not re.fullmatch("[A-Z]{2}", country)]
    if wrong:
        problems.append(f"countries holds {wrong}; allowed: ISO codes of two capital letters such as US")
    if args.get("log_days", 30) not in RETENTION_DAYS:
        problems.append(f"log_days is {args.get('log_days')}; allowed: {', '.join(map(str, RETENTION_DAYS))}")
    if problems:
        raise ValueError(f"WebAcl {name!r}: " + "; ".join(problems))
