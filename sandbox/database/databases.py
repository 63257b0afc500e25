"""The databases of one sandbox: a PostgreSQL for each cluster, started beside the program, and the gate before it."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from sandbox.callers import KEY
from sandbox.cloud import HOST, Cloud, listen
from sandbox.database import restores
from sandbox.database.cluster import Cluster, end, make
from sandbox.database.server import START_S, Server
from sandbox.database.snapshots import Kept, Snapshots
from sandbox.events.hooks import Hooks
from sandbox.ledger import Ledger
from sandbox.processes import Processes, inherited

NOTE = (
    "database: one local PostgreSQL stands for the cluster, its readers and the proxy; the proxy's TLS, tokens of IAM, "
    "secrets and the right rds-db:connect of a caller are checked as declared"
)
SESSION = "RDSProxy"
"""The name under which a proxy assumes its role."""


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
        self._databases: dict[tuple[str, str], Cluster] = {}
        """By cluster identifier and region."""
        self._gates: dict[tuple[str, str], Cluster] = {}
        """By a proxy's name and region, whose gate it is."""
        self._hooks = Hooks()
        self._snapshots = Snapshots(self)

    def install(self) -> None:
        """The recipes call `create` and `open`; what RDS is told later comes by its API."""
        restores.install(self, self._hooks)
        self._snapshots.install(self._hooks)

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
        found = Cluster(server, listen(0, "the database's port"), region, superuser, password)
        self._databases[name, region] = found
        work = threading.Thread(
            target=make,
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
        found = self.kept(name, region)
        made = self.server(target, region)
        found.backup.revive(made, moment)
        self.adopt(target, region, made, found.superuser, found.password)

    def kept(self, name: str, region: str) -> Kept:
        """The backup of a cluster, once it has begun; ValueError where it has none."""
        found = self._find(name, region)
        if not found.backed_up.wait(START_S) or found.backup is None or not found.backup.earliest:
            raise ValueError(f"cluster {name!r} has no backup: {found.failure or 'it was not made in time'}")
        return Kept(found.backup, found.superuser, found.password)

    def server(self, name: str, region: str) -> Server:
        """A server that is to become a cluster's; ValueError where there is such a cluster."""
        if (name, region) in self._databases:
            raise ValueError(f"cluster {name!r} exists already in {region}; choose another identifier")
        return Server(self._processes, f"{region}-{name}")

    def adopt(self, name: str, region: str, server: Server, superuser: str, password: str) -> None:
        """Takes a running server for a cluster's; it has no backup of its own."""
        made = Cluster(server, listen(0, "the database's port"), region, superuser, password)
        made.ready.set()
        made.backed_up.set()
        self._databases[name, region] = made

    def credentials(self, name: str, region: str) -> tuple[Server, str, str]:
        """The server of a cluster, its first role and that role's password."""
        found = self._find(name, region)
        return found.server, found.superuser, found.password

    def renew(self, name: str, region: str, password: str) -> None:
        """Notes another password of the first role."""
        self._find(name, region).password = password

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
            end(found)

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
            end(found)
        self._snapshots.close()
        self._processes.close()
        self._hooks.undo()

    def _of(self, region: str) -> list[Cluster]:
        return [found for (_, where), found in self._databases.items() if where == region]

    def _find(self, name: str, region: str) -> Cluster:
        if (name, region) not in self._databases:
            known = ", ".join(f"{one} in {where}" for one, where in self._databases) or "none"
            raise LookupError(f"no database {name!r} in {region}; there are: {known}")
        return self._databases[name, region]


def _turn(gate: Cluster, server: Server | None) -> None:
    """Lets a gate lead to a server, at once, or to none."""
    draft = gate.way.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(server.socket_path if server is not None else gate.server.directory / "nowhere")
    draft.replace(gate.way)
