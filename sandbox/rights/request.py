"""One call of AWS as IAM sees it: who, what, on what, and the facts that conditions ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

Kind = Literal["role", "user", "service", "federated", "anonymous"]


@dataclass(frozen=True, slots=True)
class Access:
    """An action of a principal on resources; all of them have to be allowed."""

    principal: str
    """ARN of a role or a user, `service:lambda.amazonaws.com`, `federated:cognito-identity.amazonaws.com`, or
    `anonymous`."""
    action: str
    """Such as `s3:GetObject`."""
    resources: tuple[str, ...]
    """ARNs, or `("*",)` where the action has no resource."""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Condition keys in lower case, such as `kms:viaservice` or `aws:principaltag/team`, with their values."""
    session: str = ""
    """Name of the role's session; a function's is the function's name."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, taken apart."""

    kind: Kind
    name: str
    """The ARN, or the name of the service or of the identity provider."""
    account: str = ""
    session: str = ""
    """ARN of the assumed role's session, where the session has a name."""

    @property
    def root(self) -> str:
        """How policies name the whole account."""
        partition = self.name.split(":")[1] if self.name.startswith("arn:") else "aws"
        return f"arn:{partition}:iam::{self.account}:root" if self.account else ""

    @property
    def shown(self) -> str:
        """How AWS's messages name it."""
        return self.session or self.name


@lru_cache(maxsize=4096)
def principal(name: str, session: str = "") -> Principal:
    """Who a name stands for.

    Raises:
        ValueError: for a name in none of the known forms.
    """
    if name == "anonymous":
        return Principal("anonymous", "anonymous")
    kind, _, rest = name.partition(":")
    if kind == "service" and rest:
        return Principal("service", rest)
    if kind == "federated" and rest:
        return Principal("federated", rest)
    parts = name.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam":
        account, noun = parts[4], parts[5]
        if noun.startswith("user/"):
            return Principal("user", name, account)
        if noun.startswith("role/"):
            short = noun.rsplit("/", 1)[-1]
            assumed = f"arn:{parts[1]}:sts::{account}:assumed-role/{short}/{session}" if session else ""
            return Principal("role", name, account, assumed)
    raise ValueError(
        f"principal {name!r} is not known; give the ARN of an IAM role or user, 'service:NAME', "
        "'federated:NAME' or 'anonymous'"
    )


class Facts:
    """What conditions and variables may ask about a call: its context, and what the call itself tells."""

    __slots__ = ("_access", "resource", "who")

    def __init__(self, access: Access) -> None:
        self._access = access
        self.who = principal(access.principal, access.session)
        self.resource = "*"

    def __call__(self, key: str) -> tuple[str, ...]:
        """The values of a condition key in lower case; none where the call has no such key."""
        found = self._access.context.get(key)
        if found is None:
            derived = _DERIVED.get(key)
            text = derived(self) if derived else ""
            return (text,) if text else ()
        return found

    @property
    def resource_account(self) -> str:
        """The account that owns the resource; the caller's own where the ARN tells none."""
        told = self._access.context.get("aws:resourceaccount")
        parts = self.resource.split(":", 5)
        return (told[0] if told else "") or (parts[4] if len(parts) > 5 else "") or self.who.account


_TYPES: Final = {"role": "AssumedRole", "user": "User", "federated": "FederatedUser", "anonymous": "Anonymous"}

_DERIVED: Final[Mapping[str, Callable[[Facts], str]]] = {
    "aws:principalarn": lambda facts: facts.who.name if facts.who.account else "",
    "aws:principalaccount": lambda facts: facts.who.account,
    "aws:username": lambda facts: facts.who.name.rsplit("/", 1)[-1] if facts.who.kind == "user" else "",
    "aws:principaltype": lambda facts: _TYPES.get(facts.who.kind, ""),
    "aws:principalisawsservice": lambda facts: "true" if facts.who.kind == "service" else "false",
    "aws:principalservicename": lambda facts: facts.who.name if facts.who.kind == "service" else "",
    "aws:resourceaccount": lambda facts: facts.resource_account,
    "kms:calleraccount": lambda facts: facts.who.account,
}
"""Global keys that follow from who calls what."""
