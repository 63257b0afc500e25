"""What a sandbox says of rights, for a terminal: refused, used, and granted but never used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.rights.unused import Granted, Reason, unused


def text(told: Mapping[str, Any], listed: Sequence[Reason] = ()) -> str:
    """The report; `listed` are the reasons that are shown beside rights that nothing used."""
    never = unused([told])
    used = f"{len(told['granted']) - len(never)} rights of {len(told['granted'])} used"
    lines = [
        f"stack {told['stack']}: {told['judged']} decisions, {len(told['refused'])} calls refused, {used}",
        "",
        "refused:",
        *(_refusals(told) or ["  nothing"]),
        "",
        "used:",
        *(_uses(told["used"]) or ["  nothing"]),
        "",
        "granted, never used:",
        *(_never(never, listed) or ["  nothing"]),
    ]
    return "\n".join(lines)


def document(told: Mapping[str, Any], listed: Sequence[Reason] = ()) -> dict[str, Any]:
    """The same as plain data, for machines."""
    rows = [
        {"role": one.role, **vars(one.right), "reason": _reason(one, listed)} for one in sorted(unused([told]), key=str)
    ]
    return {**told, "unused": rows}


def _refusals(told: Mapping[str, Any]) -> list[str]:
    rows = sorted(told["refused"], key=lambda row: (row["role"], row["action"]))
    lines = []
    for row in rows:
        lines.append(f"  {row['role']} {row['action']}, {_times(row['times'])}: {row['text']}")
        lines += [f"    near: {line}" for line in row["near"]]
    return [*lines, *([f"  and {told['left_out']} more that were not kept"] if told["left_out"] else [])]


def _uses(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """By role; services, which have no rights of their own, show whose policy let them in."""
    lines, last = [], ""
    for row in sorted(rows, key=lambda row: (row["role"], row["action"], row["resource"])):
        if row["role"] != last:
            last = row["role"]
            lines.append(f"  {last}")
        where = f" on {row['resource']}" if row["resource"] else ""
        lines.append(f"    {row['action']}{where}, {_times(row['times'])} ({row['policy']} {row['statement']})")
    return lines


def _never(rights: Iterable[Granted], listed: Sequence[Reason]) -> list[str]:
    """One line a statement: its actions and resources, and the reason where one is given."""
    grouped: dict[tuple[str, str, str], list[Granted]] = {}
    for one in rights:
        key = (one.role, one.right.statement, _reason(one, listed))
        grouped.setdefault(key, []).append(one)
    lines = []
    for (role, statement, reason), several in sorted(grouped.items()):
        actions = ", ".join(sorted({one.right.action for one in several}))
        resources = ", ".join(sorted({one.right.resource for one in several}))
        lines.append(f"  {role} {statement}: {actions} on {resources}{f' ({reason})' if reason else ''}")
    return lines


def _reason(one: Granted, listed: Sequence[Reason]) -> str:
    return next((reason.reason for reason in listed if reason.fits(one)), "")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
