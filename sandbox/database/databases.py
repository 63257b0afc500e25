"""The databases of one sandbox: a PostgreSQL for each cluster, started beside the program, and the gate before it."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.callers import KEY
from sandbox.cloud import HOST, Cloud, listen
from sandbox.database import restores
from sandbox.database.backups import Backup
from sandbox.database.server import START_S, Server
from sandbox.events.hooks import Hooks
from sandbox.ledger import Ledger
from sandbox.processes import Process, Processes, inherited

_log = logging.getLogger(__name__)
NOTE = (
    "database: one local PostgreSQL stands for the cluster, its readers and the proxy; the proxy's TLS, tokens of IAM, "
    "secrets and the right rds-db:connect of a caller are checked as declared"
)
SESSION = "RDSProxy"
"""The name under which a proxy assumes its role."""


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
    backup: Backup | None = None
    backed_up: threading.Event = field(default_factory=threading.Event)
    """The backup began, or will not."""
    ending: bool = False

    @property
    def way(self) -> Path:
        """A link to the socket that the gate leads to: it changes when a proxy gets another target."""
        return self.server.directory / "way"

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
        self._gates: dict[tuple[str, str], _Database] = {}
        """By a proxy's name and region, whose gate it is."""
        self._hooks = Hooks()
        """By cluster identifier and region."""

    def install(self) -> None:
        """The recipes call `create` and `open`; what RDS is told later comes by its API."""
        restores.install(self, self._hooks)

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
            target=_make,
            args=(found, superuser, password, database, self._processes),
            name=f"database {name}",
            daemon=True,
        )
        work.start()
        return HOST, found.port

    def open(
        self, name: str, region: str, secrets: list[str], *, resource: str = "", role: str = ""
    ) -> tuple[str, int]:
        """Lets callers in who bring a token of IAM, for the roles of the secrets, once the database answers.

        Args:
            name: of the cluster.
            region: where it is.
            secrets: what the proxy may read, by ARN.
            resource: id of the proxy, as rights name it.
            role: ARN of the role in which the proxy reads.
        """
        self.wait(name, region)
        found = self._find(name, region)
        found.secrets = secrets
        folder = self._authority()
        plan = {
            "addresses": [f"{HOST}:{found.port}"],
            "secret": KEY,
            "administrator": KEY,
            "resource": resource,
            "key": self.cloud.callers.role(role, SESSION),
            "endpoint": self.cloud.endpoint,
            "region": found.region,
            "secrets": secrets,
        }
        script = Path(__file__).with_name("gate.py")
        _turn(found, found.server)
        files = [folder / "server.pem", folder / "server.key", found.way]
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

    def holds(self, name: str, region: str) -> bool:
        """Whether a cluster has a PostgreSQL."""
        return (name, region) in self._databases

    def restore(self, name: str, region: str, target: str, moment: float) -> None:
        """Makes a second server with what a cluster held at a moment (seconds since the epoch).

        Raises:
            ValueError: there is none of that moment, or the target exists.
        """
        found = self._find(name, region)
        if (target, region) in self._databases:
            raise ValueError(f"cluster {target!r} exists already in {region}; choose another identifier")
        if not found.backed_up.wait(START_S) or found.backup is None or not found.backup.earliest:
            raise ValueError(f"cluster {name!r} has no backup: {found.failure or 'it was not made in time'}")
        server = found.backup.restore(moment, f"{region}-{target}")
        made = _Database(server, listen(0, "the database's port"), region, found.superuser, found.password)
        made.ready.set()
        made.backed_up.set()
        self._databases[target, region] = made

    def lead(self, proxy: str, region: str, name: str) -> None:
        """Turns a proxy to a cluster, and to none with an empty name; connections end, as on AWS."""
        key = (proxy, region)
        if key not in self._gates:
            owners = [found for found in self._of(region) if found.gate is not None]
            if len(owners) != 1:
                return  # it is being made: `open` does the rest
            self._gates[key] = owners[0]
        _turn(self._gates[key], self._find(name, region).server if name else None)
        for found in self._of(region):
            if not name or found is not self._find(name, region):
                found.server.hang_up(found.superuser, found.password)

    def forget(self, name: str, region: str) -> None:
        """Ends the server of a cluster that was deleted."""
        found = self._databases.pop((name, region), None)
        if found is not None:
            _end(found)

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
            found.ending = True
            found.ready.wait(START_S)
            _end(found)
        self._processes.close()
        self._hooks.undo()

    def _of(self, region: str) -> list[_Database]:
        return [found for (_, where), found in self._databases.items() if where == region]

    def _find(self, name: str, region: str) -> _Database:
        if (name, region) not in self._databases:
            known = ", ".join(f"{one} in {where}" for one, where in self._databases) or "none"
            raise LookupError(f"no database {name!r} in {region}; there are: {known}")
        return self._databases[name, region]


def _turn(gate: _Database, server: Server | None) -> None:
    """Lets a gate lead to a server, at once, or to none."""
    draft = gate.way.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(server.socket_path if server is not None else gate.server.directory / "nowhere")
    draft.replace(gate.way)


def _end(found: _Database) -> None:
    found.ending = True
    found.server.stop()
    # A backup that is just beginning fails now that its server has ended; its folder goes after that.
    found.backed_up.wait(START_S)
    if found.backup is not None:
        found.backup.close()
    found.listener.close()
    found.server.remove()


def _make(found: _Database, superuser: str, password: str, database: str, processes: Processes) -> None:
    try:
        found.server.make(superuser, password)
        found.server.start()
        _first_database(found.server, superuser, password, database)
    except Exception as error:  # noqa: BLE001  # told to whoever waits, in their thread
        found.failure = error
    finally:
        found.ready.set()
    if found.failure is None and not found.ending:
        _back_up(found, processes)
    found.backed_up.set()


def _back_up(found: _Database, processes: Processes) -> None:
    """Begins the continuous backup beside everything else: nobody waits for it."""
    from pg8000.exceptions import Error

    try:
        found.backup = Backup(processes, found.server, found.superuser, found.password)
        found.backup.begin()
    except (RuntimeError, OSError, Error):
        if not found.ending:
            _log.exception("the backup of %s did not begin", found.server.name)


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
