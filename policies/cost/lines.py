"""What an estimate consists of: one line for each thing that a resource is charged for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Line:
    """One charge of one resource for a month."""

    service: str
    """As AWS names it, such as `Amazon API Gateway`."""
    component: str
    """Outermost component that declared the resource; empty for a resource of no component."""
    resource: str
    """Name in the program."""
    type: str
    region: str
    what: str
    """Such as `requests`."""
    price: str
    """Key of the price."""
    quantity: float | None
    """In the price's unit; None where it depends on use and the usage file says nothing."""
    unit: str
    usd: float
    """Of a month; 0 where the quantity is not told."""

    @property
    def told(self) -> bool:
        """False for a charge that depends on use which nobody has told."""
        return self.quantity is not None


@dataclass(frozen=True, kw_only=True)
class Unpriced:
    """A resource of which no price is known: listed, never taken for free."""

    resource: str
    type: str
    region: str
    component: str
    why: str
    """What is missing, and what to do."""
