"""Governance: who pays how much, and what happens when it is too much."""

from __future__ import annotations

from components.governance.budget import Budget, BudgetArgs, SpendingRole
from components.governance.compose import govern

__all__ = ["Budget", "BudgetArgs", "SpendingRole", "govern"]
