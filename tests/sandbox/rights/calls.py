"""Policies and calls that the tests of rights share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.rights import Access, Grants, Policy

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
BUCKET = "arn:aws:s3:::lake"
OBJECT = f"{BUCKET}/raw/a.csv"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1111"


def statement(effect: str = "Allow", action: Any = "s3:GetObject", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement; `Sid`, `Principal`, `Condition` and others by name, `None` takes an element away."""
    made = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {name: value for name, value in made.items() if value is not None}


def policy(*statements: Mapping[str, Any], name: str = "own", version: str = "2012-10-17") -> Policy:
    """A compiled policy of statements."""
    return Policy.parse(name, {"Version": version, "Statement": list(statements)})


def access(
    action: str = "s3:GetObject",
    *resources: str,
    principal: str = ROLE,
    session: str = "reading",
    context: Mapping[str, tuple[str, ...]] | None = None,
) -> Access:
    """A call of the role `reader` on an object of its own account, unless told otherwise."""
    return Access(principal, action, resources or (OBJECT,), dict(context or {}), session)


def granted(*statements: Mapping[str, Any]) -> Grants:
    """What a role with these statements may do, where no resource has a policy."""
    return Grants(identity=(policy(*statements),))
