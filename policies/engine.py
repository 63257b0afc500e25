"""Evaluates rules over resources: each rule that applies to a resource holds, is broken, or is not decidable."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timezone

from policies.exemptions import EXEMPTIONS, Exemption, problems, stack_of
from policies.resources import Node, Resource, Stack, UndecidedError, node_of
from policies.rule import Rule
from policies.rules import RULES
from policies.verdict import Outcome, Report, Verdict

EXEMPTION_RULE = "exemption-in-force"
"""Rule id of the verdict on an exemption whose last day has passed, or that matches nothing in its own stack."""


def judge(rule: Rule, node: Node) -> tuple[Outcome, str]:
    """The verdict of one rule on one resource, before exemptions, and its message."""
    found: list[str] = []
    # The official engine shows such a rule nothing else: one that needs more has to be noticed here too.
    seen = node if rule.scope == "stack" or node.graph is None else replace(node, graph=None)
    try:
        # What was found before a value turns out to be unknown stays in the list.
        found.extend(rule.check(seen))
    except UndecidedError as unknown:
        if not found:
            return "undecided", f"{node.name} ({node.type}): {unknown}"
    except Exception as error:  # noqa: BLE001 - a rule that fails must never let a resource pass
        found.append(f"the rule itself failed with {type(error).__name__}: {error}")
    if not found:
        return "holds", ""
    return "broken", f"{node.name} ({node.type}): {'; '.join(found)}. To mend: {rule.mend}"


def today_utc() -> date:
    """The day by which exemptions end."""
    return datetime.now(tz=timezone.utc).date()


def check(
    resources: Iterable[Resource],
    *,
    rules: Sequence[Rule] = RULES,
    exemptions: Sequence[Exemption] = EXEMPTIONS,
    today: date | None = None,
) -> Report:
    """Judges every resource by every rule for its type.

    Args:
        resources: all resources of a stack, for example the sandbox's ledger; components are ignored.
        rules: the rules to apply.
        exemptions: rules that may be broken for a while.
        today: the day by which exemptions end, the current one where it is not given.

    Raises:
        ValueError: where a row of the exemptions is wrong; the message names each field.
    """
    return judged(Stack(node_of(resource) for resource in resources), rules=rules, exemptions=exemptions, today=today)


def judged(
    stack: Stack,
    *,
    rules: Sequence[Rule] = RULES,
    exemptions: Sequence[Exemption] = EXEMPTIONS,
    today: date | None = None,
) -> Report:
    """As `check`, over nodes that are linked already."""
    wrong = problems(exemptions, {rule.id for rule in rules}) if rules is RULES else []
    if wrong:
        raise ValueError("\n".join(wrong))
    day = today or today_utc()
    used: set[Exemption] = set()
    verdicts: list[Verdict] = []
    for rule in rules:
        for node in stack.of_type(*rule.types):
            outcome, message = judge(rule, node)
            row = exemption_for(rule, node, exemptions) if outcome == "broken" else None
            if row is not None:
                used.add(row)
                if row.in_force(day):
                    outcome, message = "exempt", f"{node.name}: until {row.until}: {row.reason}"
                else:
                    message += f" (the exemption ended on {row.until})"
            verdicts.append(
                Verdict(
                    rule=rule.id,
                    severity=rule.severity,
                    urn=node.urn,
                    type=node.type,
                    name=node.name,
                    outcome=outcome,
                    message=message,
                )
            )
    verdicts += [expired(row) for row in exemptions if not row.in_force(day)]
    unused = [row for row in exemptions if row not in used]
    here = {stack_of(node.urn) for node in stack}
    # What is not decidable now may be broken later, and need its exemption.
    decided = {rule.id for rule in rules} - {row.rule for row in verdicts if row.outcome == "undecided"}
    verdicts += [idle(row, rules, stack) for row in unused if here & set(row.stacks) and row.rule in decided]
    return Report(tuple(verdicts), tuple(unused))


def exemption_for(rule: Rule, node: Node, exemptions: Sequence[Exemption]) -> Exemption | None:
    """The exemption that covers a broken rule, the one that lasts longest where there are several."""
    found = [row for row in exemptions if row.covers(rule.id, node.urn, node.name)]
    return max(found, key=lambda row: row.until, default=None)


def idle(row: Exemption, rules: Sequence[Rule], stack: Stack) -> Verdict:
    """The verdict on an exemption that is for this very stack and matches nothing in it: it fails."""
    types = {token for rule in rules if rule.id == row.rule for token in rule.types}
    near = difflib.get_close_matches(row.resource, sorted({node.name for node in stack.of_type(*types)}), n=1)
    meant = f"; did you mean {near[0]!r}?" if near else "."
    return _failed(
        row,
        f"exemption of {row.rule}: resource is {row.resource!r}, and nothing of that name breaks the rule in "
        f"{', '.join(row.stacks)}{meant} Name a resource that does, or remove the row",
    )


def expired(row: Exemption) -> Verdict:
    """The verdict on an exemption whose last day has passed: it fails, whether it is still needed or not."""
    return _failed(
        row,
        f"exemption of {row.rule} for {row.resource!r}: until is {row.until}, which has passed; "
        "mend the resource and remove the row, or set a later day with a reason",
    )


def _failed(row: Exemption, message: str) -> Verdict:
    """The verdict on an exemption that is wrong by itself; it belongs to no resource."""
    return Verdict(
        rule=EXEMPTION_RULE,
        severity="medium",
        urn="",
        type="",
        name=row.resource,
        outcome="broken",
        message=message,
    )
