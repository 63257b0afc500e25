"""What brings a state back: tables at a point in time, and functions at an earlier version."""

from __future__ import annotations

from sandbox.recovery.runtime import Recovery

__all__ = ["Recovery"]
