"""Any moment of a PostgreSQL can be made a server of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pg8000.native import Connection

from sandbox.database import backups
from sandbox.database.backups import Backup
from sandbox.database.server import Server
from sandbox.processes import Processes

SECRET = "a-password"


def ask(server: Server, statement: str) -> Any:
    connection = Connection("root", password=SECRET, unix_sock=str(server.socket_path), database="postgres")
    try:
        return connection.run(statement)
    finally:
        connection.close()


def started(processes: Processes, name: str) -> Server:
    made = Server(processes, name)
    made.make("root", SECRET)
    made.start()
    return made


def rows(server: Server) -> list[int]:
    return sorted(row[0] for row in ask(server, "SELECT id FROM things"))


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    made = Processes(tmp_path_factory.mktemp("logs"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(processes: Processes) -> Iterator[Server]:
    made = started(processes, "source")
    ask(made, "CREATE TABLE things (id integer)")
    ask(made, "INSERT INTO things VALUES (0)")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def backup(processes: Processes, server: Server) -> Iterator[Backup]:
    made = Backup(processes, server, "root", SECRET)
    made.begin()
    yield made
    made.close()


def test_each_moment_has_what_was_committed_by_then(processes: Processes, server: Server, backup: Backup) -> None:
    moments: list[tuple[float, list[int]]] = []
    for change in ("INSERT INTO things VALUES (1)", "DELETE FROM things WHERE id = 0", "INSERT INTO things VALUES (2)"):
        ask(server, change)
        time.sleep(0.02)
        moments.append((time.time(), rows(server)))
        time.sleep(0.02)
    for number, (moment, expected) in enumerate(moments):
        restored = Server(processes, f"restored-{number}")
        backup.revive(restored, moment)
        assert rows(restored) == expected
        ask(restored, "INSERT INTO things VALUES (9)")
        restored.remove()
    assert rows(server) == moments[-1][1]


def test_a_backup_knows_at_once_that_it_has_everything(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The receiver by itself tells the end of a whole file only after ten seconds, unless more follows.
    monkeypatch.setattr(backups, "RECEIVED_S", 5.0)
    for number in range(4):
        fresh = started(processes, f"fresh-{number}")
        made = Backup(processes, fresh, "root", SECRET)
        made.begin()
        for part in ("first", "second"):
            made.pack(time.time(), tmp_path / str(number) / part)
        made.close()
        fresh.remove()


@pytest.mark.parametrize("ahead_s", [-1e9, 3600.0], ids=["before", "future"])
def test_a_moment_without_data_is_refused(processes: Processes, backup: Backup, ahead_s: float) -> None:
    never = Server(processes, "never")
    with pytest.raises(ValueError, match="cannot be restored; allowed: "):
        backup.revive(never, time.time() + ahead_s)
    assert not never.directory.exists()


def test_a_server_that_does_not_run_has_no_backup(processes: Processes) -> None:
    dead = Server(processes, "dead")
    made = Backup(processes, dead, "root", SECRET)
    with pytest.raises(RuntimeError, match="'dead' does not run; start it before"):
        made.begin()
    made.close()
    dead.remove()
    assert not made.directory.exists()
