"""The ground that everything else stands on, composed from a stack's settings: keys, network, data, cache, packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input, ResourceOptions

from components.cache import Cache, CacheArgs
from components.data_lake import DataLake
from components.data_lake.documents import LogService
from components.database import Database
from components.function import Layer
from components.keys import Keys, KeysArgs
from components.network import Network
from components.secrets import SecretReplica, SigningSecret, SigningSecretArgs
from components.secure_api import TrustedPool
from components.settings import Artifacts, Settings, digest
from components.tables import Replica, ReplicaRegion, TableAccelerator, TableName, Tables, TablesArgs


@dataclass(frozen=True, kw_only=True)
class Stack:
    """What every part of one stack in one region is composed from."""

    prefix: str
    """Beginning of physical names, such as `mlplatform-dev`."""
    settings: Settings
    """Its settings."""
    built: Artifacts
    """What `make package` built."""
    account_id: Input[str]
    """Account that it is deployed to."""
    tags: Mapping[str, str]
    """Tags of everything, also of what is made later outside of the program."""
    opts: ResourceOptions
    """Options of each component: the provider, and with it the region."""
    region: str
    """Region that it is deployed to."""
    label: str = ""
    """Beginning of this region's resource names in the program; empty for the first region."""
    site_mark: Input[str] | None = None
    """By what the API's firewall knows requests of the site; None without a site."""
    active: bool = True
    """Whether trainings start here: in one region of a stack, or both would train on the same data."""

    def named(self, noun: str) -> str:
        """Name of a component in the program, of its own in each region."""
        return f"{self.label}-{noun}" if self.label else noun


@dataclass(frozen=True, kw_only=True)
class Twin:
    """What a region's foundation takes from the other region's, or gives to it."""

    copies: Sequence[ReplicaRegion] = ()
    """Where each table gets a replica."""
    tables: Mapping[TableName, Replica] | None = None
    """Replicas of the first region's tables, in place of tables of its own."""
    secrets: Sequence[SecretReplica] = ()
    """Where each secret that both regions share gets a replica."""
    callbacks_arn: Input[str] | None = None
    """The first region's signing keys, in place of keys of its own."""
    cache_group_id: Input[str] | None = None
    """The global datastore of the first region's cache, which this region's follows."""
    pools: Sequence[TrustedPool] = ()
    """User pools of the other region: whoever is signed in there need not sign in again after a failover."""


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """The components that services are given names, addresses and rights from."""

    keys: Keys
    network: Network
    lake: DataLake
    tables: Tables
    accelerator: TableAccelerator | None
    """In front of the tables, where the settings ask for it."""
    cache: Cache
    callbacks: SigningSecret
    """Keys that messages to other systems are signed with."""
    layer: Layer
    database: Database | None
    """The relational database, where the settings ask for one."""
    database_layer: Layer
    """Packages of the functions that speak to it."""


def lock(stack: Stack, primary: Keys | None = None) -> Keys:
    """The keys of one region, before all else: what is replicated to a region is encrypted by its keys.

    With keys of the first region, those that can have replicas are replicas of them.
    """
    data = stack.settings.data
    args: KeysArgs = {
        "name_prefix": stack.prefix,
        "account_id": stack.account_id,
        "region": stack.region,
        "deletion_days": data.key_deletion_days,
        "protect": data.protect,
    }
    if primary is not None:
        args["replica_of"] = primary.multi_region_arns()
    elif stack.settings.recovery is not None:
        args["multi_region"] = True
    return Keys(stack.named("keys"), args, stack.opts)


def lay(stack: Stack, keys: Keys, twin: Twin) -> Foundation:
    """Declares the foundation of one stack in one region; another provider makes it in another one."""
    prefix, settings, account_id, opts = stack.prefix, stack.settings, stack.account_id, stack.opts
    data, log_days = settings.data, settings.observability.log_days
    network = Network(
        stack.named("network"),
        {
            "name_prefix": prefix,
            "account_id": account_id,
            "region": stack.region,
            "key_arn": keys.arn("logs"),
            "zones": [f"{stack.region}{letter}" for letter in settings.network.zones],
            "data_zones": [f"{stack.region}{letter}" for letter in settings.network.data_zones],
            "cidr": settings.network.cidr,
            "nat": settings.network.nat,
            "public": settings.load_balancer.scheme == "internet-facing",
            "interface_services": settings.network.interface_endpoints,
            "retention_days": log_days,
        },
        opts,
    )
    lake = DataLake(
        stack.named("lake"),
        {
            "name_prefix": prefix,
            "account_id": account_id,
            "data_key_arn": keys.arn("data"),
            "models_key_arn": keys.arn("models"),
            "logs_key_arn": keys.arn("logs"),
            "protect": data.protect,
            "infrequent_access_days": data.infrequent_access_days,
            "glacier_days": data.glacier_days,
            "log_days": data.log_days,
            "batch_days": settings.batch.keep_days,
            "old_version_days": data.old_version_days,
            "lock_days": data.lock_days,
            "lock_mode": data.lock_mode,
            "log_services": _log_services(settings),
        },
        opts,
    )
    tables = Tables(stack.named("tables"), _tables(stack, keys, twin), opts)
    accelerator = None
    if data.accelerator_nodes:
        accelerator = TableAccelerator(
            stack.named("accelerator"),
            {
                "name_prefix": prefix,
                "statements": tables.may_accelerate(),
                "subnet_ids": network.private_subnet_ids,
                "vpc_id": network.vpc.id,
                "caller_group_id": network.group_ids("functions")[0],
                "node_type": data.accelerator_node_type,
                "nodes": data.accelerator_nodes,
            },
            opts,
        )
    made_cache = Cache(stack.named("cache"), _cache(stack, keys, network, twin), opts)
    callbacks = SigningSecret(stack.named("callbacks"), _callbacks(stack, keys, twin), opts)
    layer = Layer(stack.named("packages"), {"layer_name": f"{prefix}-packages", "archive": stack.built.layer}, opts)
    database_layer = Layer(
        stack.named("database-packages"),
        {"layer_name": f"{prefix}-database-packages", "archive": stack.built.database_layer},
        opts,
    )
    return Foundation(
        keys=keys,
        network=network,
        lake=lake,
        tables=tables,
        accelerator=accelerator,
        cache=made_cache,
        callbacks=callbacks,
        layer=layer,
        database=relate(stack, keys, network, [layer, database_layer]) if settings.database.enabled else None,
        database_layer=database_layer,
    )


