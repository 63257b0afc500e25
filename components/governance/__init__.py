"""Governance: what a month may cost, and what is recorded and watched of everything that happens."""

from __future__ import annotations

from components.governance.archive import Archive, ArchiveArgs
from components.governance.budget import Budget, BudgetArgs, SpendingRole
from components.governance.compose import govern
from components.governance.findings import Findings, FindingsArgs
from components.governance.trail import Trail, TrailArgs
from components.governance.watchers import Watchers, WatchersArgs

__all__ = [
    "Archive",
    "ArchiveArgs",
    "Budget",
    "BudgetArgs",
    "Findings",
    "FindingsArgs",
    "SpendingRole",
    "Trail",
    "TrailArgs",
    "Watchers",
    "WatchersArgs",
    "govern",
]
