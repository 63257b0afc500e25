"""Settings of what a month may cost, and of what records and watches the account."""

from __future__ import annotations

from components.settings.governance.audit import Audit
from components.settings.governance.budget import Spending

__all__ = ["Audit", "Spending"]
