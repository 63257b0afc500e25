"""The regions of a stack on one machine: an API each, lost and recovered at will, found by names that fail over."""

from __future__ import annotations

from sandbox.regions.gateways import Gateways
from sandbox.regions.regions import Regional, Regions

__all__ = ["Gateways", "Regional", "Regions"]
