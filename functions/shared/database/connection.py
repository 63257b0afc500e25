"""PostgreSQL over one TLS connection a process, opened on first use and opened again when it has died."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from functions.shared.aws.signature import Credentials
from functions.shared.aws.tracing import part
from functions.shared.database.faults import CLOSING, ConnectionLostError, StatementError
from functions.shared.database.session import Row, Session
from functions.shared.database.token import connect_token

if TYPE_CHECKING:
    from pg8000.native import Connection

_TLS_REQUEST = bytes((0, 0, 0, 8, 4, 210, 22, 47))
_SHOWN = 1000
"""Characters of a statement that a trace tells."""
IDLE_S = 30.0
"""After this long without a statement a connection is asked whether it is alive before it is used."""


@dataclass(frozen=True)
class Address:
    """Where the database is, and who signs in."""

    host: str
    port: int
    name: str
    """Name of the database."""
    user: str
    """Role that signs in, by a token of IAM."""


@dataclass(frozen=True)
class Limits:
    """How long the database may keep a call waiting. The role's own `statement_timeout` ends its work before."""

    connect_s: float = 3.0
    answer_s: float = 8.0


class Dialer:
    """Opens connections: TLS with the name and the chain checked against the system's trust store, and a new token.

    RDS Proxy shows a certificate of Amazon Trust Services, which that store has on Lambda. Nothing is set after the
    sign-in: a `SET` would pin the connection to one client, and RDS Proxy refuses command-line options.
    """

    def __init__(
        self,
        address: Address,
        environ: Mapping[str, str] = os.environ,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._address, self._environ, self._limits, self._clock = address, environ, limits or Limits(), clock
        self._context = ssl.create_default_context()
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2

    def __call__(self) -> Connection:
        """A connection that is signed in.

        Raises:
            ConnectionLostError: it cannot be had, or the sign-in was refused.
        """
        address = self._address
        token = connect_token(
            address.host,
            address.port,
            address.user,
            region=self._environ["AWS_REGION"],
            credentials=Credentials.of(self._environ),
            at=self._clock(),
        )
        return sign_in(address, token, self._context, self._limits)


def sign_in(address: Address, password: str, context: ssl.SSLContext, limits: Limits) -> Connection:
    """A connection over TLS.

    Raises:
        ConnectionLostError: it cannot be had, or the sign-in was refused, which the driver hears of as of a connection
            that broke.
    """
    from pg8000.exceptions import Error
    from pg8000.native import Connection

    try:
        sock = socket.create_connection((address.host, address.port), timeout=limits.connect_s)
    except OSError as error:
        raise ConnectionLostError(f"no connection: {type(error).__name__}") from error
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(limits.answer_s)
        # Here and not by the driver, which leaves the encrypted socket open when the sign-in is refused.
        sock = _encrypted(sock, address.host, context)
        return Connection(
            address.user,
            database=address.name,
            password=password,
            sock=sock,
            ssl_context=False,
            timeout=limits.answer_s,
        )
    except (OSError, Error) as error:
        sock.close()
        raise ConnectionLostError(f"no sign-in: {type(error).__name__}") from error


def _encrypted(sock: socket.socket, host: str, context: ssl.SSLContext) -> socket.socket:
    """What PostgreSQL's protocol does before TLS: a request of eight bytes, answered by one."""
    sock.sendall(_TLS_REQUEST)
    if sock.recv(1) != b"S":
        raise ConnectionError
    return context.wrap_socket(sock, server_hostname=host)


class PostgreSql:
    """A database behind one connection; not for use by two threads at once."""

    def __init__(self, dial: Callable[[], Connection], now_s: Callable[[], float] = time.monotonic) -> None:
        self._dial, self._now_s = dial, now_s
        self._connection: Connection | None = None
        self._used_s = 0.0

    def run(self, sql: str, **values: Any) -> list[Row]:
        """One statement, in a transaction of its own.

        On a kept connection that turns out to be dead it is run once more on a new one, if nothing can have been
        changed by the first attempt.

        Raises:
            StatementError: PostgreSQL refused it.
            ConnectionLostError: the database cannot be reached, or it is not known whether a change was made.
        """
        kept = self._connection is not None
        try:
            return self._run(self._live(), sql, values)
        except ConnectionLostError:
            if not kept or not _reads(sql):
                raise
        except StatementError as error:
            if not kept or error.code not in CLOSING:
                raise
        return self._run(self._live(), sql, values)

    @contextmanager
    def transaction(self, *, always: bool = False) -> Iterator[Session]:
        """Statements that are kept together, or not at all when an exception leaves the block."""
        connection = self._live()
        self._run(connection, "BEGIN READ WRITE" if always else "BEGIN", {})
        try:
            yield _Transaction(self, connection)
            self._run(connection, "COMMIT", {})
        except BaseException:
            if self._connection is connection:
                # When even this fails the connection is gone, and PostgreSQL ends the transaction by itself.
                with suppress(StatementError, ConnectionLostError):
                    self._run(connection, "ROLLBACK", {})
            raise

    def close(self) -> None:
        """Ends the connection; the next statement opens another."""
        from pg8000.exceptions import Error

        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError, Error):
                connection.close()

    def _live(self) -> Connection:
        """The connection; one that was idle is asked first, so that a change is never sent into the void."""
        if self._connection is not None and self._now_s() - self._used_s > IDLE_S:
            with suppress(StatementError, ConnectionLostError):
                self._run(self._connection, "SELECT 1", {})
        if self._connection is None:
            self._connection = self._dial()
        return self._connection

    def _run(self, connection: Connection, sql: str, values: Mapping[str, Any]) -> list[Row]:
        from pg8000.exceptions import DatabaseError, InterfaceError

        # Values are bound apart from the statement, which is ours and holds no data.
        told = {"namespace": "remote", "sql": {"database_type": "PostgreSQL", "sanitized_query": sql[:_SHOWN]}}
        try:
            with part("database", told):
                rows = connection.run(sql, **values) or []
        except DatabaseError as error:
            fault = _fault(error)
            if fault.code in CLOSING:
                self._drop(connection)
            raise fault from None
        except (OSError, InterfaceError) as error:
            self._drop(connection)
            raise ConnectionLostError(f"connection lost: {type(error.__cause__ or error).__name__}") from error
        except BaseException:
            # Interrupted between question and answer: the next answer would be that of this question.
            self._drop(connection)
            raise
        self._used_s = self._now_s()
        names = [column["name"] for column in connection.columns or []]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _drop(self, connection: Connection) -> None:
        if self._connection is connection:
            self.close()


class _Transaction:
    """The open transaction of a database."""

    def __init__(self, database: PostgreSql, connection: Connection) -> None:
        self._database, self._connection = database, connection

    def run(self, sql: str, **values: Any) -> list[Row]:
        """One statement of the transaction."""
        return self._database._run(self._connection, sql, values)  # noqa: SLF001  # two halves of one class


def _reads(sql: str) -> bool:
    return sql.lstrip()[:6].upper() == "SELECT"


def _fault(error: BaseException) -> StatementError:
    """By the fields of PostgreSQL's answer: C code, n constraint, M message."""
    found = error.args[0] if error.args else None
    fields = found if isinstance(found, dict) else {"M": str(found)}
    return StatementError(str(fields.get("C", "")), str(fields.get("n", "")), message=str(fields.get("M", "")))
