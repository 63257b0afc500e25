"""What a secure API is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

from pulumi import Input, Output

from components.insights import InsightsArgs
from components.ml_batches.args import BatchDoor
from components.secure_api.closures import Closures
from components.secure_api.identity import IdentityArgs
from components.training_workflow.args import Cache
from components.values import RETENTION_DAYS, Statement

STAGE: Final = "api"
"""First part of every address; the version is part of each route."""
PERIODS_S: Final = (0, 60, 300, 900, 3600)
"""How long a stretch figures may be of; CloudWatch charges each figure of each stretch."""
ORIGIN: Final = r"\*|https?://[a-z0-9.-]+(:\d+)?"
"""Whose pages may read answers: everybody's, or those of one scheme, host and port."""


_RANGES: Final = {
    "burst_per_user": (1, 100_000),
    "compress_bytes": (0, 10_485_760),
    "largest_body_kb": (16, 5120),
    "requests_per_user": (0, 10_000),
}


class ApiKeyArns(TypedDict):
    """KMS keys by class of data."""

    data: Input[str]
    """Of the tables."""
    logs: Input[str]
    """Of log groups and function environments."""
    secrets: Input[str]
    """Of the cache's secret."""


class TrustedPool(TypedDict):
    """A user pool of another region whose access tokens count here too."""

    user_pool_id: Input[str]
    """Its id."""
    user_pool_arn: Input[str]
    """Its ARN, for the gateway."""
    client_id: Input[str]
    """App clients whose tokens count, with commas between."""


class DatabaseDoor(TypedDict):
    """How functions reach the relational database."""

    host: Input[str]
    """Address of its proxy."""
    port: Input[int]
    """Port of its proxy."""
    name: str
    """Name of the database."""
    user: str
    """Role that signs in."""
    statement: Statement
    """The right to sign in as it."""
    layer: Input[str]
    """ARN of the layer with the driver."""


class SecureApiArgs(TypedDict):
    """What a secure API needs; the rest has secure defaults."""

    name_prefix: str
    """Beginning of every physical name, such as `mlplatform-dev`."""
    environment: str
    """Name of the stack, as the health route tells it."""
    keys: ApiKeyArns
    """KMS keys."""
    models_table: Input[str]
    """Name of the table of models."""
    predictions_table: Input[str]
    """Name of the table of predictions."""
    users_table: Input[str]
    """Name of the table of users."""
    sessions_table: Input[str]
    """Name of the table of sessions, which tells the ended ones."""
    requests_table: Input[str]
    """Name of the table of answers to requests with an Idempotency-Key."""
    folders_bucket: Input[str]
    """Name of the bucket, encrypted by the key of data, in which each user has a folder."""
    cache: Cache
    """The prediction cache."""
    endpoint_name: str
    """Endpoint that answers predictions."""
    state_machine_arn: Input[str]
    """State machine that a training starts."""
    model_package_group: str
    """Name of the model package group that is listed and decided on."""
    insights: InsightsArgs
    """Engine and limits of the reading of feedback."""
    batches: BatchDoor
    """Record, files and queue of batches."""
    database: NotRequired[DatabaseDoor]
    """The relational database, which keeps records; without it the routes of data answer 404."""
    functions_directory: NotRequired[str]
    """Folder with an archive for each function; `dist/functions` by default."""
    layers: NotRequired[Sequence[Input[str]]]
    """Layers of the functions."""
    memory_mb: NotRequired[int]
    """Memory of each function but predictions; 512 by default."""
    predictions_memory_mb: NotRequired[int]
    """Memory of predictions, with which its processor time grows; 1,024 by default."""
    predictions_concurrency: NotRequired[int]
    """Instances reserved for predictions; shared with the account by default."""
    subnet_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Private subnets of the functions that talk to the cache: predictions and accounts."""
    security_group_ids: NotRequired[Input[Sequence[Input[str]]]]
    """Their security groups."""
    log_days: NotRequired[int]
    """How long logs are kept; 30 by default."""
    requests_per_second: NotRequired[int]
    """Throttle of the stage, and of each API key; 1,000 by default."""
    burst: NotRequired[int]
    """Requests at once above that rate; 2,000 by default."""
    requests_per_address: NotRequired[int]
    """Requests of one address in five minutes before the firewall blocks it; 2,000 by default."""
    countries: NotRequired[Sequence[str]]
    """ISO codes of the countries that may call; all by default."""
    cors_origins: NotRequired[Sequence[str]]
    """Whose pages may call and read answers, `*` for everybody's; by default those of the API's own address alone.
    With several, every page can read the gateway's own errors (docs/decisions/0030-callers.md)."""
    requests_per_user: NotRequired[int]
    """Requests a second of one person, however many tokens they have; 1,000 by default, 0 counts nobody. Counted in the
    cache for predictions and figures, in the table of requests for all other signed-in routes; the firewall counts
    each token over a minute beside that."""
    burst_per_user: NotRequired[int]
    """How many requests of one person at once; 2,000 by default."""
    largest_body_kb: NotRequired[int]
    """Largest body that a route takes; 1,024 by default, the gateway's own limit is 10 MB."""
    compress_bytes: NotRequired[int]
    """Answers of this size and above are compressed for callers who ask for it; 1,024 by default."""
    site_mark: NotRequired[Input[str]]
    """Mark of requests that the site's firewall has judged by address and country already; none by default."""
    partners: NotRequired[Sequence[str]]
    """Names of third parties; each gets an API key in the usage plan. Signed-in routes then want a key of everybody: a
    gateway cannot ask some callers for one and not others."""
    closures: NotRequired[Closures]
    """How accounts become known that are closed in another region; a stack of one region has none."""
    figures_period_s: NotRequired[int]
    """How long a stretch Prometheus is told figures of: 60, 300, 900 or 3,600 s; 0, the default, tells it nothing."""
    requests_per_day: NotRequired[int]
    """Quota of each API key; unlimited by default."""
    mfa: NotRequired[str]
    """Second factor of users: OFF, OPTIONAL (default) or ON."""
    sms: NotRequired[bool]
    """Whether it may come by text message too; false by default."""
    threat_protection: NotRequired[str]
    """Cognito's watch for risky sign-ins: OFF (default), AUDIT or ENFORCED; other than OFF each user is charged for."""
    email_domains: NotRequired[Sequence[str]]
    """Domains whose addresses may sign up; all by default."""
    auto_confirm: NotRequired[bool]
    """Whether an account counts without a proof of its address; false by default."""
    domain: NotRequired[str]
    """Prefix of the user pool's domain, where programs get tokens; none by default. It closes PrivateLink to the pool,
    so functions in the network need a NAT gateway then."""
    programs: NotRequired[Mapping[str, Sequence[str]]]
    """Programs of third parties and the scopes each may have; each gets a client with a secret. Needs a domain."""
    guests: NotRequired[bool]
    """Whether anybody may read the public prefix of the folders' bucket; false by default."""
    other_pools: NotRequired[Sequence[TrustedPool]]
    """User pools of other regions whose tokens count here too, so that nobody has to sign in again after a failover."""
    protect: NotRequired[bool]
    """Whether the user pool refuses to be deleted; true by default."""
    objective: NotRequired[float]
    """Requests that are not to fail, in per cent of all; alarms tell when failures use up the rest too fast. 99.5 by
    default."""
    account_logging: NotRequired[bool]
    """Whether this stack gives API Gateway its role for logs, one for the account and region; true by default."""


