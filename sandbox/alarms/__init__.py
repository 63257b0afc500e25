"""Alarms that act: data points from what runs, evaluated as declared, told to topics, the event bus and the history."""

from __future__ import annotations

from sandbox.alarms.runtime import Alarms

__all__ = ["Alarms"]
