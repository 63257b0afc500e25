"""How one declared type lives in the local cloud, as a row: which call makes it, what is renamed, what is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.seam.names import hexadecimal


class Clients(Protocol):
    """The part of the local cloud that recipes use."""

    account: str

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client."""
        ...


class Caches(Protocol):
    """Starts Redis servers for replication groups."""

    def create(self, auth_token: str | None = None, **settings: Any) -> tuple[str, int]:
        """Host and port of a running server that speaks TLS and wants the token."""
        ...


class Databases(Protocol):
    """Starts PostgreSQL servers for clusters, and the gates of their proxies."""

    @property
    def host(self) -> str:
        """Where all of them are."""
        ...

    def create(self, name: str, **settings: Any) -> tuple[str, int]:
        """Host and port of a server that has begun to start."""
        ...

    def open(
        self, name: str, region: str, secrets: list[str], *, resource: str = "", role: str = ""
    ) -> tuple[str, int]:
        """Lets the roles of the secrets in, once the server answers."""
        ...


class RefusedError(RuntimeError):
    """The sandbox cannot make something; the text names it and where to add it."""


class KeptError(Exception):
    """Raised by a recipe's own code: this one resource is recorded instead of created, and the text says why."""


@dataclass(frozen=True)
class Answer:
    """An output that AWS assigns: a dotted path in the call's answer, and a template for when nothing is called."""

    path: str
    otherwise: str = ""


Output = str | Answer | Callable[["Work"], Any]
"""A function of the finished work, an Answer, or a template over the inputs and outputs: `arn:aws:s3:::{bucket}`.

A template may also use `{account}`, `{region}`, `{id}` and `{hash:17}` (that many digits, fixed by the URN).
"""


@dataclass
class Work:
    """One resource in the making: what the hand-written parts of a recipe read and change."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    region: str
    account: str
    root: Path
    """The project's folder: declared paths are relative to it."""
    cloud: Clients | None = None
    caches: Caches | None = None
    databases: Databases | None = None
    id: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Calls `service.method` in the resource's region."""
        return self.call_in(self.region, operation, **parameters)

    def call_in(self, region: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Calls `service.method` in another region."""
        if self.cloud is None:
            raise RuntimeError(f"{operation} needs a local cloud")
        service, method = operation.split(".")
        try:
            answer: dict[str, Any] = getattr(self.cloud.client(service, region), method)(**parameters)
        except (BotoCoreError, ClientError) as error:
            raise RefusedError(_refusal(self.type, operation, error)) from error
        return answer

    def tags(self, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        """The tags as AWS lists them."""
        return [{key: name, value: text} for name, text in sorted((self.inputs.get("tagsAll") or {}).items())]

    def fill(self, template: str) -> str | None:
        """The template with this resource's values; None when one of them is absent."""
        values = {
            **self.inputs,
            **self.outputs,
            "account": self.account,
            "region": self.region,
            "id": self.id,
            "hash": Digits(self.urn),
        }
        try:
            return template.format_map(values)
        except KeyError:
            return None


def _refusal(token: str, operation: str, error: Exception) -> str:
    response = getattr(error, "response", {})
    if response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400) < 500:
        return f"{operation}: {error}"
    # moto answers an operation that it lacks, or stumbles over, with a page of HTML.
    return (
        f"{operation}: moto lacks it or stumbled ({response['Error']['Code']}); look at the row of {token} in "
        "sandbox/recipes/, and give it a reason to be recorded if moto cannot hold the type"
    )


@dataclass(frozen=True)
class Digits:
    """`{hash:8}` in a template: eight hexadecimal digits, always the same for one URN."""

    urn: str

    def __format__(self, length: str) -> str:
        return hexadecimal(self.urn, int(length))


@dataclass(frozen=True)
class Recipe:
    """A row for one type. Without `call` the type is recorded, and `recorded` says why."""

    call: str = ""
    """`service.method` of boto3, such as `s3.create_bucket`."""
    recorded: str = ""
    """Why nothing is called."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """Parameter for an input, dotted on both sides, where the names do not tell."""
    by_hand: frozenset[str] = frozenset()
    """Inputs that `shape` or `after` carry over."""
    lost: Mapping[str, str] = field(default_factory=dict)
    """Inputs that the call takes and moto forgets, with the reason."""
    shape: Callable[[Work], None] | None = None
    """Completes `work.parameters` before the call."""
    caller: Callable[[Work], str] | None = None
    """Region that the call goes to where that is not the resource's own, as for replicas."""
    after: Callable[[Work], None] | None = None
    """Further calls."""
    id: Output = "{name}"
    outputs: Mapping[str, Output] = field(default_factory=dict)
    tags: str = "tags"
    """The parameter that takes tags; `ec2:vpc` makes a tag specification for that kind; empty: none."""


def hands(*names: str) -> frozenset[str]:
    """Inputs that a recipe's own code carries over."""
    return frozenset(names)
