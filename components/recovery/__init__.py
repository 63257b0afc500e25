"""What ties a stack's two regions together: replication, backups, and the second region's way to take over."""

from __future__ import annotations

from components.recovery.follower import Follower, FollowerArgs
from components.recovery.replication import BucketPair, Replication, ReplicationArgs

__all__ = ["BucketPair", "Follower", "FollowerArgs", "Replication", "ReplicationArgs"]
