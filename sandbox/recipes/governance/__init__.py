"""What limits costs, and what records and watches an account."""

from __future__ import annotations

from sandbox.recipes.governance import audit, costs

ROWS = {**audit.ROWS, **costs.ROWS}
"""By type token."""
