"""Event source mappings from SQS queues: batches, partial failures, and nothing deleted that was not dealt with."""

from __future__ import annotations

from sandbox.queues.runtime import Queues

__all__ = ["Queues"]
