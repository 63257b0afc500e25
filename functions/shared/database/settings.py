"""What every function that speaks to the relational database is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from functions.shared.database.connection import Address, Dialer, PostgreSql


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """Where the database is, and who signs in; a stack may have none."""

    database_host: str = ""
    """Address of the proxy; empty where the stack has no database."""
    database_port: int = 5432
    """Port of the proxy."""
    database_name: str = ""
    """Name of the database."""
    database_user: str = ""
    """Role that signs in, by a token of IAM."""


def database(settings: DatabaseSettings, environ: Mapping[str, str]) -> PostgreSql | None:
    """The database, connected to on first use; None where the stack has none."""
    if not settings.database_host:
        return None
    where = Address(settings.database_host, settings.database_port, settings.database_name, settings.database_user)
    return PostgreSql(Dialer(where, environ))
