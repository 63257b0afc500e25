"""The relational database: an Aurora cluster, the proxy that functions reach it by, and its schema."""

from __future__ import annotations

from components.database.args import DatabaseArgs
from components.database.component import Database
from components.database.plan import ADMINISTRATOR, APPLICATION

__all__ = ["ADMINISTRATOR", "APPLICATION", "Database", "DatabaseArgs"]
