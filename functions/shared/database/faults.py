"""What went wrong in the database, as a table: its own codes to those that a caller sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from functions.shared.errors import ApiError


class StatementError(Exception):
    """PostgreSQL refused a statement.

    Its own text has code and constraint, and never a value; PostgreSQL's `message`, which quotes rows, is for people
    who may see them.
    """

    def __init__(self, code: str, constraint: str = "", *, message: str = "") -> None:
        self.code, self.constraint, self.message = code, constraint, message
        super().__init__(" ".join(part for part in (code, constraint) if part))


class ConnectionLostError(Exception):
    """No connection, or it broke; whether the last statement was carried out is not known."""


CLOSING: Mapping[str, str] = {
    "57P01": "an administrator or a failover ended the connection",
    "57P02": "the server crashed",
    "57P03": "the server is starting",
    "57P05": "the connection was idle for too long",
    "25006": "the server has become a reader",
}
"""Codes after which a connection is of no use; the statement was not carried out."""

PASSING = ("08", "53", "57", "40", "55P03")
"""Codes, or their beginnings, of what passes by itself: no connection, no room, time ran out, deadlock, lock."""


@contextmanager
def told(**constraints: str) -> Iterator[None]:
    """Turns the database's errors into ours: `told(users_email="account_exists")`.

    What passes becomes `unavailable`; what has no row stays an exception (our mistake, `internal`).
    """
    try:
        yield
    except ConnectionLostError as error:
        raise ApiError("unavailable", why=str(error)) from error
    except StatementError as error:
        if error.constraint in constraints:
            raise ApiError(constraints[error.constraint], why=error.constraint) from error
        if error.code.startswith(PASSING) or error.code in CLOSING:
            raise ApiError("unavailable", why=error.code) from error
        raise
