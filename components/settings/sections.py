"""Every setting of a stack, with its default and what is allowed; in a stack's file the names are camelCase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from components.ml_endpoint import Hosting
from components.network.plan import INTERFACE_SERVICES, NEEDED_SERVICES
from components.settings.database import Database
from components.settings.doors import DOMAIN, ZONE, LoadBalancer, Site
from components.settings.governance import Audit, Spending
from components.settings.governance.watch import Watch
from components.settings.identity import Identity
from components.settings.insights import Insights
from components.settings.reading import matching, one_of, ranged
from components.settings.recovery import Recovery

_SAGEMAKER_TYPE = r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+"
_WINDOW_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where functions, cache and instances run."""

    cidr: str = "10.0.0.0/16"
    """Private IPv4 range, /16 to /22."""
    zones: tuple[str, ...] = matching(("a",), "[a-f]", "letters of zones, each once, such as [a, b]")
    """Availability zones by letter, one private subnet each; named, so that none is replaced when AWS adds one.

    A letter is another zone in each account, and some zones lack services: `aws ec2 describe-availability-zones` tells
    the ids by letter, `aws ec2 describe-vpc-endpoint-services` the zones of each endpoint.
    """
    second_zone: str = matching("b", "[a-f]", "the letter of a zone such as b")
    """Zone that a database may use too where `zones` has only one: AWS makes none with subnets in a single zone."""
    nat: Literal["none", "single", "perAz"] = "none"
    """NAT gateways: none (endpoints only), one for all, or one a zone."""
    interface_endpoints: tuple[str, ...] = one_of(NEEDED_SERVICES, *INTERFACE_SERVICES)
    """Services that are reached inside the network."""

    @property
    def data_zones(self) -> tuple[str, ...]:
        """Letters of the zones with a subnet for databases: two at least."""
        return self.zones if len(self.zones) > 1 else (*self.zones, self.second_zone)


@dataclass(frozen=True, kw_only=True)
class Data:
    """Buckets, tables and keys."""

    protect: bool = True
    """Whether anything that holds data refuses to be deleted, and is snapshotted first where that exists."""
    infrequent_access_days: int = ranged(30, 30, 3650)
    """When processed data moves to Infrequent Access."""
    glacier_days: int = ranged(90, 1, 3650)
    """When raw data moves to Glacier."""
    log_days: int = ranged(30, 30, 180)
    """When objects of the logs bucket are deleted."""
    old_version_days: int = ranged(30, 1, 3650)
    """How long overwritten and deleted objects stay."""
    recovery_days: int = ranged(35, 1, 35)
    """How far back a table can be restored."""
    lock_days: int = ranged(0, 0, 36_500)
    """How long nobody can delete a version of a raw file; 0 locks nothing. Only a new stack can begin with it."""
    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = "GOVERNANCE"
    """Whether whoever holds a special right can lift a lock, or nobody."""
    accelerator_nodes: int = ranged(0, 0, 11)
    """Nodes of a DAX cluster in front of the tables, for callers whose client speaks its protocol; 0 makes none."""
    accelerator_node_type: str = matching(
        "dax.t3.small", r"dax\.[a-z][a-z0-9]*\.[a-z0-9]+", "a node type such as dax.t3.small"
    )
    """Size of such a node."""
    key_deletion_days: int = ranged(30, 7, 30)
    """How long a key scheduled for deletion can be rescued."""


