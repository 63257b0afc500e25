"""Real copying between the regions of one sandbox: S3 objects, items of global tables, secrets."""

from __future__ import annotations

from sandbox.replication.runtime import Replication

__all__ = ["Replication"]
