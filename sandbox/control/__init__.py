"""A running sandbox, steered from another process: regions lost and recovered, replication paused, names resolved."""

from __future__ import annotations

from sandbox.control.client import Control, ControlError
from sandbox.control.server import ControlServer

__all__ = ["Control", "ControlError", "ControlServer"]
