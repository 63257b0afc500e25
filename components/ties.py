"""What ties two regions of a stack together, composed from what both of them have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pulumi import Input

from components.data_lake import BucketName
from components.recovery import BucketPair, Follower, Replication
from components.region import Region
from components.values import Alarm, Widget

REPLICATED: Final[tuple[BucketName, ...]] = ("raw", "processed", "models")
"""Buckets that are replicated whole; logs stay where they were written."""


@dataclass(frozen=True, kw_only=True)
class Ties:
    """What each region watches of the other one."""

    there: Replication
    """From the first region to the second."""
    back: Replication
    """From the second region to the first: what is written there while it carries the traffic."""

    followers: tuple[Follower, Follower]
    """What brings the live model to the first and to the second region, whichever it was made in."""

    def first(self) -> tuple[list[Alarm], list[Widget]]:
        """Alarms and dashboard rows of the first region."""
        mine = self.followers[0]
        alarms = [*self.there.source_alarms(), *self.back.target_alarms(), *mine.alarms()]
        return alarms, [*self.back.target_widgets(), *mine.widgets()]

    def second(self) -> tuple[list[Alarm], list[Widget]]:
        """Alarms and dashboard rows of the second region."""
        mine = self.followers[1]
        alarms = [*self.back.source_alarms(), *self.there.target_alarms(), *mine.alarms()]
        return alarms, [*self.there.target_widgets(), *mine.widgets()]


def tie(first: Region, second: Region) -> Ties:
    """Declares everything between the regions."""
    return Ties(
        there=_replicate(first, second),
        back=_replicate(second, first),
        followers=(_follow(first), _follow(second)),
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


def _replicate(source: Region, target: Region) -> Replication:
    return Replication(
        source.stack.named("replication"),
        {
            "region": source.stack.region,
            "target_region": target.stack.region,
            "buckets": {bucket: _pair(bucket, source, target) for bucket in REPLICATED},
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
