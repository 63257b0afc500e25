"""Migrations against a real PostgreSQL: forwards, twice, two at once, edited, failing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from functions.migrations.files import Migration, read
from functions.migrations.logic import migrate, wait_for
from functions.shared.database.connection import PostgreSql
from functions.shared.database.faults import ConnectionLostError, StatementError, told
from functions.shared.database.passwords import let_write, set_password
from functions.shared.errors import ApiError
from functions.shared.tasks import WorkError
from tests.functions.support.postgres import Postgres


def step(version: int, sql: str, name: str = "step") -> Migration:
    return Migration(version, f"{version:04}_{name}.sql", sql)


def tables(session: PostgreSql) -> set[str]:
    rows = session.run("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'")
    return {row["name"] for row in rows}


def test_from_nothing_to_the_newest(server: Postgres, empty: str) -> None:
    session = server.session(empty)
    assert migrate(session, read()) == {
        "outcome": "applied",
        "applied": [migration.name for migration in read()],
        "version": len(read()),
    }


def test_twice_changes_nothing(migrated: PostgreSql) -> None:
    before = migrated.run("SELECT * FROM migrations.applied ORDER BY version")
    assert migrate(migrated, read()) == {"outcome": "unchanged", "applied": [], "version": len(read())}
    assert migrated.run("SELECT * FROM migrations.applied ORDER BY version") == before


def test_of_two_at_once_one_waits_and_finds_all_done(server: Postgres, empty: str) -> None:
    slow = [step(1, "SELECT pg_sleep(0.3); CREATE TABLE one (id int)"), step(2, "CREATE TABLE two (id int)")]
    answers: list[dict[str, Any]] = []
    failures: list[BaseException] = []
    together = threading.Barrier(2)

    def work() -> None:
        session = server.session(empty)
        try:
            session.run("SELECT 1")
            together.wait(10)
            answers.append(migrate(session, slow))
        except Exception as error:  # noqa: BLE001  # told to the test's own thread
            failures.append(error)
        finally:
            session.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    applied = sorted(name for answer in answers for name in answer["applied"])
    assert applied == ["0001_step.sql", "0002_step.sql"]
    assert tables(server.session(empty)) == {"one", "two"}


def test_an_edited_migration_is_refused_by_name(server: Postgres, empty: str) -> None:
    session = server.session(empty)
    migrate(session, [step(1, "CREATE TABLE one (id int)")])
    with pytest.raises(WorkError, match=r"0001_step\.sql was edited after it had been applied"):
        migrate(session, [step(1, "CREATE TABLE other (id int)"), step(2, "CREATE TABLE two (id int)")])
    assert tables(session) == {"one"}


def test_of_one_that_fails_in_the_middle_nothing_is_kept(server: Postgres, empty: str) -> None:
    session = server.session(empty)
    broken = step(2, "CREATE TABLE half (id int); INSERT INTO half VALUES (1); SELECT 1 / 0")
    with pytest.raises(WorkError, match=r"0002_step\.sql: 22012 division by zero; nothing of it was kept"):
        migrate(session, [step(1, "CREATE TABLE one (id int)"), broken, step(3, "CREATE TABLE three (id int)")])
    assert tables(session) == {"one"}
    assert session.run("SELECT version FROM migrations.applied") == [{"version": 1}]
    mended = [step(1, "CREATE TABLE one (id int)"), step(2, "CREATE TABLE half (id int)")]
    assert migrate(session, mended)["applied"] == ["0002_step.sql"]


def test_older_code_leaves_a_newer_database_alone(server: Postgres, empty: str) -> None:
    session = server.session(empty)
    both = [step(1, "CREATE TABLE one (id int)"), step(2, "CREATE TABLE two (id int)")]
    migrate(session, both)
    assert migrate(session, both[:1]) == {"outcome": "unchanged", "applied": [], "version": 2}


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["0001_a.sql", "0003_b.sql"], "0003_b.sql stands where number 0002 is due"),
        (["0001_a.sql", "0001_b.sql"], "0001_b.sql stands where number 0002 is due"),
        (["0002_a.sql"], "0002_a.sql stands where number 0001 is due"),
        (["1_a.sql"], "1_a.sql is no name of a migration"),
        (["0001_A.sql"], "0001_A.sql is no name of a migration"),
        (["0001_a.txt"], "0001_a.txt is no name of a migration"),
    ],
    ids=["gap", "twice", "late", "short", "upper case", "another kind"],
)
def test_files_are_numbered_without_a_gap(names: Sequence[str], problem: str, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1", encoding="utf-8")
    with pytest.raises(WorkError, match=problem):
        read(tmp_path)


def test_no_migration_ends_its_own_transaction() -> None:
    for migration in read():
        words = {line.strip().rstrip(";").upper() for line in migration.sql.splitlines()}
        # BEGIN stands in blocks of PL/pgSQL too; what must not be there is an end.
        assert not words & {"COMMIT", "ROLLBACK", "END", "START TRANSACTION"} - {"END"}, migration.name
        assert "CONCURRENTLY" not in migration.sql.upper(), migration.name


def as_application(server: Postgres, name: str, administrator: PostgreSql) -> PostgreSql:
    set_password(administrator, "application", "secret")
    return server.session(name, "application", "secret")


def test_a_role_that_waits_only_reads_and_deletes_what_must_go_all_the_same(
    server: Postgres, empty: str, migrated: PostgreSql
) -> None:
    let_write(migrated, "application", may=False)
    session = as_application(server, empty, migrated)
    insert = "INSERT INTO platform.users (id, email) VALUES (gen_random_uuid(), 'a@example.org')"
    with pytest.raises(ApiError) as refused, told():
        session.run(insert)
    assert (refused.value.code, refused.value.why) == ("unavailable", "25006")
    assert session.run("SELECT count(*) AS n FROM platform.users") == [{"n": 0}]
    with session.transaction(always=True) as always:
        always.run("DELETE FROM platform.users")
    let_write(migrated, "application", may=True)
    session.close()
    again = server.session(empty, "application", "secret")
    again.run(insert)
    assert again.run("SELECT count(*) AS n FROM platform.users") == [{"n": 1}]
    again.close()
    session.close()
    with pytest.raises(WorkError, match="allowed: letters, digits and _"):
        let_write(migrated, 'x"; DROP', may=True)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE platform.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "DROP TABLE platform.users",
        "SELECT * FROM migrations.applied",
        "DELETE FROM platform.results",
        "ALTER ROLE administrator PASSWORD 'x'",
        "TRUNCATE platform.records",
    ],
)
def test_the_functions_role_may_not(statement: str, server: Postgres, empty: str, migrated: PostgreSql) -> None:
    session = as_application(server, empty, migrated)
    with pytest.raises(StatementError) as refused:
        session.run(statement)
    assert refused.value.code == "42501"


def test_the_functions_role_works_within_limits_without_setting_them(
    server: Postgres, empty: str, migrated: PostgreSql
) -> None:
    session = as_application(server, empty, migrated)
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    limits = [session.run("SELECT current_setting(:name) AS limit", name=name)[0]["limit"] for name in names]
    assert limits == ["5s", "2s", "10s"]
    assert session.run("SELECT count(*) AS count FROM platform.users") == [{"count": 0}]


def test_waiting_ends_when_the_database_answers_and_is_told_when_it_never_does() -> None:
    class Late:
        """Answers at the third attempt."""

        def __init__(self) -> None:
            self.asked = 0

        def run(self, sql: str, **values: Any) -> list[dict[str, Any]]:
            self.asked += 1
            if self.asked < 3:
                raise ConnectionLostError("no connection: ConnectionRefusedError")
            return []

        def transaction(self, *, always: bool = False) -> Any:
            raise AssertionError("nobody asked for a transaction")

    late, clock, slept = Late(), iter(range(100)), list[float]()
    wait_for(late, 10, now_s=lambda: next(clock), sleep=slept.append)
    assert slept == [2.0, 2.0]
    with pytest.raises(WorkError, match="did not answer within 1 s"):
        wait_for(Late(), 1, now_s=lambda: next(clock), sleep=slept.append)
