"""The relational database: encrypted, reached by tokens of IAM over TLS, watched, and it survives a mistake."""

from __future__ import annotations

from policies.rules.database.rds import RULES

__all__ = ["RULES"]
