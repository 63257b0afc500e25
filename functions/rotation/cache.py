"""The cache's token: ElastiCache takes the new one beside the old, then forgets the old one."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from functions.rotation.logic import Value
from functions.shared.aws.sdk import client, code_of
from functions.shared.cache.resp import ConnectionLostError, Dialer, RefusedError
from functions.shared.tasks import WorkError

ALPHABET = string.ascii_letters + string.digits
"""ElastiCache refuses some punctuation marks."""
LENGTH = 64
"""Characters; 16 to 128 are allowed."""
ANSWER_S = 2.0
POLL_S = 5.0
PATIENCE_S = 780.0
"""Below the function's 900 seconds: what takes longer is told, and the step tried again."""


class Group(Protocol):
    """The replication group (functions.rotation.cache.ReplicationGroup)."""

    def settled(self) -> bool:
        """Whether no change of it is under way."""

    def change(self, token: str, strategy: str) -> None:
        """Begins to take a token: ROTATE beside the last one, SET instead of all others."""

    def accepts(self, token: str) -> bool:
        """Whether a client signs in with a token; WorkError where the cache does not answer."""


@dataclass(frozen=True)
class CacheToken:
    """The kind `cache`: `{"token": …}`."""

    group: Group
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def invent(self, current: Value) -> Value:
        """Another token; what else the secret holds stays."""
        return {**current, "token": "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))}

    def install(self, pending: Value, current: Value) -> None:
        """The group accepts both tokens."""
        token = _token(pending)
        if token == _token(current):
            return
        self._settle()
        # A third token would push out the one in force, so a token that works already is not added again.
        if not self.group.accepts(token):
            self.group.change(token, "ROTATE")
            self._settle()

    def prove(self, pending: Value) -> None:
        """A client signs in with the new token."""
        if not self.group.accepts(_token(pending)):
            raise WorkError("the cache refuses the new token; see its events in ElastiCache, then rotate again")

    def retire(self, current: Value, previous: Value | None) -> None:
        """The group accepts the token in force alone; open connections stay signed in."""
        old = previous and _token(previous)
        if not old or old == _token(current):
            return
        self._settle()
        if self.group.accepts(old):
            self.group.change(_token(current), "SET")
            self._settle()

    def _settle(self) -> None:
        deadline = self.clock() + PATIENCE_S
        while not self.group.settled():
            if self.clock() >= deadline:
                raise WorkError(
                    f"the cache is still being changed after {PATIENCE_S:.0f} s; wait until it is available, then "
                    "rotate again"
                )
            self.sleep(POLL_S)


def _token(value: Value) -> str:
    token = value.get("token")
    if not isinstance(token, str) or not token:
        raise WorkError('the secret of the cache has no text "token"; put {"token": …} with put-secret-value')
    return token


class ReplicationGroup:
    """A replication group of ElastiCache, and its primary over TLS."""

    def __init__(self, group_id: str, host: str, port: int) -> None:
        self._id, self._host, self._port = group_id, host, port

    def settled(self) -> bool:
        """Whether no change of it is under way."""
        found = client("elasticache").describe_replication_groups(ReplicationGroupId=self._id)["ReplicationGroups"][0]
        changing: dict[str, Any] = found.get("PendingModifiedValues") or {}
        return found["Status"] == "available" and not changing.get("AuthTokenStatus")

    def change(self, token: str, strategy: str) -> None:
        """Begins to take a token."""
        from botocore.exceptions import ClientError

        try:
            client("elasticache").modify_replication_group(
                ReplicationGroupId=self._id,
                AuthToken=token,
                AuthTokenUpdateStrategy=strategy,
                ApplyImmediately=True,
            )
        except ClientError as error:
            # AWS's own words may quote the token.
            raise WorkError(f"ElastiCache refused to {strategy} the token of {self._id}: {code_of(error)}") from error

    def accepts(self, token: str) -> bool:
        """Whether a client signs in with a token."""
        dial = Dialer(self._host, self._port, password=token.encode)
        try:
            connection = dial(ANSWER_S)
            try:
                connection.call(b"PING", timeout_s=ANSWER_S)
            finally:
                connection.close()
        except RefusedError as error:
            if error.code in {"WRONGPASS", "NOAUTH", "ERR"}:
                return False
            raise WorkError(f"the cache {self._id} answers {error.code}; mend it, then rotate again") from error
        except ConnectionLostError as error:
            raise WorkError(f"the cache {self._id} cannot be reached ({error}); mend it, then rotate again") from error
        return True
