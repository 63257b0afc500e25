"""One cluster of a sandbox: its PostgreSQL, its gate's listener, and how far both are."""

from __future__ import annotations

import logging
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.database.backups import Backup
from sandbox.database.server import START_S, Server
from sandbox.processes import Process, Processes

_log = logging.getLogger(__name__)


@dataclass
class Cluster:
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
        """Where its gate listens."""
        return int(self.listener.getsockname()[1])


def end(found: Cluster) -> None:
    """Ends a cluster's server, backup and gate, and forgets its data."""
    found.ending = True
    found.server.stop()
    # A backup that is just beginning fails now that its server has ended; its folder goes after that.
    found.backed_up.wait(START_S)
    if found.backup is not None:
        found.backup.close()
    found.listener.close()
    found.server.remove()


def make(found: Cluster, superuser: str, password: str, database: str, processes: Processes) -> None:
    """Makes and starts the server with its first database, then begins its backup; what failed is told to who waits."""
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


def _back_up(found: Cluster, processes: Processes) -> None:
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
