"""Wildcards of all policy documents, each with the reason why it stands there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from policies.documents import Statement, statements
from policies.resources import Node
from policies.rule import Rule
from policies.rules.iam import EVERY_TOPIC, NETWORK_INTERFACE_ACTIONS, WITHOUT_RESOURCE
from policies.rules.rights.reasons import ACTIONS, KINDS, RESOURCES, Form

DENIAL = "a denial that left something out would deny too little"
CONDITION = "the statement's condition names what the wildcard leaves open"


@dataclass(frozen=True)
class Wildcard:
    """One place of a document that leaves something open."""

    kind: str
    """The kind of document, as in `reasons.KINDS`."""
    statement: Statement
    element: str
    """`Action` or `Resource`, or what is left out: `NotAction`, `NotResource`."""
    text: str
    reason: str
    """Why; empty for one that has no reason."""


def wildcards(kind: str, document: object) -> Iterator[Wildcard]:
    """Every wildcard in the actions and resources of a document."""
    for row in statements(document):
        for element, texts in (
            ("Action", row.actions),
            ("NotAction", row.not_actions),
            ("Resource", row.resources),
            ("NotResource", row.not_resources),
        ):
            for text in texts:
                if element.startswith("Not") or "*" in text or "?" in text:
                    yield Wildcard(
                        kind, row, element, text, DENIAL if not row.allows else _reason(kind, row, element, text)
                    )


def _reason(kind: str, row: Statement, element: str, text: str) -> str:
    if element == "Action":
        return _of(ACTIONS, kind, text)
    if element == "Resource":
        found = _of(RESOURCES, kind, text)
        return found or (_of_actions(row) if kind == "role" and text == "*" else "")
    return ""


def _of(forms: Iterable[Form], kind: str, text: str) -> str:
    return next((form.reason for form in forms if form.explains(kind, text)), "")


def _of_actions(row: Statement) -> str:
    """Why the actions of a role stand on `*`; empty unless each of them has a reason."""
    found = dict.fromkeys(_of_action(action, row) for action in row.actions)
    return "" if "" in found else "; ".join(found)


def _of_action(action: str, row: Statement) -> str:
    if action in NETWORK_INTERFACE_ACTIONS:
        return "interfaces have no names before; the code is denied them, or a condition bounds them"
    if action == "sns:Publish":
        return f"text messages to telephones, which have no ARN; {EVERY_TOPIC} is denied"
    listed = next((why for pattern, _, why in WITHOUT_RESOURCE if fnmatchcase(action, pattern)), "")
    return listed or (CONDITION if any(key.startswith("aws:resourcetag/") for key in row.condition_keys) else "")


def explained(node: Node) -> Iterable[str]:
    """Every wildcard has a reason."""
    kind, name = KINDS[node.type]
    for found in wildcards(kind, node.props.get(name)):
        if not found.reason:
            yield f"{name}: {found.statement.label} has {found.element} {found.text}, which no row gives a reason for"


RULES = (
    Rule(
        id="policy-wildcards-explained",
        severity="high",
        controls=("FSBP IAM.1", "FSBP IAM.21"),
        types=tuple(KINDS),
        what="Every wildcard in the actions and resources of any policy has a reason in `policies/rules/rights/`.",
        why="A policy that leaves a name open grants what nobody thought of, in keys and buckets as in roles.",
        mend="name the action or the resource, or add the form with its reason to policies/rules/rights/reasons.py",
        check=explained,
    ),
)
