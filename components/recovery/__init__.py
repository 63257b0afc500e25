"""What ties a stack's two regions together: replication, backups, and the second region's way to take over."""

from __future__ import annotations

from components.recovery.replication import BucketPair, Replication, ReplicationArgs

__all__ = ["BucketPair", "Replication", "ReplicationArgs"]
