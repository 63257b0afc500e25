"""A call and what IAM is asked for it, and a world in which calls are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.rights import Access
from sandbox.rights.actions import Call, accesses
from sandbox.rights.actions.call import Noun
from tests.sandbox.rights.calls import ACCOUNT, ROLE

REGION = "eu-west-1"


def arn(service: str, rest: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    """The ARN of something in the account of the calls."""
    return f"arn:aws:{service}:{region}:{account}:{rest}"


KEY = arn("kms", "key/1111")
SECRET = arn("secretsmanager", "secret:cache-AbCdEf")
MACHINE = arn("states", "stateMachine:training")
KEYED = "keyed"
"""What has this in its ARN is encrypted by the key."""
MISSING = "missing"
"""Objects that have this in their names are not there."""


@dataclass
class World:
    """What there is (sandbox.rights.actions.State)."""

    bucket_keys: bool = True
    tagged: Mapping[str, str] = field(default_factory=dict)

    def key_of(self, arn: str) -> str:
        return KEY if KEYED in arn else ""

    def find(self, noun: Noun, name: str) -> str:
        known = {("secret", "cache"): SECRET, ("key", "alias/data"): KEY, ("state machine", "token"): MACHINE}
        return name if name in known.values() else known.get((noun, name), "")

    def bucket_key(self, bucket: str) -> bool:
        return self.bucket_keys

    def exists(self, arn: str) -> bool:
        return MISSING not in arn

    def tags(self, arn: str) -> Mapping[str, str]:
        return self.tagged

    def partition_key(self, arn: str) -> str:
        return "owner" if "/index/" in arn else "id"


def asked(service: str, operation: str, world: World | None = None, **params: Any) -> tuple[Access, ...]:
    """What IAM is asked for a call."""
    call = Call(
        principal=ROLE,
        service=service,
        operation=operation,
        params=params,
        region=REGION,
        account=ACCOUNT,
        session="reading",
    )
    return accesses(call, world or World())


@dataclass(frozen=True)
class Case:
    """One call."""

    service: str
    operations: str
    """Separated by blanks where several are the same but for their names; `OPERATION` in a need stands for it."""
    params: Mapping[str, Any]
    needs: tuple[tuple[str, ...], ...]
    """Each an action with its resources."""

    def each(self) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
        """Every operation with its needs."""
        return [
            (name, tuple((need[0].replace("OPERATION", name), *need[1:]) for need in self.needs))
            for name in self.operations.split()
        ]


def case(service: str, operations: str, *needs: tuple[str, ...], **params: Any) -> Case:
    """A call by its service, operations, needs and parameters."""
    return Case(service, operations, params, needs)
