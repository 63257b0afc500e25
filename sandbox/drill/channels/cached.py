"""Values written into the cache as functions do it: by TLS, with the token from its secret."""

from __future__ import annotations

import json
import uuid
from typing import Any

from sandbox.drill.client import RefusedError
from sandbox.drill.context import Context
from sandbox.drill.losses import Write
from sandbox.state import LEDGER

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
_TIMEOUT_S = 2.0
_KEEP_S = 3600


class Cached:
    """The cache's primary, by its address that never changes."""

    name = "cached values"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._redis: Any = None

    def write(self, number: int) -> tuple[str, str]:
        """Sets a new key."""
        import redis

        key, value = f"drill:{uuid.uuid4()}", str(number)
        try:
            self._open().set(key, value, ex=_KEEP_S)
        except (redis.RedisError, OSError) as error:
            raise RefusedError(f"the cache: {error}") from error
        return key, value

    def read(self, write: Write) -> str | None:
        """The key's value."""
        found = self._open().get(write.id)
        return None if found is None else str(found.decode())

    def _open(self) -> Any:
        import redis

        if self._redis is None:
            outputs = self._declared()
            self._redis = redis.Redis(
                host=outputs["primaryEndpointAddress"],
                port=int(outputs["port"]),
                password=self._token(outputs["replicationGroupId"]),
                ssl=True,
                ssl_ca_certs=str(self._context.home.path / "cache" / "ca.pem"),
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                protocol=2,
            )
        return self._redis

    def _declared(self) -> dict[str, Any]:
        """The group of this stack in the region that is worked in."""
        content = json.loads((self._context.home.path / LEDGER).read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = [
            row["outputs"]
            for row in content["resources"]
            if row["type"] == GROUP and row["region"] == self._context.state.region
        ]
        if len(found) != 1:
            raise RefusedError(f"the stack has {len(found)} caches in {self._context.state.region}, not one")
        return found[0]

    def _token(self, group: str) -> str:
        """What the cache's secret holds; the secret is known by its description, as its name is AWS's choice."""
        secrets = self._context.client("secretsmanager")
        wanted = f"Token of the prediction cache {group}"
        pages = secrets.get_paginator("list_secrets").paginate()
        arn = next(row["ARN"] for page in pages for row in page["SecretList"] if row.get("Description") == wanted)
        return str(json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])["token"])
