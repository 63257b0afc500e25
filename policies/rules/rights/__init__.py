"""Policy documents of every kind: each wildcard has a reason."""

from __future__ import annotations

from policies.rules.rights.wildcards import RULES

__all__ = ["RULES"]
