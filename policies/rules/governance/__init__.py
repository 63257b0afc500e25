"""Governance: what a month may cost, and what is written down of everything that happens."""

from __future__ import annotations

from policies.rules.governance import audit, budget, calls, findings

RULES = (*audit.RULES, *budget.RULES, *calls.RULES, *findings.RULES)
"""Rules of budgets, audits and findings."""
