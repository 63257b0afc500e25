"""Drills: a failure is made in a running sandbox, the runbook is followed, and the loss is counted."""

from __future__ import annotations

from sandbox.drill.command import add, drill

__all__ = ["add", "drill"]
