"""Event source mappings from DynamoDB streams: batches, filters, retries and what could not be processed."""

from __future__ import annotations

from sandbox.streams.runtime import Streams

__all__ = ["Streams"]
