"""The page docs/reference/policies.md, written from the rules: `python -m policies.reference`."""

from __future__ import annotations

import sys
from pathlib import Path

from policies.exemptions import EXEMPTIONS
from policies.rule import SEVERITIES, Rule
from policies.rules import RULES, SERVICES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "policies.md"
HEAD = """# Policies

What may be deployed. Written by `python -m policies.reference` from the rows of `policies/rules/`; do not edit.

Every rule is mandatory: a broken one stops `pulumi up --policy-pack policies`, and `make up` prints it. A rule holds,
is broken, or is not decidable while a value that it needs is not known before the update; it is judged again when the
value is known. Scope "resource" is judged before that resource is created, scope "stack" when all are known.

Controls: FSBP is AWS Foundational Security Best Practices (Security Hub), CIS the AWS Foundations Benchmark 3.0.0,
ML Lens the Machine Learning Lens of the AWS Well-Architected Framework.
"""


def page() -> str:
    """The whole page; the same text for the same rules."""
    parts = [HEAD, overview(), controls(), exemptions()]
    for service, rules in SERVICES.items():
        parts.append(f"## {service}\n")
        parts += [described(rule) for rule in rules]
    return "\n".join(parts)


def overview() -> str:
    """How many rules there are of each service and severity."""
    lines = [f"| service | {' | '.join(SEVERITIES)} |", "|---|" + "---|" * len(SEVERITIES)]
    for service, rules in SERVICES.items():
        counts = [sum(rule.severity == severity for rule in rules) for severity in SEVERITIES]
        lines.append(f"| {service} | {' | '.join(str(count or '') for count in counts)} |")
    totals = [str(sum(rule.severity == severity for rule in RULES)) for severity in SEVERITIES]
    return "\n".join([*lines, f"| all {len(RULES)} | {' | '.join(totals)} |", ""])


def controls() -> str:
    """Which rules cover a control."""
    found: dict[str, list[str]] = {}
    for rule in RULES:
        for control in rule.controls:
            found.setdefault(control, []).append(f"`{rule.id}`")
    lines = ["## Controls", "", "| control | rules |", "|---|---|"]
    lines += [f"| {control} | {', '.join(found[control])} |" for control in sorted(found, key=natural)]
    return "\n".join([*lines, ""])


def natural(control: str) -> tuple[str, list[int]]:
    """A control as people order them: by name, then by number."""
    name, _, numbers = control.rpartition(".") if control.startswith("FSBP") else control.partition(" ")
    return name, [int(number) for number in numbers.split(".") if number.isdigit()]


def exemptions() -> str:
    """What is broken on purpose, and until when."""
    lines = ["## Exemptions", ""]
    if not EXEMPTIONS:
        return "\n".join([*lines, "None.", ""])
    lines += ["| rule | resource | stacks | until | reason |", "|---|---|---|---|---|"]
    for row in EXEMPTIONS:
        stacks = ", ".join(row.stacks) or "all"
        lines.append(f"| `{row.rule}` | `{row.resource}` | {stacks} | {row.until} | {row.reason} |")
    return "\n".join([*lines, ""])


def described(rule: Rule) -> str:
    """One rule."""
    kinds = ", ".join(f"`{token.removeprefix('aws:')}`" for token in rule.types[:6])
    more = f" and {len(rule.types) - 6} more" if len(rule.types) > 6 else ""
    facts = f"{rule.severity} · {rule.scope} · {', '.join(rule.controls) or 'no control'}"
    why = f"{rule.why} To mend: {rule.mend}."
    return f"### {rule.id}\n\n{facts}\n\n**{rule.what}** {why}\n\nJudges {kinds}{more}.\n"


def main() -> None:
    """Writes the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {len(RULES)} rules to {PAGE.name}\n")


if __name__ == "__main__":
    main()
