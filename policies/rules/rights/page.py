"""The page docs/reference/wildcards.md: what each stack's policies leave open, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from policies.exemptions import EXEMPTIONS
from policies.resources import Stack
from policies.rules.rights.reasons import KINDS
from policies.rules.rights.wildcards import RULES, Wildcard, wildcards

HEAD = """# Wildcards

Every `*` in the actions and resources of all policies that a stack declares (of roles and their trust, keys, buckets,
queues, topics, secrets and the network's endpoints), by the reason why it stands there. Written by `make docs` from the
stacks and `policies/rules/rights/`; do not edit. The rule `policy-wildcards-explained` holds it: a wildcard without a
reason stops a deployment.
"""


def page(stacks: Mapping[str, Stack]) -> str:
    """The whole page; the same text for the same stacks."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for name, stack in stacks.items():
        for found, reason in told(stack):
            counts.setdefault((found.element, found.kind, reason), Counter())[name] += 1
    lines = [HEAD, f"| in | of | reason | {' | '.join(stacks)} |", "|---|---|---|" + "---|" * len(stacks)]
    lines += [_row(key, [counts[key][name] for name in stacks]) for key in sorted(counts)]
    lines.append(_row(("all", "", ""), [sum(count[name] for count in counts.values()) for name in stacks]))
    without = [sum(count[name] for key, count in counts.items() if not key[2]) for name in stacks]
    lines.append(_row(("without a reason", "", ""), without))
    return "\n".join([*lines, ""])


def told(stack: Stack) -> Iterator[tuple[Wildcard, str]]:
    """Every wildcard of a stack with its reason, an exemption's where the rule is broken on purpose."""
    for node in stack.of_type(*KINDS):
        kind, name = KINDS[node.type]
        covering = (row.reason for row in EXEMPTIONS if row.covers(RULES[0].id, node.urn, node.name))
        apart = next((f"exempt: {reason}" for reason in covering), "")
        for found in wildcards(kind, node.props.get(name)):
            yield found, found.reason or apart


def _row(key: tuple[str, str, str], counts: list[int]) -> str:
    return f"| {' | '.join(key)} | {' | '.join(str(count) for count in counts)} |"
