"""What ties two regions of a stack together, composed from what both of them have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pulumi import Input

from components.data_lake import BucketName
from components.recovery import BucketPair, Replication
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

    def first(self) -> tuple[list[Alarm], list[Widget]]:
        """Alarms and dashboard rows of the first region."""
        return [*self.there.source_alarms(), *self.back.target_alarms()], self.back.target_widgets()

    def second(self) -> tuple[list[Alarm], list[Widget]]:
        """Alarms and dashboard rows of the second region."""
        return [*self.back.source_alarms(), *self.there.target_alarms()], self.there.target_widgets()


def tie(first: Region, second: Region) -> Ties:
    """Declares everything between the regions."""
    return Ties(there=_replicate(first, second), back=_replicate(second, first))


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
