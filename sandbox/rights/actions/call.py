"""A call of the SDK, what has to be known to judge it, and the rows that turn it into what IAM is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case with their values."""

Noun = Literal["key", "secret", "state machine"]


class UnmappedCallError(LookupError):
    """A call that no row tells the rights of; it can neither be allowed nor refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as the SDK makes it."""

    principal: str
    """Who calls, as `Access.principal`."""
    service: str
    """Botocore's name of the service, such as `stepfunctions`; `rds-db` for signing in to a database."""
    operation: str
    """Such as `GetObject`."""
    params: Mapping[str, Any]
    """What boto3 takes."""
    region: str
    account: str
    """The account that the call is made in."""
    session: str = ""
    """Name of the role's session."""
    context: Context = field(default_factory=dict)
    """What only the caller's surroundings tell: `aws:sourcearn`, `aws:principaltag/…`, `lambda:sourcefunctionarn`."""

    def arn(self, service: str, rest: str, *, region: str | None = None, account: str | None = None) -> str:
        """The ARN of something where the call is made."""
        place = self.region if region is None else region
        owner = self.account if account is None else account
        return f"arn:{partition(self.region)}:{service}:{place}:{owner}:{rest}"

    def text(self, *names: str) -> str:
        """The first parameter of these that has a value, as text; empty where none has."""
        return next((str(self.params[name]) for name in names if self.params.get(name) not in (None, "")), "")


class State(Protocol):
    """What is there: calls name buckets, and IAM asks for the keys behind them."""

    def key_of(self, arn: str) -> str:
        """ARN of the customer managed key that encrypts a bucket, object, table, queue, topic, secret or guardrail.

        Empty for what is not encrypted, or by a key that AWS owns or manages.
        """

    def find(self, noun: Noun, name: str) -> str:
        """The full ARN of a key by id or alias, of a secret by name or partial ARN, of a state machine by task token.

        Empty for one that there is not.
        """

    def bucket_key(self, bucket: str) -> bool:
        """Whether objects of a bucket are encrypted by way of a bucket key."""

    def exists(self, arn: str) -> bool:
        """Whether an object of a bucket is there."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of an object."""

    def partition_key(self, arn: str) -> str:
        """Name of the attribute that partitions a table or an index; empty for one that there is not."""


@dataclass(frozen=True, slots=True)
class Need:
    """One action on resources that a call needs; empty resources stand for `*`."""

    action: str
    resources: tuple[str, ...] = ()
    context: Context = field(default_factory=dict)


Row = Callable[[Call, State], Iterable[Need]]
"""What one operation needs."""

Table = Mapping[str, Row]
"""By operation."""


def partition(region: str) -> str:
    """The partition that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def suffix(region: str) -> str:
    """The end of the names of a region's addresses."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def public(_: Call, __: State) -> Iterable[Need]:
    """An operation that asks nobody's rights: it is not signed, or proves itself by a token."""
    return ()


def anything(action: str) -> Row:
    """An operation on nothing that has an ARN."""
    return lambda call, _: (Need(action, context=tagging(call)),)


def on(action: str, arn: Callable[[Call], str]) -> Row:
    """An operation on one resource, which the parameters tell."""
    return lambda call, _: (Need(action, (arn(call),), tagging(call)),)


def tagging(call: Call) -> dict[str, tuple[str, ...]]:
    """The tags that a call gives, as conditions ask for them: `[{"Key", "Value"}]` or a mapping."""
    given = call.params.get("Tags") or call.params.get("tags")
    if not given:
        return {}
    pairs = given.items() if isinstance(given, Mapping) else [_pair(row) for row in given]
    named = {str(key): str(value) for key, value in pairs}
    return {"aws:tagkeys": tuple(named), **{f"aws:requesttag/{key.lower()}": (value,) for key, value in named.items()}}


def _pair(row: Mapping[str, Any]) -> tuple[Any, Any]:
    lower = {str(name).lower(): value for name, value in row.items()}
    return lower.get("key", ""), lower.get("value", "")


def one(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    """A condition key with one value; no key for an absent value."""
    if value is None:
        return {}
    return {key: (str(value).lower() if isinstance(value, bool) else str(value),)}
