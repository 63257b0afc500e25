"""What is charged for each type of resource: rows, from which estimates, usage files and the page derive."""

from __future__ import annotations

from policies.cost.meters import data, network, operations, serving
from policies.cost.meters.free import FREE
from policies.cost.meters.row import Charge, Meter

METERS: dict[str, Meter] = {**serving.ROWS, **data.ROWS, **network.ROWS, **operations.ROWS}
"""By type token."""

__all__ = ["FREE", "METERS", "Charge", "Meter"]
