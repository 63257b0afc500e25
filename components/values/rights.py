"""Rights: statements of IAM policies, and the documents that they make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

from pulumi import Input, Output

from components.values.gaps import filled

RETENTION_DAYS: Final = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""How long CloudWatch Logs can keep a log group; every other number is refused by PutRetentionPolicy."""


class Statement(TypedDict):
    """One statement of an IAM policy. Action and Resource are lists, so that documents compare and sort."""

    Sid: NotRequired[str]
    """Name inside the document: letters and digits."""
    Effect: Literal["Allow", "Deny"]
    """What the statement does."""
    Action: Sequence[str]
    """Operations such as `s3:GetObject`."""
    Resource: NotRequired[Input[Sequence[Input[str]]]]
    """ARNs; absent in trust policies only."""
    Principal: NotRequired[str | Mapping[str, Input[Any]]]
    """Who; in trust, key and bucket policies only."""
    Condition: NotRequired[Mapping[str, Mapping[str, Input[Any]]]]
    """Operator → key → values."""


def policy_json(statements: Sequence[Statement]) -> Output[str]:
    """An IAM document with sorted keys and lists, the same text for the same rights.

    A statement given twice appears once; different statements with the same Sid are numbered, because IAM refuses
    a Sid that repeats.
    """
    return filled(list(statements), document)


def document(statements: Sequence[Mapping[str, Any]]) -> str:
    """The JSON text of resolved statements."""
    unique: dict[str, dict[str, Any]] = {}
    for statement in statements:
        tidy = {key: _tidy(value) for key, value in statement.items()}
        unique.setdefault(json.dumps(tidy, sort_keys=True), tidy)
    taken: set[str] = set()
    for statement in unique.values():
        sid = statement.get("Sid")
        if sid is None:
            continue
        numbered = (sid, *(f"{sid}{number}" for number in range(2, len(unique) + 2)))
        statement["Sid"] = next(name for name in numbered if name not in taken)
        taken.add(statement["Sid"])
    return json.dumps({"Statement": list(unique.values()), "Version": "2012-10-17"}, sort_keys=True)


def trust_json(service: str, *, conditions: Mapping[str, Mapping[str, Input[Any]]] | None = None) -> Output[str]:
    """The trust document of a role that an AWS service such as `lambda.amazonaws.com` assumes."""
    statement: Statement = {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": service}}
    if conditions:
        statement["Condition"] = conditions
    return policy_json([statement])


def _tidy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _tidy(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return sorted({_tidy(inner) for inner in value})
    return value
