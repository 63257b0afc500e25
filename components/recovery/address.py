"""Address: a name of our own for the API of one region, alone or as one of two that fail over to each other."""

from __future__ import annotations

from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi import Input, Output, ResourceOptions

from components.aws import apigateway, route53
from components.secure_api.web_acl import HEALTH_PATH
from components.site import Certificate, health
from components.values import Alarm, formatted

ROLES: Final = ("PRIMARY", "SECONDARY")


class AddressArgs(TypedDict):
    """What a name leads to."""

    domain: str
    """Name such as `ml.example.org`."""
    zone_id: Input[str]
    """Hosted zone of Route 53 that answers for it."""
    rest_api_id: Input[str]
    """REST API of this region."""
    stage_name: Input[str]
    """Its stage, which is the first part of every path, behind the name as behind the API's own host."""
    host: Input[str]
    """Host of the API itself, which the health check asks: the name may lead to the other region."""
    region: str
    """Region of the API."""
    role: NotRequired[str]
    """PRIMARY or SECONDARY where two regions share the name; without it the name leads here alone."""
    held: NotRequired[bool]
    """Whether the name leads to the other region however healthy this one is; false by default."""


class Address(pulumi.ComponentResource):
    """Certificate, regional domain (TLS 1.2), mapping and record; with a role also a health check every 10 seconds."""

    domain: apigateway.DomainName
    """The domain as this region's API Gateway has it."""
    check: route53.HealthCheck | None
    """Asks the region's API; None without a role."""
    url: Output[str]
    """To which `/ml/predict` is appended."""

    def __init__(self, name: str, args: AddressArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:index:Address", name, {}, opts)
        _validate(name, args)
        self._args = args
        child = ResourceOptions(parent=self)
        certificate = Certificate(
            f"{name}-certificate",
            # Both regions ask for the same name, which one record proves for both.
            {"domain": args["domain"], "zone_id": args["zone_id"], "key_algorithm": "RSA_2048"},
            child,
        )
        self.domain = apigateway.DomainName(
            f"{name}-domain",
            domain_name=args["domain"],
            regional_certificate_arn=certificate.arn,
            endpoint_configuration={"types": "REGIONAL"},
            security_policy="TLS_1_2",
            opts=child,
        )
        mapping = apigateway.BasePathMapping(
            f"{name}-mapping",
            rest_api=args["rest_api_id"],
            stage_name=args["stage_name"],
            base_path=args["stage_name"],
            domain_name=self.domain.domain_name,
            opts=child,
        )
        self.check = self._check(name) if "role" in args else None
        route53.Record(
            f"{name}-record",
            zone_id=args["zone_id"],
            name=args["domain"],
            type="A",
            aliases=[
                {
                    "name": self.domain.regional_domain_name,
                    "zone_id": self.domain.regional_zone_id,
                    "evaluate_target_health": False,
                }
            ],
            **self._routing(),
            # A name that leads to an API before the mapping stands answers 403.
            opts=ResourceOptions(parent=self, depends_on=[mapping]),
        )
        self.url = formatted("https://{0}/{1}/v1", args["domain"], args["stage_name"])
        self.register_outputs({"url": self.url})

    def alarms(self) -> list[Alarm]:
        """The region does not answer; heard in us-east-1 alone, where the figures are."""
        if self.check is None:
            return []
        region = self._args["region"]
        words = f"the API of {region} does not answer health checks"
        return [health.unhealthy(self.check, f"region-unhealthy-{region}", region, words, "fail-over-region")]

    def _check(self, name: str) -> route53.HealthCheck:
        return health.check(
            name,
            self._args["host"],
            formatted("/{0}{1}", self._args["stage_name"], HEALTH_PATH),
            ResourceOptions(parent=self),
            interval_s=health.OFTEN_S,
            held=self._args.get("held", False),
        )

    def _routing(self) -> dict[str, Any]:
        if self.check is None:
            return {}
        return {
            "set_identifier": self._args["region"],
            "failover_routing_policies": [{"type": self._args["role"]}],
            "health_check_id": self.check.id,
        }


def _validate(name: str, args: AddressArgs) -> None:
    problems = []
    if args.get("role", ROLES[0]) not in ROLES:
        problems.append(f"role is {args.get('role')!r}; allowed: {', '.join(ROLES)}, or leave it out; change it")
    if args.get("held", False) and "role" not in args:
        problems.append("held is True without a role; allowed: where two regions share the name; give role")
    if problems:
        raise ValueError(f"Address {name!r}: " + "; ".join(problems))
