"""Applies what is missing, in order, each in one transaction; what has been applied is never applied again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from functions.migrations.files import Migration
from functions.shared.database.faults import CLOSING, ConnectionLostError, StatementError
from functions.shared.database.session import Database, Session
from functions.shared.tasks import WorkError

LOCK = 0x6D6C_706C_6174
"""Number of the advisory lock: whoever holds it applies a migration, everybody else waits."""

_LEDGER = """
CREATE SCHEMA IF NOT EXISTS migrations;
CREATE TABLE IF NOT EXISTS migrations.applied (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


def migrate(database: Database, migrations: Sequence[Migration]) -> dict[str, Any]:
    """Brings the schema up to date: `{"outcome", "applied", "version"}`.

    A database that is ahead, because older code is deployed again, is left as it is.

    Raises:
        WorkError: names a migration that was edited after it was applied, or that PostgreSQL refused; nothing of the
            refused one is kept, what came before it is.
    """
    with database.transaction() as session:
        # IF NOT EXISTS alone does not keep two from making the same table at the same moment.
        _lock(session)
        session.run(_LEDGER)
    applied = [migration.name for migration in migrations if _apply(database, migration)]
    rows = database.run("SELECT max(version) AS version FROM migrations.applied")
    return {"outcome": "applied" if applied else "unchanged", "applied": applied, "version": rows[0]["version"] or 0}


def _apply(database: Database, migration: Migration) -> bool:
    with database.transaction() as session:
        _lock(session)
        known = session.run(
            "SELECT name, checksum FROM migrations.applied WHERE version = :version", version=migration.version
        )
        if known:
            if known[0]["checksum"] != migration.checksum:
                raise WorkError(
                    f"{migration.name} was edited after it had been applied as {known[0]['name']}; put its text back, "
                    "and write the change as a new migration"
                )
            return False
        try:
            session.run(migration.sql)
        except StatementError as error:
            raise WorkError(f"{migration.name}: {error.code} {error.message}; nothing of it was kept") from error
        session.run(
            "INSERT INTO migrations.applied (version, name, checksum) VALUES (:version, :name, :checksum)",
            version=migration.version,
            name=migration.name,
            checksum=migration.checksum,
        )
    return True


def _lock(session: Session) -> None:
    session.run("SELECT pg_advisory_xact_lock(:number)", number=LOCK)


def wait_for(
    database: Database, limit_s: float, now_s: Callable[[], float] = time.monotonic, sleep: Any = time.sleep
) -> None:
    """Returns when the database answers: a new proxy takes minutes to find its cluster, a paused cluster seconds.

    Raises:
        WorkError: it did not answer in time.
    """
    until = now_s() + limit_s
    while (trouble := _trouble(database)) is not None:
        if now_s() >= until:
            raise WorkError(
                f"the database did not answer within {limit_s:.0f} s ({trouble}); look at the proxy's targets with "
                "aws rds describe-db-proxy-targets, and at the role's right rds-db:connect"
            ) from trouble
        sleep(2.0)


def _trouble(database: Database) -> Exception | None:
    """Why the database does not answer yet."""
    try:
        database.run("SELECT 1")
    except ConnectionLostError as error:
        return error
    except StatementError as error:
        if error.code not in CLOSING:
            raise
        return error
    return None
