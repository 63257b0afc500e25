"""IAM policy documents as rules read them: every form of the language made one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.resources import Unknown


def listed(value: Any) -> tuple[str, ...]:
    """A text or a list of texts as a tuple; nothing as an empty one."""
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    return (str(value),)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement, with lists where the language allows one value."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: Mapping[str, tuple[str, ...]]
    """By kind: `AWS`, `Service`, `Federated`; the plain `"*"` is `{"*": ("*",)}`."""
    not_principals: Mapping[str, tuple[str, ...]]
    """Who is left out, by kind."""
    condition: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Operator → key in lower case → values."""

    @property
    def label(self) -> str:
        """How a message names it."""
        return f"statement {self.sid!r}" if self.sid else f"statement on {', '.join(self.actions or self.not_actions)}"

    @property
    def anyone(self) -> bool:
        """True where it speaks about every principal."""
        everyone = any("*" in names for kind, names in self.principals.items() if kind in {"*", "AWS"})
        return everyone or bool(self.not_principals)

    @property
    def condition_keys(self) -> frozenset[str]:
        """The condition keys that it uses, in lower case."""
        return frozenset(key for by_key in self.condition.values() for key in by_key)

    def requires(self, operator: str, key: str, value: str) -> bool:
        """True where the condition has this operator, key and value."""
        return value.lower() in (text.lower() for text in self.condition.get(operator, {}).get(key.lower(), ()))


def statements(document: Any) -> Iterator[Statement]:
    """The statements of a document, which is JSON text or already an object; none for a missing one.

    Raises:
        ValueError: where it is no policy document.
        UndecidedError: where it, or a part of it, is not known yet.
    """
    if isinstance(document, Unknown):
        document.use()
    if document is None or document == "":
        return
    parsed = json.loads(document) if isinstance(document, str) else document
    if not isinstance(parsed, Mapping) or "Statement" not in parsed:
        raise ValueError("the document has no Statement")
    found = parsed["Statement"]
    for row in [found] if isinstance(found, Mapping) else found:
        yield Statement(
            sid=str(row.get("Sid", "")),
            allows=_allows(row["Effect"]),
            actions=listed(row.get("Action")),
            not_actions=listed(row.get("NotAction")),
            resources=listed(row.get("Resource")),
            not_resources=listed(row.get("NotResource")),
            principals=principals(row.get("Principal")),
            not_principals=principals(row.get("NotPrincipal")),
            condition={
                operator: {key.lower(): listed(value) for key, value in by_key.items()}
                for operator, by_key in (row.get("Condition") or {}).items()
            },
        )


def _allows(effect: Any) -> bool:
    if effect not in {"Allow", "Deny"}:
        raise ValueError(f"Effect {effect!r} does not exist; allowed: Allow, Deny")
    return bool(effect == "Allow")


def principals(value: Any) -> Mapping[str, tuple[str, ...]]:
    """Principals by kind."""
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return {kind: listed(names) for kind, names in value.items()}
    return {"*": listed(value)}


BOUNDING_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "kms:calleraccount",
        "kms:encryptioncontext:aws:logs:arn",
        "s3:dataaccesspointaccount",
    }
)
"""Condition keys that bound who may use a grant that is written for everyone or for a whole service."""


def public_grants(document: Any) -> Iterator[Statement]:
    """Statements that let anyone in, without a condition that bounds who."""
    for statement in statements(document):
        if statement.allows and statement.anyone and not statement.condition_keys & BOUNDING_KEYS:
            yield statement


def denies_plain_http(document: Any, action: str) -> bool:
    """True where a statement denies everyone the action, or all actions, over a connection without TLS."""
    wanted = {action.lower(), action.split(":", maxsplit=1)[0].lower() + ":*", "*"}
    return any(
        not statement.allows
        and statement.anyone
        and wanted & {name.lower() for name in statement.actions}
        and statement.requires("Bool", "aws:SecureTransport", "false")
        for statement in statements(document)
    )
