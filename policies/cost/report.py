"""Estimates as people and machines read them: tables by service and component, differences, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from policies.cost.estimate import Estimate


def text(stack: str, found: Estimate, *, lines: bool = False) -> str:
    """The tables of one stack."""
    parts = [f"stack {stack}: {money(found.total)} USD a month"]
    parts += ["", *table("service", found.sums("service")), "", *table("component", found.sums("component"))]
    if lines:
        rows = [
            f"  {money(line.usd):>10}  {line.resource}: {line.what}, {amount(line.quantity)} {line.unit}"
            for line in sorted(found.lines, key=lambda line: -line.usd)
            if line.told
        ]
        parts += ["", "lines", *rows]
    return "\n".join([*parts, *notes(found)]) + "\n"


def notes(found: Estimate) -> list[str]:
    """What the total lacks."""
    parts: list[str] = []
    if found.unpriced:
        parts += ["", "not priced, and not in the total:"]
        parts += [f"  {row.resource} ({row.type}): {row.why}" for row in found.unpriced]
    if found.untold:
        services = sorted({line.service for line in found.untold})
        parts += ["", f"{len(found.untold)} charges depend on use that the usage file does not tell, of:"]
        parts += [f"  {', '.join(services)}"]
    return parts


def difference(name: str, other: str, found: Estimate, before: Estimate) -> str:
    """What one stack costs more or less than another, by service, component and resource."""
    delta = found.total - before.total
    parts = [f"{name}: {money(found.total)} USD a month; {other}: {money(before.total)}; difference {signed(delta)}"]
    for field in ("service", "component", "resource"):
        rows = changes(found.sums(field), before.sums(field))
        if rows:
            wide = max(len(key or "-") for key in rows)
            parts += ["", field, *(f"  {key or '-':<{wide}}  {signed(usd):>11}" for key, usd in rows.items())]
    if abs(delta) < 0.005 and len(parts) == 1:
        parts.append("nothing costs more or less")
    return "\n".join([*parts, *notes(found)]) + "\n"


def changes(found: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    """What differs by half a cent or more, the largest first."""
    keys = {*found, *before}
    deltas = {key: found.get(key, 0.0) - before.get(key, 0.0) for key in keys}
    return {
        key: usd for key, usd in sorted(deltas.items(), key=lambda item: (-abs(item[1]), item[0])) if abs(usd) >= 0.005
    }


def to_json(stack: str, found: Estimate, against: tuple[str, Estimate] | None = None) -> str:
    """All of it, sorted, for machines."""
    document: dict[str, Any] = {
        "stack": stack,
        "currency": "USD",
        "total": round(found.total, 2),
        "services": _rounded(found.sums("service")),
        "components": _rounded(found.sums("component")),
        "lines": [asdict(line) for line in found.lines],
        "unpriced": [asdict(row) for row in found.unpriced],
    }
    if against is not None:
        name, before = against
        document["against"] = {
            "name": name,
            "total": round(before.total, 2),
            "difference": round(found.total - before.total, 2),
            "services": _rounded(changes(found.sums("service"), before.sums("service"))),
            "components": _rounded(changes(found.sums("component"), before.sums("component"))),
            "resources": _rounded(changes(found.sums("resource"), before.sums("resource"))),
        }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def table(head: str, sums: Mapping[str, float]) -> list[str]:
    """A heading and a row for each sum."""
    wide = max((len(key or "-") for key in sums), default=0)
    return [head, *(f"  {key or '-':<{wide}}  {money(usd):>10}" for key, usd in sums.items())]


def money(usd: float) -> str:
    """Two digits, thousands apart."""
    return f"{usd:,.2f}"


def signed(usd: float) -> str:
    """With its sign."""
    return f"{usd:+,.2f}"


def amount(quantity: float | None) -> str:
    """A quantity without digits that say nothing."""
    return "an untold number of" if quantity is None else f"{quantity:,.6g}" if quantity < 1e6 else f"{quantity:,.0f}"


def _rounded(sums: Mapping[str, float]) -> dict[str, float]:
    return {key: round(usd, 2) for key, usd in sums.items()}
