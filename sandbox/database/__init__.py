"""Real PostgreSQL behind real TLS for each declared cluster and its proxy."""

from __future__ import annotations

from sandbox.database.databases import Databases

__all__ = ["Databases"]
