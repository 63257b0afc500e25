"""Real Redis behind real TLS for each declared cache."""

from __future__ import annotations

from sandbox.cache.caches import Caches

__all__ = ["Caches"]
