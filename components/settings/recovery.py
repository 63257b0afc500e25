"""Settings of the second region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from components.settings.reading import matching, ranged

SHARED_NODE_TYPE: Final = r"cache\.(m5|m6g|m7g|r5|r6g|r7g|c7gn)\.(large|\d*xlarge)"
"""What ElastiCache takes into a global datastore: large nodes of these families (r6gd only with data tiering)."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """The second region: the same platform again, smaller, fed by replication, ready to take over."""

    region: str = field(metadata={"words": "a region such as us-west-2", "pattern": r"[a-z]{2}(-[a-z]+)+-\d"})
    """Where it stands; another one than `aws:region`."""
    active: bool = False
    """Whether it carries the traffic: it then has the first region's sizes, and trainings start there instead."""
    zones: tuple[str, ...] = matching(("a", "b"), "[a-f]", "letters of zones, each once, such as [a, b]")
    """Its availability zones by letter."""
    cidr: str = "10.1.0.0/16"
    """Its private IPv4 range; another one than `network.cidr`, so that the two networks can be joined."""
    cache_node_type: str = matching(
        "cache.t4g.micro", r"cache\.[a-z0-9]+\.[a-z0-9]+", "a node type such as cache.t4g.micro"
    )
    """Size of a cache node while it waits."""
    cache_nodes: int = ranged(1, 1, 6)
    """Cache nodes while it waits."""
    global_cache: bool = False
    """Whether its cache follows the first region's as a member of a global datastore, in place of starting empty; both
    then have the same node type, large at least."""
    instances: int = ranged(1, 1, 100)
    """Instances of its endpoint while it waits; scaling adds more as soon as requests come."""
    predictions_concurrency: int | None = ranged(None, 1, 1000)
    """Instances reserved for predictions while it waits."""
    database_copy_min: int = ranged(20, 5, 30)
    """How many minutes after one snapshot of the database the next one begins, which is copied to the second region;
    every copy is as large as the database. Taking and copying it have to fit into the hour that may be lost, too."""
    backup_days: int = ranged(35, 30, 365)
    """How long daily backups and their copies are kept; 30 is the least that the platform promises."""
    backup_lock_final_after_days: int | None = ranged(None, 3, 36_500)
    """After how many days nobody can lift the lock of the vaults any more; without it, those with the right can."""
