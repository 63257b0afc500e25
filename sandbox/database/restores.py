"""What RDS does to clusters later, and moto only on paper: restoring to a moment, and turning a proxy elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Protocol

from sandbox.events.hooks import Hooks


class Restoring(Protocol):
    """What the hooks call; `Databases` implements it."""

    def holds(self, name: str, region: str) -> bool:
        """Whether a cluster has a PostgreSQL."""

    def restore(self, name: str, region: str, target: str, moment: float) -> None:
        """Makes a second server as of a moment; ValueError says which moments there are."""

    def lead(self, proxy: str, region: str, name: str) -> None:
        """Turns a proxy to a cluster; to none with an empty name."""

    def forget(self, name: str, region: str) -> None:
        """Ends a restored server."""


def install(databases: Restoring, hooks: Hooks) -> None:
    """Hooks moto's RDS."""
    from moto.rds.models import DBCluster, RDSBackend

    def registered(region: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        for name in _clusters(arguments, named):
            databases.lead(_first(arguments, named, "db_proxy_name"), region, name)

    def deregistered(region: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        if _clusters(arguments, named):
            databases.lead(_first(arguments, named, "db_proxy_name"), region, "")

    def deleted(region: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        databases.forget(_first(arguments, named, "cluster_identifier"), region)

    hooks.wrap(RDSBackend, "restore_db_cluster_to_point_in_time", _restored(databases))
    hooks.wrap(RDSBackend, "register_db_proxy_targets", _then(registered))
    hooks.wrap(RDSBackend, "deregister_db_proxy_targets", _then(deregistered))
    hooks.wrap(RDSBackend, "delete_db_cluster", _then(deleted))
    hooks.replace(DBCluster, "latest_restorable_time", property(lambda _: datetime.now(timezone.utc)))


def _restored(databases: Restoring) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The data first, then moto's paper."""

    def around(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, db_cluster_identifier: str, source_db_cluster_identifier: str, **named: Any) -> Any:
            region, wanted = backend.region_name, named.get("restore_to_time")
            if databases.holds(source_db_cluster_identifier, region):
                moment = time.time() if wanted is None else _seconds(wanted)
                try:
                    databases.restore(source_db_cluster_identifier, region, db_cluster_identifier, moment)
                except ValueError as error:
                    raise refused("InvalidRestoreFault", str(error)) from None
            return operation(backend, db_cluster_identifier, source_db_cluster_identifier, **named)

        return run

    return around


def _then(follow: Callable[[str, tuple[Any, ...], dict[str, Any]], None]) -> Callable[..., Callable[..., Any]]:
    """Does something after an operation of moto that went well."""

    def around(operation: Callable[..., Any]) -> Callable[..., Any]:
        def run(backend: Any, *arguments: Any, **named: Any) -> Any:
            answer = operation(backend, *arguments, **named)
            follow(backend.region_name, arguments, named)
            return answer

        return run

    return around


def _first(arguments: tuple[Any, ...], named: dict[str, Any], name: str) -> str:
    return str(named[name] if name in named else arguments[0])


def _clusters(arguments: tuple[Any, ...], named: dict[str, Any]) -> list[str]:
    """The clusters of a call about targets: proxy, group, clusters."""
    found = named.get("db_cluster_identifiers") or (arguments[2] if len(arguments) > 2 else None)
    return [str(name) for name in found or []]


def _seconds(moment: Any) -> float:
    found = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    return found.replace(tzinfo=found.tzinfo or timezone.utc).timestamp()


def refused(code: str, text: str) -> Exception:
    """What RDS answers a call that it does not carry out."""
    from moto.rds.exceptions import RDSClientError

    error: Exception = RDSClientError(code, text)
    return error
