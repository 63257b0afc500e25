"""Prices the resources of a stack: lines, what is not priced, sums by service and component."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.cost.lines import Line, Unpriced
from policies.cost.meters import FREE, METERS, UNKNOWN, Charge, Meter
from policies.cost.prices import PriceError, Prices, load
from policies.cost.usage import Amount, Usage
from policies.resources import Node, Stack

_OURS = ("mlplatform:", "pulumi:")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a stack costs a month."""

    lines: tuple[Line, ...]
    """In order of declaration."""
    unpriced: tuple[Unpriced, ...]
    """What costs something that nobody knows here; the total lacks it."""

    @property
    def total(self) -> float:
        """USD a month of all that is priced."""
        return sum(line.usd for line in self.lines)

    def sums(self, field: str) -> dict[str, float]:
        """USD by `service`, `component`, `region`, `resource` or `type`, the dearest first."""
        found: dict[str, float] = {}
        for line in self.lines:
            key = str(getattr(line, field))
            found[key] = found.get(key, 0.0) + line.usd
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def untold(self) -> list[Line]:
        """Charges that depend on use which the usage file does not tell."""
        return [line for line in self.lines if not line.told]


def estimate(stack: Stack, usage: Usage, prices: Prices | None = None) -> Estimate:
    """Prices every resource of a stack for a month.

    Raises:
        PriceError: a resource stands in a region without prices.
        UndecidedError: a price depends on a value that is not known yet.
    """
    book = prices or load()
    components = _components(stack)
    lines: list[Line] = []
    unpriced: list[Unpriced] = []
    for node in stack:
        if node.type.startswith(_OURS) or node.type in FREE:
            continue
        where = {"resource": node.name, "type": node.type, "region": node.region}
        component = components.get(node.urn, "")
        meter = METERS.get(node.type)
        if meter is None:
            missing = "its type has no row; add one to policies/cost/meters/, or to free.py with a reason"
            why = UNKNOWN.get(node.type, missing)
            unpriced.append(Unpriced(**where, component=component, why=why))
            continue
        try:
            lines += _lines(node, meter, component, usage, book)
        except PriceError as error:
            if node.region not in book.regions:
                raise
            unpriced.append(Unpriced(**where, component=component, why=str(error)))
    return Estimate(lines=tuple(lines), unpriced=tuple(unpriced))


def _lines(node: Node, meter: Meter, component: str, usage: Usage, prices: Prices) -> list[Line]:
    used = usage.of(node.name, meter.metrics)
    found = []
    for charge in meter.charges:
        for item in charge.each(node) if charge.each else [node.props]:
            for key, quantity in _quantities(node, charge, item, used):
                price = prices.of(key, node.region)
                hourly = price.unit == "hour" and not charge.uses
                units = quantity if quantity is None else quantity * (usage.hours if hourly else 1)
                found.append(
                    Line(
                        service=meter.service,
                        component=component,
                        resource=node.name,
                        type=node.type,
                        region=node.region,
                        what=charge.what,
                        price=key,
                        quantity=units,
                        unit=price.unit,
                        usd=0.0 if units is None else price.of(units),
                    )
                )
    return [line for line in found if line.quantity != 0]


def _quantities(
    node: Node, charge: Charge, item: Any, used: Mapping[str, Amount]
) -> Iterator[tuple[str, float | None]]:
    """Keys of prices with how many of them; None where the use is not told."""
    key = charge.price if isinstance(charge.price, str) else charge.price(node, item)
    count = charge.count if isinstance(charge.count, int | float) else charge.count(node, item)
    if not charge.uses:
        yield key, float(count)
        return
    amount = used.get(charge.uses)
    if isinstance(amount, Mapping):
        yield from ((f"{key}.{kind}", count * each) for kind, each in amount.items())
    elif amount is not None:
        yield key, count * amount
    elif count and not charge.by_kind:
        yield key, None


def _components(stack: Stack) -> dict[str, str]:
    """The outermost component of each resource, by URN."""
    parents = {node.urn: node for node in stack}
    found = {}
    for node in stack:
        top, above = "", parents.get(node.parent)
        while above is not None:
            top, above = above.name, parents.get(above.parent)
        found[node.urn] = top
    return found
