"""The databases of one sandbox: a PostgreSQL for each cluster, started beside the program, and the gate before it."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.cloud import HOST, Cloud, listen
from sandbox.database.server import START_S, Server
from sandbox.ledger import Ledger
from sandbox.processes import Process, Processes, inherited

NOTE = (
    "database: one local PostgreSQL stands for the cluster, its readers and the proxy; the proxy's TLS, tokens of IAM "
    "and secrets are checked as declared, the right rds-db:connect of a role is not"
)


@dataclass
class _Database:
    """One cluster: its server, the listener of its gate, and how far it is."""

    server: Server
    listener: socket.socket
    region: str
    superuser: str
    password: str
    secrets: list[str] = field(default_factory=list)
    gate: Process | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    failure: BaseException | None = None

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])


class Databases:
    """All databases of one sandbox; their data is gone after `close()`.

    Args:
        cloud: where the proxy reads secrets.
        directory: where logs go.
        authority: gives the folder with `server.pem` and `server.key` of the authority that functions trust.
    """

    def __init__(self, cloud: Cloud, directory: Path, authority: Callable[[], Path]) -> None:
        self.cloud = cloud
        self._authority = authority
        self._processes = Processes(directory.resolve())
        self._databases: dict[tuple[str, str], _Database] = {}
        """By cluster identifier and region."""

    def install(self) -> None:
        """Nothing of moto is changed: the recipes call `create` and `open`."""

    def attach(self, _ledger: Ledger) -> None:
        """Waits until every declared database answers; RuntimeError says why one does not."""
        for name, region in self._databases:
            self.wait(name, region)

    @property
    def host(self) -> str:
        """Where all of them are."""
        return HOST

    @property
    def notes(self) -> list[str]:
        """What differs from AWS, for the report."""
        return [NOTE] if self._databases else []

    def create(self, name: str, *, superuser: str, password: str, database: str, region: str) -> tuple[str, int]:
        """Begins to make a cluster's PostgreSQL and gives host and port at once; `wait` tells when it answers."""
        if (name, region) in self._databases:
            raise ValueError(f"database {name!r} exists already in {region}; choose another cluster identifier")
        server = Server(self._processes, f"{region}-{name}")
        found = _Database(server, listen(0, "the database's port"), region, superuser, password)
        self._databases[name, region] = found
        work = threading.Thread(
            target=_make, args=(found, superuser, password, database), name=f"database {name}", daemon=True
        )
        work.start()
        return HOST, found.port

    def open(self, name: str, region: str, secrets: list[str]) -> tuple[str, int]:
        """Lets callers in who bring a token of IAM, for the roles of the secrets, once the database answers."""
        self.wait(name, region)
        found = self._find(name, region)
        found.secrets = secrets
        folder = self._authority()
        plan = {
            "addresses": [f"{HOST}:{found.port}"],
            "keys": {key: key for key in [self.cloud.environment()["AWS_ACCESS_KEY_ID"]]},
            "endpoint": self.cloud.endpoint,
            "region": found.region,
            "secrets": secrets,
        }
        script = Path(__file__).with_name("gate.py")
        files = [folder / "server.pem", folder / "server.key", found.server.socket_path]
        found.gate = self._processes.start(
            f"postgres-gate-{found.server.name}",
            [sys.executable, "-I", "-S", script, str(found.listener.fileno()), *files],
            environment=inherited(),
            pass_fds=[found.listener.fileno()],
            stdin=json.dumps(plan).encode(),
        )
        return HOST, found.port

    def wait(self, name: str, region: str) -> None:
        """Returns when a database answers; RuntimeError says why it does not."""
        found = self._find(name, region)
        if not found.ready.wait(2 * START_S):
            raise RuntimeError(f"database {name!r} did not start in {2 * START_S:.0f} s")
        if found.failure is not None:
            raise RuntimeError(f"database {name!r} could not be made: {found.failure}") from found.failure

    def lose(self, region: str) -> None:
        """Ends the servers of a region; connections break and new ones are refused, the data stays."""
        for found in self._of(region):
            found.server.stop()

    def recover(self, region: str) -> None:
        """Starts the servers of a lost region again, with their data."""
        for found in self._of(region):
            found.server.stop()
            found.server.start()

    def close(self) -> None:
        """Ends every database and forgets its data."""
        for found in self._databases.values():
            found.ready.wait(START_S)
        self._processes.close()
        for found in self._databases.values():
            found.listener.close()
            found.server.remove()

    def _of(self, region: str) -> list[_Database]:
        return [found for (_, where), found in self._databases.items() if where == region]

    def _find(self, name: str, region: str) -> _Database:
        if (name, region) not in self._databases:
            known = ", ".join(f"{one} in {where}" for one, where in self._databases) or "none"
            raise LookupError(f"no database {name!r} in {region}; there are: {known}")
        return self._databases[name, region]


def _make(found: _Database, superuser: str, password: str, database: str) -> None:
    try:
        found.server.make(superuser, password)
        found.server.start()
        _first_database(found.server, superuser, password, database)
    except Exception as error:  # noqa: BLE001  # told to whoever waits, in their thread
        found.failure = error
    finally:
        found.ready.set()


def _first_database(server: Server, superuser: str, password: str, database: str) -> None:
    """Makes the declared database, and what RDS gives its administrator."""
    from pg8000.native import Connection, identifier

    settings: dict[str, Any] = {"user": superuser, "password": password, "unix_sock": str(server.socket_path)}
    connection = Connection(database="postgres", **settings)
    try:
        connection.run(f"CREATE DATABASE {identifier(database)}")
        connection.run("CREATE ROLE rds_iam NOLOGIN")
    finally:
        connection.close()
