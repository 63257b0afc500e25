"""A real PostgreSQL with an empty database for each test, and what a test asks of it."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from pg8000.native import Connection

from functions.shared.database.connection import PostgreSql
from functions.shared.database.session import Row
from sandbox.database.server import Server
from sandbox.processes import Processes

ADMINISTRATOR, PASSWORD = "administrator", "only-for-tests"


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    server: Server
    _open: list[PostgreSql] = field(default_factory=list)

    def dial(self, database: str, user: str = ADMINISTRATOR, password: str = PASSWORD) -> Connection:
        """A connection by the server's socket, without proxy and TLS."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.connect(str(self.server.socket_path))
            return Connection(user, database=database, password=password, sock=sock, ssl_context=False)
        except BaseException:
            sock.close()
            raise

    def session(self, database: str, user: str = ADMINISTRATOR, password: str = PASSWORD) -> PostgreSql:
        """What functions use, over such connections."""
        made = PostgreSql(lambda: self.dial(database, user, password))
        self._open.append(made)
        return made

    def close(self) -> None:
        """Ends the connections of every session; one that is used again opens another."""
        for session in self._open:
            session.close()

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of an empty database."""
        name = f"test_{uuid4().hex}"
        control = self.dial("postgres")
        control.run(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self.close()
            control.run(f"DROP DATABASE {name} WITH (FORCE)")
            control.close()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Starts a server and ends it."""
    with tempfile.TemporaryDirectory() as folder:
        processes = Processes(Path(folder))
        server = Server(processes, "test")
        try:
            server.make(ADMINISTRATOR, PASSWORD)
            server.start()
            yield Postgres(server)
        finally:
            processes.close()
            server.remove()


class Explained:
    """A session that runs each statement as it is, after it has noted how PostgreSQL would."""

    def __init__(self, database: PostgreSql) -> None:
        self._database = database
        self.nodes: list[dict[str, Any]] = []
        """Every step of every plan."""

    def run(self, sql: str, **values: Any) -> list[Row]:
        """Notes the plan, runs the statement."""
        found = self._database.run(f"EXPLAIN (FORMAT JSON) {sql}", **values)[0]["QUERY PLAN"]
        plan = json.loads(found) if isinstance(found, str) else found
        self.nodes += _steps(plan[0]["Plan"])
        return self._database.run(sql, **values)


def _steps(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(step for inner in plan.get("Plans", []) for step in _steps(inner))]
