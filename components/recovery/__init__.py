"""What ties a stack's two regions together: replication, backups, and the second region's way to take over."""

from __future__ import annotations

from components.recovery.address import Address, AddressArgs
from components.recovery.backups import BackupPlace, Backups, BackupsArgs
from components.recovery.failures import BackupFailures, BackupFailuresArgs
from components.recovery.follower import Follower, FollowerArgs
from components.recovery.replication import BucketPair, Replication, ReplicationArgs
from components.recovery.snapshots import SnapshotKeys, Snapshots, SnapshotsArgs

__all__ = [
    "Address",
    "AddressArgs",
    "BackupFailures",
    "BackupFailuresArgs",
    "BackupPlace",
    "Backups",
    "BackupsArgs",
    "BucketPair",
    "Follower",
    "FollowerArgs",
    "Replication",
    "ReplicationArgs",
    "SnapshotKeys",
    "Snapshots",
    "SnapshotsArgs",
]
