"""Rows written into the database as functions do it: through the proxy, by TLS, signed in by a token of IAM."""

from __future__ import annotations

import json
import ssl
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.cloud import HOST
from sandbox.drill.client import RefusedError
from sandbox.drill.context import Context
from sandbox.drill.losses import Write
from sandbox.state import LEDGER

CLUSTER = "aws:rds/cluster:Cluster"
ROLE = "application"
_TIMEOUT_S = 5


class Rows:
    """Records of a user of the drill's own.

    Args:
        context: the sandbox.
        owner: id of that user.
        region: whose database is written and read, asked each time; that of the stack by default.
    """

    name = "rows"

    def __init__(self, context: Context, owner: str, region: Callable[[], str] | None = None) -> None:
        self._context, self._owner = context, owner
        self._region = region or (lambda: context.state.region)
        self._connection: Any = None
        self._connected = ""

    def write(self, number: int) -> tuple[str, str]:
        """Inserts a record."""
        identity, value = str(uuid.uuid4()), json.dumps({"number": number}, sort_keys=True)
        self._run(
            "INSERT INTO platform.users (id, email) VALUES (CAST(:owner AS uuid), :email) ON CONFLICT DO NOTHING",
            owner=self._owner,
            email=f"{self._owner}@example.com",
        )
        self._run(
            "INSERT INTO platform.records (id, owner_id, payload) "
            "VALUES (CAST(:id AS uuid), CAST(:owner AS uuid), CAST(:payload AS jsonb))",
            id=identity,
            owner=self._owner,
            payload=value,
        )
        return identity, value

    def read(self, write: Write) -> str | None:
        """The record's payload."""
        found = self._run("SELECT payload FROM platform.records WHERE id = CAST(:id AS uuid)", id=write.id)
        return json.dumps(found[0][0], sort_keys=True) if found else None

    def delete(self, identities: list[str]) -> None:
        """Removes records, as a faulty program does."""
        self._run("DELETE FROM platform.records WHERE id = ANY(CAST(:ids AS uuid[]))", ids=identities)

    def clear(self) -> None:
        """Removes everything that the drill wrote."""
        self._run("DELETE FROM platform.users WHERE id = CAST(:owner AS uuid)", owner=self._owner)

    def _run(self, statement: str, **values: Any) -> Any:
        from pg8000.exceptions import Error

        region = self._region()
        try:
            if self._connection is None or self._connected != region:
                self._connection, self._connected = self._connect(region), region
            return self._connection.run(statement, **values)
        except (Error, OSError) as error:
            # The next write signs in anew.
            self._connection = None
            raise RefusedError(f"the database: {error}") from error

    def _connect(self, region: str) -> Any:
        from pg8000.native import Connection

        declared = cluster(self._context, region)
        trusted = ssl.create_default_context(cafile=str(self._context.home.path / "cache" / "ca.pem"))
        port = int(declared["port"])
        token = self._context.client("rds", region).generate_db_auth_token(HOST, port, ROLE, region)
        name = str(declared["databaseName"])
        return Connection(
            ROLE, host=HOST, port=port, password=token, database=name, ssl_context=trusted, timeout=_TIMEOUT_S
        )


def cluster(context: Context, region: str = "") -> dict[str, Any]:
    """What the cluster of a region came to be, of the stack's own without one; RefusedError when there is none."""
    region = region or context.state.region
    content = json.loads((context.home.path / LEDGER).read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = [
        row["outputs"] for row in content["resources"] if row["type"] == CLUSTER and row["region"] == region
    ]
    if len(found) != 1:
        raise RefusedError(f"the stack has {len(found)} databases in {region}, not one")
    return found[0]
