"""Who signs: an access key of its own for each role session and each service, as STS would give them."""

from __future__ import annotations

import hashlib
import threading
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field

KEY = "test"
"""The administrator's access key, and the secret half of every key: nothing in the sandbox checks a signature by it but
the database's proxy."""
SERVICE = "service:"
"""What the principal of an AWS service begins with, such as `service:events.amazonaws.com`."""


@dataclass(frozen=True)
class Caller:
    """Somebody whose calls are judged."""

    principal: str
    """The ARN of a role, or a service's name behind `SERVICE`."""
    session: str = ""
    """The role session's name: what AWS puts into refusals behind the role's name."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Condition keys that go with every call, in lower case, such as the source's ARN or tags of the session."""
    placed: bool = False
    """Whether it calls out of a network of the account, through that network's endpoints where it has them."""

    @property
    def is_service(self) -> bool:
        """Whether it is an AWS service that calls in its own name."""
        return self.principal.startswith(SERVICE)


def service(name: str, source: str, account: str) -> Caller:
    """An AWS service such as `events.amazonaws.com` that calls on behalf of a resource of an account."""
    return Caller(SERVICE + name, context={"aws:sourcearn": (source,), "aws:sourceaccount": (account,)})


class Callers:
    """All who have been given keys, by access key. The same caller gets the same key each time."""

    def __init__(self) -> None:
        self._known: dict[str, Caller] = {}
        self._lock = threading.Lock()

    def key(self, caller: Caller) -> str:
        """The access key of a caller."""
        told = [
            caller.principal,
            caller.session,
            *(f"{name}={caller.context[name]}" for name in sorted(caller.context)),
        ]
        digest = b32encode(hashlib.sha256("\n".join(told).encode()).digest()).decode()
        key = f"ASIA{digest[:16]}"
        with self._lock:
            self._known[key] = caller
        return key

    def role(self, arn: str, session: str) -> str:
        """The access key of a role's session; the administrator's for a part that was declared without a role."""
        return self.key(Caller(arn, session)) if arn else KEY

    def of(self, key: str) -> Caller | None:
        """Who signs with a key; None for the administrator, who signs with anything else."""
        return self._known.get(key)


def variables(key: str) -> dict[str, str]:
    """The variables by which a process signs with a key; a role's has a session token, as on AWS."""
    if key == KEY:
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY}
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_SESSION_TOKEN": token(key)}


def token(key: str) -> str:
    """The session token that goes with a role's key."""
    return f"session-{key}"