def relate(stack: Stack, keys: Keys, network: Network, layers: Sequence[Layer]) -> Database:
    """Declares the relational database of one region, with its schema."""
    chosen = stack.settings.database
    code = stack.built.function("migrations")
    return Database(
        stack.named("database"),
        {
            "name_prefix": stack.prefix,
            "account_id": stack.account_id,
            "region": stack.region,
            "keys": {"data": keys.arn("data"), "secrets": keys.arn("secrets"), "logs": keys.arn("logs")},
            "subnet_ids": network.data_subnet_ids,
            "cluster_group_ids": network.group_ids("database"),
            "proxy_group_ids": network.group_ids("proxy"),
            "function_subnet_ids": network.private_subnet_ids,
            "function_group_ids": network.group_ids("functions"),
            "migrations_code": code,
            "migrations_digest": digest(code),
            "layers": [layer.arn for layer in layers],
            "engine_version": chosen.engine_version,
            "min_capacity": chosen.min_capacity,
            "max_capacity": chosen.max_capacity,
            "replicas": chosen.replicas,
            "backup_days": chosen.backup_days,
            "retention_days": stack.settings.observability.log_days,
            "secret_recovery_days": stack.settings.secrets.recovery_days,
            "rotation_days": stack.settings.secrets.rotation_days,
            "memory_mb": stack.settings.functions.memory_mb,
            "waiting": not stack.active,
            "protect": stack.settings.data.protect,
        },
        stack.opts,
    )


def _cache(stack: Stack, keys: Keys, network: Network, twin: Twin) -> CacheArgs:
    settings, cache = stack.settings, stack.settings.cache
    args: CacheArgs = {
        "name_prefix": stack.prefix,
        "key_arn": keys.arn("data"),
        "secret_key_arn": keys.arn("secrets"),
        "log_key_arn": keys.arn("logs"),
        "subnet_ids": network.private_subnet_ids,
        "security_group_ids": network.group_ids("cache"),
        "nodes": cache.nodes,
        "multi_az": cache.multi_az,
        "snapshot_days": cache.snapshot_days,
        "snapshot_window": cache.snapshot_window,
        "maintenance_window": cache.maintenance_window,
        "retention_days": settings.observability.log_days,
        "secret_recovery_days": settings.secrets.recovery_days,
        "protect": settings.data.protect,
    }
    if twin.cache_group_id is None:
        args["node_type"] = cache.node_type
    else:
        args["global_group_id"] = twin.cache_group_id
    return args


def _callbacks(stack: Stack, keys: Keys, twin: Twin) -> SigningSecretArgs:
    args: SigningSecretArgs = {
        "purpose": f"callbacks of {stack.prefix}",
        "key_arn": keys.arn("secrets"),
        "recovery_days": stack.settings.secrets.recovery_days,
        "protect": stack.settings.data.protect,
    }
    if twin.callbacks_arn is not None:
        args["replica_of"], args["region"] = twin.callbacks_arn, stack.region
    elif twin.secrets:
        args["replicas"] = twin.secrets
    return args


def _tables(stack: Stack, keys: Keys, twin: Twin) -> TablesArgs:
    args: TablesArgs = {
        "name_prefix": stack.prefix,
        "key_arn": keys.arn("data"),
        "protect": stack.settings.data.protect,
        "recovery_days": stack.settings.data.recovery_days,
    }
    if twin.tables is not None:
        args["replica_of"] = twin.tables
    if twin.copies:
        args["replicas"] = twin.copies
    return args


def _log_services(settings: Settings) -> list[LogService]:
    """Whose access logs the logs bucket takes."""
    wanted: dict[LogService, bool] = {
        "audit": settings.audit.trail == "own",
        "cloudfront": settings.site.enabled,
        "load-balancer": settings.load_balancer.scheme != "none",
    }
    return [service for service, made in wanted.items() if made]
