"""What is charged for each type of resource: rows, from which estimates, usage files and the page derive."""

from __future__ import annotations

from policies.cost.meters import data, network, operations, serving
from policies.cost.meters.free import FREE
from policies.cost.meters.row import Charge, Meter

UNKNOWN: dict[str, str] = {
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": (
        "AWS charges a test by what it restores, with a price for each kind of resource that its page shows region by "
        "region alone; look at https://aws.amazon.com/backup/pricing/ and add a meter"
    )
}
"""Types that cost something, whose price is not in the table, with the reason."""
METERS: dict[str, Meter] = {**serving.ROWS, **data.ROWS, **network.ROWS, **operations.ROWS}
"""By type token."""

__all__ = ["FREE", "METERS", "UNKNOWN", "Charge", "Meter"]