@dataclass(frozen=True, kw_only=True)
class Cache:
    """The prediction cache."""

    node_type: str = matching("cache.t4g.micro", r"cache\.[a-z0-9]+\.[a-z0-9]+", "a node type such as cache.t4g.micro")
    """Size of a node."""
    nodes: int = ranged(1, 1, 6)
    """One primary and its replicas."""
    multi_az: bool = False
    """Whether a replica in another zone takes over by itself; needs two nodes and two zones."""
    snapshot_days: int = ranged(1, 0, 35)
    """How long daily snapshots are kept; 0 makes none."""
    maintenance_window: str = matching(
        "sun:05:00-sun:06:00",
        f"{_WINDOW_DAY}:{_CLOCK}-{_WINDOW_DAY}:{_CLOCK}",
        "a week's window in UTC such as sun:05:00-sun:06:00",
    )
    """When AWS may patch nodes."""
    snapshot_window: str = matching("03:00-04:00", f"{_CLOCK}-{_CLOCK}", "a day's window in UTC such as 03:00-04:00")
    """When the daily snapshot is taken."""


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """How long secrets live."""

    rotation_days: int = ranged(30, 1, 30)
    """How often each secret gets a new value."""
    recovery_days: int = ranged(30, 7, 30)
    """How long a deleted secret can be restored."""
    signing_overlap_days: int = ranged(7, 1, 30)
    """How long a signing key goes on to count after the next one has come."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How models are trained and judged."""

    schedule: str = matching(
        "cron(0 3 1 * ? *)",
        r"(cron\(\S+( \S+){5}\)|rate\([1-9]\d* (minute|minutes|hour|hours|day|days)\))",
        "cron(minutes hours day month weekday year) or rate(7 days)",
    )
    """When the newest data is trained by itself; monthly by default."""
    target_column: str = matching("target", r"[A-Za-z_][A-Za-z0-9_]{0,62}", "a column name of letters, digits and _")
    """Column that is predicted."""
    metric: Literal["accuracy", "precision", "recall", "f1", "roc_auc"] = "f1"
    """Figure that chooses a model and decides whether it may replace the live one."""
    threshold: float = ranged(0.7, 0, 1)
    """What that figure must reach."""
    algorithms: tuple[str, ...] = one_of(
        ("logistic_regression", "random_forest", "xgboost"), "logistic_regression", "random_forest", "xgboost"
    )
    """Algorithms that compete in each training."""
    processing_instance_type: str = matching("ml.m5.large", _SAGEMAKER_TYPE, "a SageMaker type such as ml.m5.large")
    """Instance that splits data and evaluates."""
    training_instance_type: str = matching("ml.m5.xlarge", _SAGEMAKER_TYPE, "a SageMaker type such as ml.m5.xlarge")
    """Instance that trains."""
    spot: bool = True
    """Whether trainings run on spare capacity, with checkpoints."""
    max_runtime_s: int = ranged(3600, 60, 432_000)
    """Longest training."""
    max_wait_s: int = ranged(7200, 60, 432_000)
    """Longest wait for spare capacity and training together."""
    max_size_mb: int = ranged(1024, 1, 102_400)
    """Largest data file."""
    private_jobs: bool = True
    """Whether jobs run in the private subnets; they have no network of their own in both cases."""
    automatic_approval: bool = False
    """Whether a model that passes goes live without a person."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """How many rows at once are answered, and how their callers hear of the end."""

    endpoint_rows: int = ranged(1000, 0, 10_000)
    """Batches of at most so many rows are answered by the endpoint; larger ones by a transform, a job of their own."""
    most_transforms: int = ranged(10, 1, 100)
    """Transforms at once; the others wait. The account's quota for the instance type must allow them."""
    instance_type: str = matching("ml.m5.xlarge", _SAGEMAKER_TYPE, "a SageMaker type such as ml.m5.xlarge")
    """Instance of a transform."""
    workers: int = ranged(5, 2, 1000)
    """Batches that are worked on at once; the endpoint bears so many more calls at once."""
    callback_tries: int = ranged(8, 1, 10)
    """How often a caller's address is tried, with waits that double from 30 s on."""
    largest_body_kb: int = ranged(3072, 16, 5120)
    """Largest body of a request for a batch, in place of `api.largestBodyKb`."""
    keep_days: int = ranged(30, 1, 3650)
    """How long a batch and its files are kept."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """The public door."""

    requests_per_second: int = ranged(1000, 1, 10_000)
    """Throttle of the stage, and of each API key."""
    burst: int = ranged(2000, 1, 5_000)
    """Requests at once above that rate."""
    requests_per_address: int = ranged(2000, 10, 2_000_000_000)
    """Requests of one address in five minutes before the firewall blocks it."""
    countries: tuple[str, ...] = matching((), "[A-Z]{2}", "ISO country codes, each once, such as [US, CA]")
    """Countries that may call; all when empty."""
    requests_per_user: int = ranged(1000, 0, 10_000)
    """Requests a second of one person, with however many tokens: of predictions and figures together, and of all other
    signed-in routes together; 0 counts nobody."""
    burst_per_user: int = ranged(2000, 1, 100_000)
    """How many requests of one person at once."""
    largest_body_kb: int = ranged(1024, 16, 5120)
    """Largest body that a route takes; the gateway takes 10 MB, and a function 6 MB with all around it."""
    compress_bytes: int = ranged(1024, 0, 10_485_760)
    """Answers of this size and above are compressed for callers who ask for it."""
    cors_origins: tuple[str, ...] = matching(
        (), r"\*|https?://[a-z0-9.-]+(:\d+)?", "* alone, or origins, each once, such as [https://app.example.org]"
    )
    """Whose pages may call and read answers, beside those of the API's own address, where the site is. When empty that
    of `site.domain`, where there is one. With several, all pages can read errors of the gateway itself: fixed words
    that are nobody's."""
    partners: tuple[str, ...] = matching((), "[a-z0-9]+(-[a-z0-9]+)*", "names of lower-case letters, digits and dashes")
    """Third parties, an API key each; with any of them, signed-in routes want a key of everybody."""
    mfa: Literal["OFF", "OPTIONAL", "ON"] = "OPTIONAL"
    """Whether users have a second factor."""
    sms: bool = False
    """Whether it may come by text message."""
    threat_protection: Literal["OFF", "AUDIT", "ENFORCED"] = "OFF"
    """Cognito's watch for risky sign-ins. Other than OFF it takes the Plus tier, which charges every active user from
    the first on; without it ten thousand users a month are free."""
    domain: str | None = matching(None, DOMAIN, "a name such as api.example.org")
    """Name that callers use in place of API Gateway's own; with a second region it leads to whichever answers."""
    zone_id: str | None = matching(None, ZONE, "the id of a hosted zone such as Z0123456789ABCDEFGHIJ")
    """Hosted zone of Route 53 that answers for the domain."""
    account_logging: bool = True
    """Whether this stack gives API Gateway its role for logs: one stack for each account and region."""


