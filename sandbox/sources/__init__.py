"""Lambda's event source mappings: queues and streams are read beside their writers, and nothing is lost on failures."""

from __future__ import annotations

from sandbox.sources.queues import Queues
from sandbox.sources.streams import Streams

__all__ = ["Queues", "Streams"]
