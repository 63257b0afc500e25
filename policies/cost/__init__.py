"""What a stack will cost before it is deployed: `python -m policies.cost --stack prod`."""

from __future__ import annotations

from policies.cost.estimate import Estimate, estimate
from policies.cost.lines import Line, Unpriced
from policies.cost.prices import PriceError, Prices
from policies.cost.usage import Usage, UsageError

__all__ = ["Estimate", "Line", "PriceError", "Prices", "Unpriced", "Usage", "UsageError", "estimate"]
