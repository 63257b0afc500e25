"""What ties two regions of a stack together, composed from what both of them have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pulumi import Input

from components.data_lake import BucketName
from components.recovery import following
from components.recovery.backups import BackupPlace, Backups, BackupsArgs
from components.recovery.failures import BackupFailures, BackupFailuresArgs
from components.recovery.follower import Follower
from components.recovery.replication import BucketPair, Replication
from components.recovery.snapshots import Snapshots
from components.region import Region
from components.site import SiteBucket
from components.tables.plan import TABLES
from components.values import Alarm, Widget

REPLICATED: Final[tuple[BucketName, ...]] = ("raw", "processed", "models")
"""Buckets of the lake that are replicated whole, beside the site's; logs stay where they were written."""


@dataclass(frozen=True, kw_only=True)
class Ties:
    """What each region watches of the other one."""

    regions: tuple[Region, Region]
    """The first and the second region."""
    there: Replication
    """From the first region to the second."""
    back: Replication
    """From the second region to the first: what is written there while it carries the traffic."""

    followers: tuple[Follower, Follower]
    """What brings the live model to the first and to the second region, whichever it was made in."""

    backups: Backups
    """Of the first region's tables, with copies in the second."""
    failures: tuple[BackupFailures, BackupFailures]
    """Who hears of failed jobs in the first and in the second region."""

    snapshots: tuple[Snapshots | None, Snapshots | None]
    """What copies the database to the other region, from the one that carries the traffic; None without a database."""

    def first(self) -> tuple[list[Alarm], list[Widget]]:
        """Alarms and dashboard rows of the first region."""
        alarms, widgets = self._region(0, self.there, self.back)
        return [*alarms, *self.backups.alarms()], [*widgets, *self.backups.widgets()]

    def second(self) -> tuple[list[Alarm], list[Widget]]:
        """Alarms and dashboard rows of the second region."""
        return self._region(1, self.back, self.there)

    def _region(self, number: int, away: Replication, here: Replication) -> tuple[list[Alarm], list[Widget]]:
        follower, failures = self.followers[number], self.failures[number]
        tables, other = self.regions[number].ground.tables, self.regions[1 - number].stack.region
        alarms = [*away.source_alarms(), *here.target_alarms(), *following.alarms(tables, other)]
        alarms += [*follower.alarms(), *failures.alarms()]
        widgets = [*here.target_widgets(), *following.widgets(tables, other), *follower.widgets()]
        snapshots = self.snapshots[number]
        if snapshots is not None:
            alarms += snapshots.alarms()
            widgets += snapshots.widgets()
        return alarms, widgets


def tie(first: Region, second: Region, site: Sequence[SiteBucket] = ()) -> Ties:
    """Declares everything between the regions; `site` has the site's bucket in each of them, where there is one."""
    return Ties(
        regions=(first, second),
        there=_replicate(first, second, site),
        back=_replicate(second, first, [*reversed(site)]),
        followers=(_follow(first), _follow(second)),
        backups=_back_up(first, second),
        failures=(_hear(first), _hear(second)),
        snapshots=(_copy_database(first, second), _copy_database(second, first)),
    )


def _follow(region: Region) -> Follower:
    stack, ground, workflow = region.stack, region.ground, region.workflow
    keys, settings, triggers = ground.keys, stack.settings, region.workflow.triggers
    prefix = stack.prefix
    return Follower(
        stack.named("follower"),
        {
            "name_prefix": prefix,
            "keys": {
                "data": keys.arn("data"),
                "models": keys.arn("models"),
                "logs": keys.arn("logs"),
                "notifications": keys.arn("notifications"),
            },
            "models_table": ground.tables.table_name("models"),
            "models_stream_arn": ground.tables.stream_arn("models"),
            "models_bucket": ground.lake.bucket_name("models"),
            "endpoint_name": f"{prefix}-predict",
            "hosting": region.endpoint.hosting,
            "model_package_group": workflow.model_package_group,
            "triggers": {
                "rules": [f"{prefix}-upload", f"{prefix}-model-decision"],
                "schedule": f"{prefix}-training",
                "schedule_role_arn": triggers.calendar_role.arn,
            },
            "lost_events_arn": workflow.lost.queue.arn,
            "functions_directory": stack.built.functions,
            "layers": [ground.layer.arn],
            "memory_mb": settings.functions.memory_mb,
            "log_days": settings.observability.log_days,
            "tags": stack.tags,
        },
        stack.opts,
    )


