"""Continuous backup of a PostgreSQL: a base copy and every byte of its log, from which any moment can be restored."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sandbox.database.server import START_S, Server, program, room
from sandbox.processes import Process, Processes, inherited

RECEIVED_S = 10.0
"""How long the log may take from the server to the backup."""


class Backup:
    """What one server has written since `begin`; any moment since then can be made a server of its own.

    Args:
        processes: where the receiver of the log runs.
        server: the server; it must run when the backup begins.
        superuser: its first role.
        password: that role's password.
    """

    def __init__(self, processes: Processes, server: Server, superuser: str, password: str) -> None:
        self._processes = processes
        self._server = server
        self._superuser = superuser
        self._password = password
        self._receiver: Process | None = None
        self.earliest = 0.0
        """The first moment that can be restored, in seconds since the epoch."""
        self.directory = room("backup-")
        self._base, self._log = self.directory / "base", self.directory / "log"
        self._password_file = self.directory / "password"

    def begin(self) -> None:
        """Copies the data as they are, and everything from now on; RuntimeError shows what the tool said."""
        if not self._server.running:
            raise RuntimeError(f"PostgreSQL {self._server.name!r} does not run; start it before its backup begins")
        for folder in (self.directory, self._log):
            folder.mkdir(exist_ok=True, mode=0o700)
        escaped = self._password.replace("\\", "\\\\").replace(":", "\\:")
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        if (owner := self._server.user) is not None:
            for path in (self.directory, self._log, self._password_file):
                os.chown(path, *owner)
        # The server keeps its log until it was received: what this slot has not seen is not removed.
        self._ask("SELECT pg_create_physical_replication_slot('backup', true)")
        # The receiver tells what it has at once; only the end of a whole file waits for the interval.
        told = ("--slot=backup", "--synchronous", "--status-interval=1")
        # The log comes first: what is written while the data are copied is in it.
        self._receiver = self._processes.start(
            f"postgres-log-{self._server.name}",
            self._tool("pg_receivewal", "--directory", str(self._log), *told),
            environment=self._environment(),
            directory=self.directory,
        )
        self._received()
        copy = self._tool("pg_basebackup", "--pgdata", str(self._base), "--wal-method=none", "--checkpoint=fast")
        done = subprocess.run(
            [*copy, "--no-sync", "--no-manifest"],
            cwd=self.directory,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the base copy of {self._server.name!r} failed: {done.stderr.strip()[-500:]}")
        self.earliest = time.time()

    def pack(self, moment: float, directory: Path) -> None:
        """Everything that a server needs to become what this one was at a moment, as files of their own."""
        if not self.earliest <= moment <= time.time():
            raise ValueError(
                f"{_text(moment)} cannot be restored; allowed: {_text(self.earliest)} to {_text(time.time())}"
            )
        if self._server.running:
            self._received()
        shutil.copytree(self._base, directory / "data", symlinks=True)
        log = directory / "log"
        log.mkdir()
        self._copy_log(log)

    def revive(self, server: Server, moment: float) -> None:
        """Makes a new server one with everything that was committed up to a moment (seconds since the epoch)."""
        try:
            self.pack(moment, server.directory)
        except ValueError:
            server.remove()
            raise
        revive(server, moment, self._superuser, self._password)

    def close(self) -> None:
        """Ends the receiver and forgets the copies."""
        if self._receiver is not None:
            self._receiver.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _copy_log(self, target: Path) -> None:
        """The log as it is now; the part that is still being written counts as whole."""
        for part in sorted(self._log.iterdir()):
            whole = part.with_suffix("") if part.suffix == ".partial" else part
            try:
                shutil.copy2(part, target / whole.name)
            except FileNotFoundError:
                # It became whole a moment ago.
                shutil.copy2(whole, target / whole.name)

    def _received(self) -> None:
        """Waits until the backup has what the server has written so far, and a commit after it.

        A moment is reached only where a later commit follows; the message's is it.
        """
        self._ask("SELECT pg_logical_emit_message(true, 'backup', 'received')")
        position = self._ask("SELECT pg_current_wal_flush_lsn()")[0][0]
        until = time.monotonic() + RECEIVED_S
        arrived = "SELECT 1 FROM pg_stat_replication WHERE write_lsn >= CAST(:at AS pg_lsn)"
        while not self._ask(arrived, at=position):
            if time.monotonic() > until:
                tail = self._receiver.tail() if self._receiver is not None else ""
                raise RuntimeError(f"the log of {self._server.name!r} did not arrive in {RECEIVED_S:.0f} s: {tail}")
            time.sleep(0.01)

    def _ask(self, statement: str, **values: Any) -> Any:
        return ask(self._server, self._superuser, self._password, statement, **values)

    def _tool(self, name: str, *arguments: str) -> list[str]:
        where = ["--host", str(self._server.directory), "--username", self._superuser, "--no-password"]
        return self._server.as_plain_user([str(program(name, self._server.directory)), *where, *arguments])

    def _environment(self) -> dict[str, str]:
        # In a file: arguments can be read by every user of the machine, environments by every process of this one.
        return {**inherited(), "PGPASSFILE": str(self._password_file)}


def revive(server: Server, moment: float, superuser: str, password: str) -> None:
    """Starts a server from packed files, as of a moment; it takes writes when this returns."""
    with (server.directory / "data" / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write(
            f'restore_command = \'cp "{server.directory / "log"}/%f" "%p"\'\n'
            f"recovery_target_time = '{_text(moment)}'\n"
            "recovery_target_action = 'promote'\n"
        )
    (server.directory / "data" / "recovery.signal").touch()
    server.own()
    server.start()
    _promoted(server, superuser, password)


def ask(server: Server, superuser: str, password: str, statement: str, **values: Any) -> Any:
    """Runs one statement as a server's first role."""
    from pg8000.native import Connection

    # The socket is ours: the library leaves its own open when the server ends while it signs in.
    with socket.socket(socket.AF_UNIX) as way:
        way.connect(str(server.socket_path))
        connection = Connection(superuser, password=password, sock=way, database="postgres")
        try:
            return connection.run(statement, **values)
        finally:
            connection.close()


def _promoted(restored: Server, superuser: str, password: str) -> None:
    """Waits until a restored server has read the log up to its moment and takes writes."""
    from pg8000.exceptions import DatabaseError, InterfaceError

    until = time.monotonic() + START_S
    why = ""
    while restored.running and time.monotonic() < until:
        try:
            if not ask(restored, superuser, password, "SELECT pg_is_in_recovery()")[0][0]:
                return
        except (DatabaseError, InterfaceError, OSError) as error:
            # It is still starting up.
            why = str(error)
        time.sleep(0.02)
    log = restored.log()
    restored.remove()
    raise RuntimeError(f"{restored.name!r} was not restored: {why} {log}")


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f+00")
