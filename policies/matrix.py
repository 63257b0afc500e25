"""The page docs/reference/controls.md: what each stack makes of each control, and what no rule judges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policies.coverage import NO_RULE, NOT_HERE
from policies.engine import judged
from policies.reference import natural
from policies.resources import Stack
from policies.rules import RULES
from policies.verdict import OUTCOMES, Outcome, Verdict

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "controls.md"
HEAD = """# Controls

What each stack makes of each control: the rules that cover it, and how many resources hold (✓), are exempt for a while
(e), are not decidable before the update (?) or are broken (✗). Written by `make docs` from the stacks and
`policies/rules/`; do not edit. What the rules say is in [policies.md](policies.md).
"""
MARKS: dict[Outcome, str] = {"holds": "✓", "exempt": "e", "undecided": "?", "broken": "✗"}


def page(stacks: Mapping[str, Stack]) -> str:
    """The whole page; the same text for the same stacks and rules."""
    found = {name: judged(stack).verdicts for name, stack in stacks.items()}
    return "\n".join([HEAD, matrix(found), not_held(found), left_out()])


def matrix(found: Mapping[str, tuple[Verdict, ...]]) -> str:
    """A row for each control and rule, a column for each stack."""
    by_rule = {name: _by_rule(verdicts) for name, verdicts in found.items()}
    pairs = [(control, rule) for rule in RULES for control in rule.controls or ("none",)]
    lines = [
        "## Matrix",
        "",
        f"| control | rule | severity | {' | '.join(found)} |",
        "|---|---|---|" + "---|" * len(found),
    ]
    for control, rule in sorted(pairs, key=lambda pair: (pair[0] == "none", natural(pair[0]), pair[1].id)):
        cells = [_cell(by_rule[name].get(rule.id, {})) for name in found]
        lines.append(f"| {control} | `{rule.id}` | {rule.severity} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _by_rule(verdicts: tuple[Verdict, ...]) -> dict[str, dict[Outcome, int]]:
    counts: dict[str, dict[Outcome, int]] = {}
    for verdict in verdicts:
        row = counts.setdefault(verdict.rule, {})
        row[verdict.outcome] = row.get(verdict.outcome, 0) + 1
    return counts


def _cell(counts: Mapping[Outcome, int]) -> str:
    return " ".join(f"{counts[outcome]}{MARKS[outcome]}" for outcome in OUTCOMES if outcome in counts) or "-"


def not_held(found: Mapping[str, tuple[Verdict, ...]]) -> str:
    """Every resource of which a rule does not hold, by name: resources are declared in no order that stays."""
    rows = [
        f"| {name} | `{verdict.rule}` | `{verdict.name}` | {MARKS[verdict.outcome]} |"
        for name, verdicts in found.items()
        for verdict in sorted(verdicts, key=lambda verdict: (verdict.rule, verdict.name))
        if verdict.outcome != "holds"
    ]
    lines = ["## What does not hold", "", "| stack | rule | resource | |", "|---|---|---|---|", *rows]
    return "\n".join([*lines, ""]) if rows else "## What does not hold\n\nNothing.\n"


def left_out() -> str:
    """Controls that no rule covers, and types that no rule judges, with the reason."""
    lines = ["## Controls without a rule", "", "| control | why |", "|---|---|"]
    lines += [f"| {control} | {why} |" for control, why in sorted(NOT_HERE.items(), key=lambda row: natural(row[0]))]
    lines += ["", "## Types without a rule", "", "| type | why |", "|---|---|"]
    lines += [f"| `{token.removeprefix('aws:')}` | {why} |" for token, why in sorted(NO_RULE.items())]
    return "\n".join([*lines, ""])
