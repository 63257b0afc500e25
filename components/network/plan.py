"""Addresses, rules and documents of the network, as plain values."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pulumi import Input, Output

from components.values import Statement, policy_json

LETTERS: Final = "abcdef"
"""What the names of availability zones end with."""
HTTPS: Final = 443
REDIS: Final = 6379
POSTGRESQL: Final = 5432


INTERFACE_SERVICES: Final = (
    *("cognito-idp", "ecr.api", "ecr.dkr", "elasticache", "kms", "logs", "monitoring", "sagemaker.api"),
    *("sagemaker.runtime", "secretsmanager", "sns", "states", "sts", "xray"),
)
"""AWS services that private subnets can be given an interface endpoint for."""

NEEDED_SERVICES: Final = ("cognito-idp", "elasticache", "sagemaker.runtime", "secretsmanager")
"""What the functions inside the network call: without a NAT gateway each needs an interface endpoint."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The ranges of one zone."""

    private: str
    public: str
    data: str


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may open a connection to whom: both ends become a rule, by group and never by address."""

    source: str
    target: str
    port: int
    why: str


GROUPS: Final = {
    "functions": "functions that use the cache",
    "jobs": "training jobs and model containers",
    "cache": "the prediction cache",
    "proxy": "the proxy in front of the database",
    "database": "the database",
    "endpoints": "interface endpoints of AWS services",
}
"""Security groups and what they are for."""

RULES: Final = (
    Rule(source="functions", target="cache", port=REDIS, why="predictions are cached"),
    Rule(source="functions", target="proxy", port=POSTGRESQL, why="functions ask the database"),
    Rule(source="proxy", target="database", port=POSTGRESQL, why="the proxy lends its connections"),
    Rule(source="functions", target="endpoints", port=HTTPS, why="functions call AWS"),
)
"""Every connection inside the network; what has no row is closed."""

GATEWAY_SERVICES: Final = ("s3", "dynamodb")
"""AWS services that are reached by a route, at no charge."""

OUTWARD: Final = {"functions": ("s3", "dynamodb", "nat"), "jobs": ("s3",)}
"""Ways out of the network by group; jobs and models are isolated, and SageMaker reads and writes S3 for them."""


def addresses(cidr: str, zone: str) -> Addresses:
    """The ranges of a zone such as `us-east-1a`; by its letter, so that adding a zone moves no other one.

    Private and public subnets have a sixteenth of the whole each; data subnets, which hold few addresses, half of that.
    """
    parts = list(ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=4))
    place = LETTERS.index(zone[-1])
    halves = [half for part in (parts[6], parts[7], parts[14]) for half in part.subnets(prefixlen_diff=1)]
    return Addresses(private=str(parts[place]), public=str(parts[place + 8]), data=str(halves[place]))


def endpoint_policy(service: str, account_id: Input[str]) -> Output[str]:
    """What may pass an endpoint: callers and resources of this account, so that it is no way out for data."""
    condition: dict[str, Input[list[Input[str]]]] = {"aws:PrincipalAccount": [account_id]}
    if service in {"dynamodb", "s3"}:
        condition["aws:ResourceAccount"] = [account_id]
    if service == "cognito-idp":
        # Signing keys of a pool are fetched without credentials, so there is no caller to name.
        condition = {"aws:ResourceAccount": [account_id]}
    action = {"ecr.api": "ecr", "ecr.dkr": "ecr", "monitoring": "cloudwatch"}.get(service, service.partition(".")[0])
    statement: Statement = {
        "Sid": "ThisAccountOnly",
        "Effect": "Allow",
        "Principal": "*",
        "Action": [f"{action}:*"],
        "Resource": ["*"],
        "Condition": {"StringEquals": condition},
    }
    return policy_json([statement])


def problems(
    region: str, cidr: str, zones: Mapping[str, Sequence[str]], nat: str, services: Sequence[str]
) -> list[str]:
    """Every argument that cannot work, with what is allowed."""
    found = []
    try:
        block = ipaddress.IPv4Network(cidr)
    except ValueError:
        found.append(f"cidr is {cidr!r}; allowed: an IPv4 range such as 10.0.0.0/16")
    else:
        if not 16 <= block.prefixlen <= 22:
            found.append(f"cidr is {cidr!r}; allowed: /16 to /22")
    allowed = [f"{region}{letter}" for letter in LETTERS]
    found += [
        f"{field} is {list(names)}; allowed: one to {len(LETTERS)} of {', '.join(allowed)}, each once"
        for field, names in zones.items()
        if not names or len(set(names)) != len(names) or not set(names) <= set(allowed)
    ]
    if nat not in {"none", "single", "perAz"}:
        found.append(f"nat is {nat!r}; allowed: none, single, perAz")
    unknown = [service for service in services if service not in INTERFACE_SERVICES]
    if unknown:
        found.append(f"interface_services has {unknown}; allowed: {', '.join(INTERFACE_SERVICES)}")
    return found
