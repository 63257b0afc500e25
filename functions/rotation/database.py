"""The password of a database role: PostgreSQL knows one at a time, and the proxy reads the one in force."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from functions.rotation.logic import Value
from functions.shared.database.connection import Address, Dialer, PostgreSql
from functions.shared.database.faults import ConnectionLostError, StatementError
from functions.shared.database.passwords import set_password
from functions.shared.database.session import Database
from functions.shared.tasks import WorkError

ALPHABET = string.ascii_letters + string.digits
LENGTH = 48


class Connected(Database, Protocol):
    """A database whose connection can be ended."""

    def close(self) -> None:
        """Ends the connection."""
        ...


SignIn = Callable[[str], Connected]
"""A database role → its database; the connection is opened by the first statement."""


def through(host: str, port: int, name: str, environ: Mapping[str, str]) -> SignIn:
    """Signs in through the proxy, by tokens of IAM."""
    return lambda user: PostgreSql(Dialer(Address(host, port, name, user), environ))


@dataclass(frozen=True)
class DatabasePassword:
    """The kind `database`: `{"username": …, "password": …}`.

    From setSecret to finishSecret, a few seconds, the proxy cannot open further connections for the role; those that
    it has open go on. When a rotation stops in between, the next step that Secrets Manager repeats ends that, and so
    does the next run of the migrations, which sets the password in force.
    """

    sign_in: SignIn
    administrator: str
    """Role that sets the password."""

    def invent(self, current: Value) -> Value:
        """Another password; what else the secret holds stays."""
        return {**current, "password": "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))}

    def install(self, pending: Value, current: Value) -> None:
        """PostgreSQL takes the new password; the administrator's sign-in is tried first, so that little can fail."""
        username, password = _role(pending)
        if username != _role(current)[0]:
            raise WorkError(
                f"username is {username!r} in the new value and {_role(current)[0]!r} in the one in force; "
                "allowed: the same role; start anew with RotateSecret"
            )
        with _told(), closing(self.sign_in(self.administrator)) as session:
            set_password(session, username, password)

    def prove(self, pending: Value) -> None:
        """The role exists and may sign in; with this password it can only once the proxy reads it."""
        username, _ = _role(pending)
        with _told(), closing(self.sign_in(self.administrator)) as session:
            rows = session.run("SELECT rolcanlogin FROM pg_roles WHERE rolname = :name", name=username)
        if not rows or not rows[0]["rolcanlogin"]:
            raise WorkError(f"the database has no role {username!r} that may sign in; run the migrations")

    def retire(self, current: Value, previous: Value | None) -> None:
        """Signs in through the proxy, which reads the password that is in force now; the old one is gone already."""
        del previous
        username, _ = _role(current)
        with _told(), closing(self.sign_in(username)) as session:
            session.run("SELECT 1")


@contextmanager
def _told() -> Iterator[None]:
    """Turns what the database says into a sentence for a person, without any value."""
    try:
        yield
    except (ConnectionLostError, StatementError) as error:
        raise WorkError(f"the database answered {error}; mend it, then rotate again") from error


def _role(value: Value) -> tuple[str, str]:
    username, password = value.get("username"), value.get("password")
    if not isinstance(username, str) or not isinstance(password, str) or not username or not password:
        raise WorkError('the secret has another form; put {"username": …, "password": …} with put-secret-value')
    return username, password
