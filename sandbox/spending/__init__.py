"""What AWS Budgets does once a month's costs are told to it: notices, and actions that take rights away."""

from __future__ import annotations

from sandbox.spending.runtime import NOTES, Spending

__all__ = ["NOTES", "Spending"]
