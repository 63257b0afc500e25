"""Everything that grants or limits what a principal may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.rights.policy.document import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """The policies that speak about a call: the caller's own, and those of resources."""

    identity: tuple[Policy, ...] = ()
    """The caller's inline and attached policies."""
    boundary: Policy | None = None
    """The caller's permissions boundary, if it has one."""
    resource: Mapping[str, Policy] = field(default_factory=dict)
    """By the ARN that carries it: bucket, key, queue, topic, secret, function or alias; a role carries its trust."""
    endpoint: Policy | None = None
    """The policy of the VPC endpoint that the call goes through, if it goes through one that has a policy."""


def carrier(resource: str) -> str:
    """The ARN whose policy speaks about a resource: an object's bucket, an index's table; mostly the ARN itself."""
    parts = resource.split(":", 5)
    if len(parts) < 6:
        return resource
    if parts[2] == "s3":
        return f"{':'.join(parts[:5])}:{parts[5].split('/', 1)[0]}"
    if parts[2] == "dynamodb" and "/index/" in parts[5]:
        return resource.split("/index/", 1)[0]
    return resource