def _copy_database(source: Region, target: Region) -> Snapshots | None:
    stack, ground, recovery = source.stack, source.ground, source.stack.settings.recovery
    if ground.database is None or recovery is None:
        return None
    return Snapshots(
        stack.named("snapshots"),
        {
            "name_prefix": stack.prefix,
            "account_id": stack.account_id,
            "region": stack.region,
            "other_region": target.stack.region,
            "cluster_identifier": ground.database.cluster.cluster_identifier,
            "keys": {
                "data": ground.keys.arn("data"),
                "copies": target.ground.keys.arn("data"),
                "logs": ground.keys.arn("logs"),
                "notifications": ground.keys.arn("notifications"),
            },
            "waiting": not stack.active,
            "every_min": recovery.database_copy_min,
            "functions_directory": stack.built.functions,
            "layers": [ground.layer.arn],
            "memory_mb": stack.settings.functions.memory_mb,
            "log_days": stack.settings.observability.log_days,
        },
        stack.opts,
    )


def _back_up(first: Region, second: Region) -> Backups:
    stack, settings = first.stack, first.stack.settings
    args: BackupsArgs = {
        "name_prefix": stack.prefix,
        "account_id": stack.account_id,
        "here": _backup_place(first),
        "there": _backup_place(second),
        "table_arns": [first.ground.tables.table_arn(table) for table in TABLES],
        "protect": settings.data.protect,
    }
    if first.ground.database is not None:
        args["cluster_arns"] = [first.ground.database.cluster_arn]
    if second.ground.database is not None:
        args["subnet_group"] = second.ground.database.cluster.db_subnet_group_name
    recovery = settings.recovery
    if recovery is not None:
        args["keep_days"] = recovery.backup_days
        if recovery.backup_lock_final_after_days is not None:
            args["final_after_days"] = recovery.backup_lock_final_after_days
    return Backups(stack.named("backups"), args, stack.opts)


def _backup_place(region: Region) -> BackupPlace:
    keys = region.ground.keys
    return {"region": region.stack.region, "key_arn": keys.arn("data")}


def _hear(region: Region) -> BackupFailures:
    stack = region.stack
    args: BackupFailuresArgs = {
        "name_prefix": stack.prefix,
        "key_arn": region.ground.keys.arn("notifications"),
        "emails": stack.settings.observability.emails,
    }
    return BackupFailures(stack.named("backup-failures"), args, stack.opts)


def _replicate(source: Region, target: Region, site: Sequence[SiteBucket]) -> Replication:
    pairs = {str(bucket): _pair(bucket, source, target) for bucket in REPLICATED}
    if site:
        # S3's own keys on both sides: every visitor gets what it holds.
        pairs["site"] = {"source": site[0].versioning.bucket, "target": site[1].versioning.bucket}
    return Replication(
        source.stack.named("replication"),
        {
            "region": source.stack.region,
            "target_region": target.stack.region,
            "buckets": pairs,
        },
        source.stack.opts,
    )


def _pair(bucket: BucketName, source: Region, target: Region) -> BucketPair:
    # Named by their versioning, replication waits for it without being told.
    return {
        "source": source.ground.lake.versioning[bucket].bucket,
        "source_key_arn": _key(bucket, source),
        "target": target.ground.lake.versioning[bucket].bucket,
        "target_key_arn": _key(bucket, target),
    }


def _key(bucket: BucketName, region: Region) -> Input[str]:
    return region.ground.keys.arn("models" if bucket == "models" else "data")