@dataclass(frozen=True, kw_only=True)
class Functions:
    """Sizes of the functions."""

    memory_mb: int = ranged(512, 512, 3008)
    """Memory of each function but the one that predicts."""
    predictions_memory_mb: int = ranged(1024, 512, 3008)
    """Memory of the function that predicts; processor time grows with it."""
    predictions_concurrency: int | None = ranged(None, 1, 1000)
    """Instances reserved for predictions; without it they share the account's."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of one stack."""

    region: str
    """From `aws:region`."""
    network: Network = Network()
    data: Data = Data()
    cache: Cache = Cache()
    database: Database = field(default_factory=Database)
    secrets: Secrets = Secrets()
    endpoint: Hosting = field(default_factory=Hosting)
    training: Training = Training()
    batch: Batch = Batch()
    api: Api = Api()
    identity: Identity = field(default_factory=Identity)
    insights: Insights = field(default_factory=Insights)
    site: Site = field(default_factory=Site)
    load_balancer: LoadBalancer = field(default_factory=LoadBalancer)
    functions: Functions = Functions()
    observability: Watch = field(default_factory=Watch)
    budget: Spending = field(default_factory=Spending)
    audit: Audit = field(default_factory=Audit)
    recovery: Recovery | None = None
    """The second region; there is none without it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of everything, beside Project, Environment and ManagedBy."""
    artifacts: str = "dist"
    """Folder that `make package` built; tests give another one."""

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Whose pages may read the API's answers."""
        return self.api.cors_origins or (() if self.site.domain is None else (f"https://{self.site.domain}",))

    def standby(self) -> Settings | None:
        """The settings of the second region: this stack's, moved and made smaller while it waits."""
        recovery = self.recovery
        if recovery is None:
            return None
        network = replace(self.network, zones=recovery.zones, cidr=recovery.cidr)
        moved = replace(self, region=recovery.region, network=network)
        if recovery.active:
            return moved
        nodes, fewest = recovery.cache_nodes, min(recovery.instances, self.endpoint.max_instances)
        return replace(
            moved,
            cache=replace(
                self.cache,
                node_type=recovery.cache_node_type,
                nodes=nodes,
                multi_az=self.cache.multi_az and nodes > 1 and len(recovery.zones) > 1,
            ),
            endpoint=replace(self.endpoint, min_instances=fewest),
            functions=replace(self.functions, predictions_concurrency=recovery.predictions_concurrency),
        )
