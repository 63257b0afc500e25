"""Snapshots of clusters: a moment of the continuous backup here, files of their own once they are copied elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sandbox.database.backups import Backup, ask, revive
from sandbox.database.restores import refused
from sandbox.database.server import Server, room
from sandbox.events.hooks import Hooks


@dataclass(frozen=True)
class Kept:
    """A cluster's backup, and who may read what it holds."""

    backup: Backup
    superuser: str
    password: str


class Clusters(Protocol):
    """What snapshots are taken of and become; `Databases` implements it."""

    def holds(self, name: str, region: str) -> bool:
        """Whether a cluster has a PostgreSQL."""

    def kept(self, name: str, region: str) -> Kept:
        """The backup of a cluster; ValueError where it has none."""

    def server(self, name: str, region: str) -> Server:
        """A server that is to become a cluster's; ValueError where there is such a cluster."""

    def adopt(self, name: str, region: str, server: Server, superuser: str, password: str) -> None:
        """Takes a running server for a cluster's."""

    def credentials(self, name: str, region: str) -> tuple[Server, str, str]:
        """The server of a cluster, its first role and that role's password."""

    def renew(self, name: str, region: str, password: str) -> None:
        """Notes another password of the first role."""


@dataclass
class _Snapshot:
    kept: Kept
    moment: float
    files: Path | None = None
    """What was copied; None where the backup beside the cluster still has it."""


class Snapshots:
    """All snapshots of one sandbox; their files are gone after `close()`."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._found: dict[tuple[str, str], _Snapshot] = {}

    def install(self, hooks: Hooks) -> None:
        """Hooks moto's RDS: the data first, then moto's paper."""
        from moto.rds.models import RDSBackend

        for name, hook in (
            ("create_db_cluster_snapshot", self._created),
            ("copy_db_cluster_snapshot", self._copied),
            ("delete_db_cluster_snapshot", self._deleted),
            ("restore_db_cluster_from_snapshot", self._restored),
            ("modify_db_cluster", self._modified),
        ):
            hooks.wrap(RDSBackend, name, hook)

    def close(self) -> None:
        """Forgets all files."""
        while self._found:
            self._forget(*next(iter(self._found)))

    def _created(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, db_cluster_identifier: str, db_cluster_snapshot_identifier: str, **named: Any) -> Any:
            region, kept = backend.region_name, None
            # With each cluster moto notes a snapshot of RDS's own.
            by_hand = named.get("snapshot_type", "manual") == "manual"
            if by_hand and self._clusters.holds(db_cluster_identifier, region):
                kept = _or_refused(
                    lambda: self._clusters.kept(db_cluster_identifier, region), "InvalidDBClusterStateFault"
                )
            answer = operation(backend, db_cluster_identifier, db_cluster_snapshot_identifier, **named)
            if kept is not None:
                self._found[db_cluster_snapshot_identifier, region] = _Snapshot(kept, time.time())
            return answer

        return run

    def _copied(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(
            backend: Any,
            source_db_cluster_snapshot_identifier: str,
            target_db_cluster_snapshot_identifier: str,
            **named: Any,
        ) -> Any:
            source, target = source_db_cluster_snapshot_identifier, target_db_cluster_snapshot_identifier
            answer = operation(backend, source, target, **named)
            whence = source.split(":")[3] if source.startswith("arn:") else backend.region_name
            found = self._found.get((source.rpartition(":")[2], whence))
            if source.startswith("arn:"):
                # RDS tells copies from what was taken by this; moto does not note it.
                answer.source_db_cluster_snapshot_arn = source
            if found is not None:
                files = room("snapshot-")
                _pack(found, files)
                self._found[target, backend.region_name] = _Snapshot(found.kept, found.moment, files)
            return answer

        return run

    def _deleted(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, db_snapshot_identifier: str) -> Any:
            answer = operation(backend, db_snapshot_identifier)
            self._forget(db_snapshot_identifier, backend.region_name)
            return answer

        return run

    def _restored(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, from_snapshot_id: str, overrides: dict[str, Any]) -> Any:
            region, name = backend.region_name, str(overrides["db_cluster_identifier"])
            found = self._found.get((from_snapshot_id.rpartition(":")[2], region))
            if found is None:
                return operation(backend, from_snapshot_id, overrides)
            server = _or_refused(lambda: self._clusters.server(name, region), "DBClusterAlreadyExistsFault")
            try:
                answer = operation(backend, from_snapshot_id, overrides)
                _pack(found, server.directory)
                revive(server, found.moment, found.kept.superuser, found.kept.password)
            except BaseException:
                server.remove()
                raise
            self._clusters.adopt(name, region, server, found.kept.superuser, found.kept.password)
            return answer

        return run

    def _modified(self, operation: Callable[..., Any]) -> Callable[..., Any]:
        """Another password of the administrator counts in PostgreSQL too."""

        def run(backend: Any, kwargs: dict[str, Any]) -> Any:
            # Read before: moto writes into what it is given.
            name, password = str(kwargs.get("db_cluster_identifier", "")), kwargs.get("master_user_password")
            answer = operation(backend, kwargs)
            if password and self._clusters.holds(name, backend.region_name):
                server, superuser, known = self._clusters.credentials(name, backend.region_name)
                from pg8000.native import identifier, literal

                ask(server, superuser, known, f"ALTER ROLE {identifier(superuser)} PASSWORD {literal(password)}")
                self._clusters.renew(name, backend.region_name, str(password))
            return answer

        return run

    def _forget(self, name: str, region: str) -> None:
        found = self._found.pop((name, region), None)
        if found is not None and found.files is not None:
            shutil.rmtree(found.files, ignore_errors=True)


def _pack(found: _Snapshot, directory: Path) -> None:
    """The files of a snapshot, from those of a copy or from the backup beside the cluster."""
    if found.files is None:
        found.kept.backup.pack(found.moment, directory)
    else:
        shutil.copytree(found.files, directory, symlinks=True, dirs_exist_ok=True)


def _or_refused(make: Callable[[], Any], code: str) -> Any:
    try:
        return make()
    except ValueError as error:
        raise refused(code, str(error)) from None