def problems(args: SecureApiArgs) -> list[str]:
    """Everything that AWS would refuse, each with what is allowed."""
    found = _door_problems(args)
    if ("subnet_ids" in args) != ("security_group_ids" in args):
        found.append("subnet_ids and security_group_ids must be given together; give both or none")
    rate, burst = args.get("requests_per_second", 1000), args.get("burst", 2000)
    if not 1 <= rate <= 10_000:
        found.append(f"requests_per_second is {rate}; allowed: 1 to 10000, the account's own limit")
    if not 1 <= burst <= 5000:
        found.append(f"burst is {burst}; allowed: 1 to 5000, the account's own limit")
    partners = args.get("partners", [])
    wrong = [name for name in partners if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name)]
    if wrong or len(set(partners)) != len(partners):
        found.append(f"partners is {list(partners)}; allowed: different names of lower-case letters, digits and dashes")
    if "requests_per_day" in args and not partners:
        found.append("requests_per_day counts by API key; name partners or leave it out")
    if args.get("requests_per_day", 1) < 1:
        found.append(f"requests_per_day is {args.get('requests_per_day')}; allowed: 1 or more")
    if args.get("figures_period_s", 0) not in PERIODS_S:
        allowed = ", ".join(map(str, PERIODS_S))
        found.append(f"figures_period_s is {args.get('figures_period_s')}; allowed: {allowed}; 0 tells nothing")
    if args.get("log_days", 30) not in RETENTION_DAYS:
        found.append(f"log_days is {args.get('log_days')}; allowed: {', '.join(map(str, RETENTION_DAYS))}")
    return found


def _door_problems(args: SecureApiArgs) -> list[str]:
    origins = list(args.get("cors_origins", []))
    found = []
    if not all(re.fullmatch(ORIGIN, each) for each in origins) or ("*" in origins and len(origins) > 1):
        found.append(f"cors_origins is {origins}; allowed: * alone, or origins such as https://app.example.org")
    given: Mapping[str, Any] = dict(args)
    return found + [
        f"{key} is {given[key]}; allowed: {least} to {most}"
        for key, (least, most) in _RANGES.items()
        if key in given and not least <= given[key] <= most
    ]


def identity_args(args: SecureApiArgs) -> IdentityArgs:
    """What the user pool is told of it."""
    everything: Any = dict(args)
    account = Output.from_input(args["keys"]["data"]).apply(lambda arn: arn.split(":")[4])
    functions: Any = {
        "name_prefix": args["name_prefix"],
        "keys": args["keys"],
        "users_table": args["users_table"],
    }
    told = ("functions_directory", "layers", "memory_mb", "log_days")
    functions |= {key: everything[key] for key in told if key in everything}
    given: Any = {"name_prefix": args["name_prefix"], "account_id": account, "functions": functions}
    as_they_are = ("mfa", "sms", "threat_protection", "protect", "email_domains", "auto_confirm", "domain", "programs")
    given |= {key: everything[key] for key in as_they_are if key in everything}
    given["other_pool_ids"] = [row["user_pool_id"] for row in args.get("other_pools", [])]
    chosen: IdentityArgs = given
    return chosen
