"""The dated price table: `policies/prices/*.toml`, one row a price, with its unit, tiers, source and regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import tomllib

FOLDER = Path(__file__).resolve().parents[1] / "prices"
EVERYWHERE = "*"
"""Region of prices that are the same wherever a resource is."""


class PriceError(LookupError):
    """A price is not known; the text names the key or region, what there is, and where to add it."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """One price."""

    key: str
    unit: str
    """What one is: `hour`, `GB`, `request`; a quantity of `hour`s is multiplied by the hours of the month."""
    usd: float
    """For `per` units, in the first tier."""
    per: float = 1
    tiers: tuple[tuple[float, float], ...] = ()
    """Up to how many units in all, and the price for `per` of them; the last one counts for all that follow."""
    regions: tuple[str, ...] = ()
    source: str
    """Page of AWS that tells it."""
    confirmed: str = ""
    """Where it was compared with a published figure; empty for a price that was not."""
    date: date

    def of(self, quantity: float) -> float:
        """USD for a quantity, tier by tier."""
        if not self.tiers:
            return quantity * self.usd / self.per
        total = begun = 0.0
        for number, (end, usd) in enumerate(self.tiers):
            last = number == len(self.tiers) - 1
            share = (quantity if last else min(quantity, end)) - begun
            if share <= 0:
                break
            total, begun = total + share * usd / self.per, begun + share
        return total


class Prices:
    """All prices, by key and region."""

    def __init__(self, rows: Iterable[Price]) -> None:
        self.rows = tuple(rows)
        self._by_place: dict[tuple[str, str], Price] = {}
        for row in self.rows:
            for region in row.regions:
                if (row.key, region) in self._by_place:
                    raise PriceError(f"price {row.key!r} is given twice for {region!r}; remove one of the rows")
                self._by_place[row.key, region] = row

    @property
    def regions(self) -> list[str]:
        """Regions that have prices of their own."""
        return sorted({region for _, region in self._by_place} - {EVERYWHERE})

    def of(self, key: str, region: str) -> Price:
        """The price of something in a region.

        Raises:
            PriceError: it has none there.
        """
        found = self._by_place.get((key, region)) or self._by_place.get((key, EVERYWHERE))
        if found is not None:
            return found
        if region not in self.regions:
            raise PriceError(
                f"region is {region!r}; allowed: {', '.join(self.regions)}; add its prices to policies/prices/"
            )
        family = key.rpartition(".")[0] if key.count(".") < 3 else ".".join(key.split(".")[:2])
        known = sorted(row.key for row in self.rows if row.key.startswith(f"{family}."))
        raise PriceError(
            f"price is {key!r} in {region}; allowed: {', '.join(known) or 'none of this kind yet'}; "
            "add a row to policies/prices/"
        )


def read(text: str, name: str = "prices") -> list[Price]:
    """The prices of one file.

    Raises:
        PriceError: a row lacks a field, or has one that means nothing; the text names the row and the field.
    """
    content = tomllib.loads(text)
    found: list[Price] = []
    for number, row in enumerate(content.get("price", []), 1):
        given = {"date": content.get("date"), "regions": content.get("regions", []), **row}
        place = f"{name}: price {number} ({given.get('key', 'without key')})"
        found += _expanded(_row(given, place), row.get("types"), place)
    return found


def _row(given: Mapping[str, Any], place: str) -> Price:
    kinds = {"key": str, "unit": str, "source": str, "confirmed": str, "date": date, "per": (int, float)}
    allowed = {*kinds, "usd", "tiers", "types", "regions"}
    if unknown := sorted(set(given) - allowed):
        raise PriceError(f"{place} has {', '.join(unknown)}; allowed: {', '.join(sorted(allowed))}; rename or remove")
    for field in ("key", "unit", "source", "date"):
        if not isinstance(given.get(field), kinds[field]):  # type: ignore[arg-type]  # a table of types, by field
            raise PriceError(f"{place}: {field} is {given.get(field)!r}; allowed: a value of its kind; add it")
    if sum(field in given for field in ("usd", "tiers", "types")) != 1:
        raise PriceError(f"{place} needs exactly one of usd, tiers and types; give one")
    tiers = tuple((float(end), float(usd)) for end, usd in given.get("tiers", []))
    return Price(
        key=given["key"],
        unit=given["unit"],
        usd=float(given.get("usd", tiers[0][1] if tiers else 0)),
        per=float(given.get("per", 1)),
        tiers=tiers,
        regions=tuple(given["regions"]),
        source=given["source"],
        confirmed=given.get("confirmed", ""),
        date=given["date"],
    )


def _expanded(row: Price, types: Mapping[str, float] | None, place: str) -> Sequence[Price]:
    """A row for each type of instance, where the prices of a family stand in one row."""
    if types is None:
        return [row]
    if not types:
        raise PriceError(f"{place}: types is empty; allowed: a type and its price; add one")
    return [replace(row, key=f"{row.key}.{name}", usd=float(usd)) for name, usd in types.items()]


@cache
def load(folder: Path = FOLDER) -> Prices:
    """The prices of every file of a folder."""
    return Prices(
        row for path in sorted(folder.glob("*.toml")) for row in read(path.read_text(encoding="utf-8"), path.name)
    )
