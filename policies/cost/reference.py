"""The page docs/reference/cost.md: what each stack costs, by the reference load, and the price table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policies.cost.estimate import Estimate, estimate
from policies.cost.meters import FREE, METERS
from policies.cost.prices import Prices, load
from policies.cost.report import money
from policies.cost.seed import SEED
from policies.cost.usage import REFERENCE
from policies.cost.usage import load as load_usage
from policies.resources import Stack

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cost.md"
HEAD = """# Cost

What each stack costs a month before it is deployed, in USD of us-east-1 and us-west-2 by list prices. Written by
`make docs` from the stacks, `policies/prices/` and `policies/usage/reference.toml`; do not edit.

`python -m policies.cost --stack prod` prints it, `--lines` with each charge, `--json` for machines, `--usage FILE` with
another load, `--against STACK` or `--against COMMIT` what differs. Free allowances that an account has once are not
deducted; taxes, support, data transfer to callers that CloudFront does not carry, and discounts are left out.
"""


def page(stacks: Mapping[str, Stack]) -> str:
    """The whole page; the same text for the same stacks and prices."""
    prices, usage = load(), load_usage()
    found = {name: estimate(stack, usage, prices) for name, stack in stacks.items()}
    parts = [HEAD, by_stack(found), unpriced(found), seed(prices), metrics(), table(prices)]
    return "\n".join(parts)


def by_stack(found: Mapping[str, Estimate]) -> str:
    """Sums by service and by component, a column a stack."""
    lines = ["## Stacks", "", f"With the load of `policies/usage/{REFERENCE.name}`."]
    for field in ("service", "component"):
        sums = {name: one.sums(field) for name, one in found.items()}
        keys = sorted({key for one in sums.values() for key in one})
        shown = [key for key in keys if any(one.get(key, 0.0) >= 0.005 for one in sums.values())]
        lines += ["", f"| {field} | {' | '.join(found)} |", "|---|" + "---:|" * len(found)]
        lines += [f"| {key or '-'} | {' | '.join(_cell(one.get(key)) for one in sums.values())} |" for key in shown]
    totals = " | ".join(money(one.total) for one in found.values())
    return "\n".join([*lines, f"| **all** | {totals} |", ""])


def _cell(usd: float | None) -> str:
    return "" if usd is None else money(usd)


def unpriced(found: Mapping[str, Estimate]) -> str:
    """What the sums lack."""
    rows = sorted({(row.type, name) for name, one in found.items() for row in one.unpriced})
    lines = ["## Not priced", "", "Not in the sums above; never taken for free.", ""]
    if not rows:
        return "\n".join([*lines, "Nothing.", ""])
    whys = {row.type: row.why for one in found.values() for row in one.unpriced}
    return "\n".join([*lines, *(f"- `{token}` ({name}): {whys[token]}" for token, name in rows), ""])


def seed(prices: Prices) -> str:
    """The reference load line by line."""
    lines = ["## The reference load", "", "As it was given for prod, and by the price table.", ""]
    lines += ["| load | given | here | difference | read as, or why |", "|---|---:|---:|---:|---|"]
    total = 0.0
    for row in SEED:
        usd = row.usd_here(prices)
        total += usd
        share = f"{100 * (usd / row.usd - 1):+.0f} %"
        lines.append(f"| {row.load} | {money(row.usd)} | {money(usd)} | {share} | {row.because or row.assumed} |")
    given = sum(row.usd for row in SEED)
    lines.append(f"| **all** | {money(given)} | {money(total)} | {100 * (total / given - 1):+.0f} % | |")
    return "\n".join([*lines, ""])


def metrics() -> str:
    """What a usage file can say."""
    lines = ["## Usage files", "", "A table `[resources.NAME]` for each resource, NAME as in the program, with:", ""]
    lines += ["| type | metrics |", "|---|---|"]
    for token, meter in sorted(METERS.items()):
        if meter.metrics:
            kinds = [f"`{metric}`" + (" by kind" if metric in meter.by_kind else "") for metric in meter.metrics]
            lines.append(f"| `{token.removeprefix('aws:')}` | {', '.join(kinds)} |")
    return "\n".join(
        [*lines, "", f"{len(FREE)} types are not charged for themselves: `policies/cost/meters/free.py`.", ""]
    )


def table(prices: Prices) -> str:
    """Every price with its source."""
    lines = ["## Prices", "", "| price | USD | unit | regions | of | source |", "|---|---:|---|---|---|---|"]
    for row in prices.rows:
        per = f" for {row.per:,.0f}" if row.per != 1 else ""
        first = f"{row.tiers[0][1]:.10g} and less" if row.tiers and row.tiers[0][1] else ""
        first = first or (f"0, then {row.tiers[1][1]:.10g}" if row.tiers else f"{row.usd:.10g}")
        regions = "all" if row.regions == ("*",) else ", ".join(row.regions)
        checked = f"confirmed: {row.confirmed}" if row.confirmed else "unconfirmed"
        lines.append(
            f"| `{row.key}` | {first}{per} | {row.unit} | {regions} | {row.date} | [page]({row.source}), {checked} |"
        )
    return "\n".join([*lines, ""])
