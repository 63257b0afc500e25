"""One connection a process: kept, found dead, opened again; transactions; errors as callers see them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from pg8000.exceptions import Error

from functions.shared.database.connection import Address, Dialer, Limits, PostgreSql
from functions.shared.database.faults import ConnectionLostError, StatementError, told
from functions.shared.database.passwords import set_password, verifier
from functions.shared.database.queries import records, submissions, users
from functions.shared.errors import ApiError
from functions.shared.tasks import WorkError
from tests.functions.support.postgres import Postgres

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_REGION": "eu-west-1"}


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def counted(server: Postgres, empty: str) -> Iterator[tuple[PostgreSql, list[int], Clock]]:
    """A database, the process ids of its connections as they are opened, and its clock."""
    opened: list[int] = []
    clock = Clock()

    def dial() -> Any:
        connection = server.dial(empty)
        opened.append(connection.run("SELECT pg_backend_pid()")[0][0])
        return connection

    session = PostgreSql(dial, clock)
    yield session, opened, clock
    session.close()


def end(server: Postgres, database: str, pid: int) -> None:
    """As a failover or an administrator does."""
    other = server.session(database)
    other.run("SELECT pg_terminate_backend(:pid)", pid=pid)
    while other.run("SELECT 1 FROM pg_stat_activity WHERE pid = :pid", pid=pid):
        other.run("SELECT pg_sleep(0.01)")
    other.close()


def test_one_connection_serves_all_statements(counted: tuple[PostgreSql, list[int], Clock]) -> None:
    session, opened, _ = counted
    assert opened == []
    pids = {session.run("SELECT pg_backend_pid() AS pid")[0]["pid"] for _ in range(5)}
    assert pids == set(opened)
    assert len(opened) == 1


def test_what_reads_is_run_again_on_a_new_connection(
    counted: tuple[PostgreSql, list[int], Clock], server: Postgres, empty: str
) -> None:
    session, opened, _ = counted
    session.run("SELECT 1")
    end(server, empty, opened[0])
    assert session.run("SELECT 2 AS two") == [{"two": 2}]
    assert len(opened) == 2


def test_a_connection_that_was_idle_is_asked_before_anything_is_written_to_it(
    counted: tuple[PostgreSql, list[int], Clock], server: Postgres, empty: str
) -> None:
    session, opened, clock = counted
    session.run("CREATE TABLE t (id int)")
    end(server, empty, opened[0])
    clock.now_s += 31
    session.run("INSERT INTO t VALUES (1)")
    assert session.run("SELECT count(*) AS count FROM t") == [{"count": 1}]
    assert len(opened) == 2


def test_a_statement_that_breaks_its_connection_is_not_repeated_for_ever(
    counted: tuple[PostgreSql, list[int], Clock],
) -> None:
    session, opened, _ = counted
    session.run("SELECT 1")
    with pytest.raises((ConnectionLostError, StatementError)):
        session.run("SELECT pg_terminate_backend(pg_backend_pid())")
    assert len(opened) == 2
    assert session.run("SELECT 1 AS one") == [{"one": 1}]


def test_a_transaction_is_kept_or_not_at_all(migrated: PostgreSql) -> None:
    user = uuid4()

    def broken() -> None:
        with migrated.transaction() as session:
            users.keep(session, user, "a@example.com", "A")
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert users.one(migrated, user) is None
    with migrated.transaction() as session:
        users.keep(session, user, "a@example.com", "A")
    assert users.one(migrated, user) is not None


def test_a_transaction_whose_connection_dies_leaves_nothing(
    counted: tuple[PostgreSql, list[int], Clock], server: Postgres, empty: str
) -> None:
    session, opened, _ = counted
    session.run("CREATE TABLE t (id int)")

    def broken() -> None:
        with session.transaction() as inner:
            inner.run("INSERT INTO t VALUES (1)")
            end(server, empty, opened[0])
            inner.run("INSERT INTO t VALUES (2)")

    with pytest.raises((ConnectionLostError, StatementError)):
        broken()
    assert session.run("SELECT * FROM t") == []


def test_a_refused_statement_leaves_the_connection_in_use(counted: tuple[PostgreSql, list[int], Clock]) -> None:
    session, opened, _ = counted
    with pytest.raises(StatementError) as refused:
        session.run("SELECT 1 / :zero", zero=0)
    assert (refused.value.code, str(refused.value)) == ("22012", "22012")
    session.run("SELECT 1")
    assert len(opened) == 1


def test_nobody_listening_is_told_within_the_limit() -> None:
    session = PostgreSql(Dialer(Address("127.0.0.1", 1, "platform", "application"), CREDENTIALS, Limits(connect_s=1)))
    with pytest.raises(ConnectionLostError, match="no connection: ConnectionRefusedError"):
        session.run("SELECT 1")


def test_constraints_become_answers_and_what_passes_becomes_unavailable(migrated: PostgreSql) -> None:
    users.keep(migrated, uuid4(), "A@example.com", "A")
    with pytest.raises(ApiError) as taken, told(users_email="account_exists"):
        users.keep(migrated, uuid4(), "a@example.com", "B")
    assert taken.value.code == "account_exists"
    with pytest.raises(StatementError), told():
        records.add(migrated, uuid4(), uuid4(), {}, {})
    for code in ("57014", "53300", "40P01", "08006", "25006"):
        with pytest.raises(ApiError) as passing, told():
            raise StatementError(code)
        assert passing.value.code == "unavailable"


def test_a_record_is_changed_only_in_the_version_that_was_seen(migrated: PostgreSql) -> None:
    owner, other = uuid4(), uuid4()
    for user in (owner, other):
        users.keep(migrated, user)
    record = records.add(migrated, uuid4(), owner, {"a": 1}, {"colour": "red"})
    assert record is not None
    assert record["attributes"] == {"colour": "red"}
    red: Any = {"attributes": {"colour": "red"}, "status": "active"}
    changed = records.replace(migrated, record["id"], 1, payload={"a": 2}, **red)
    assert changed is not None
    assert (changed["version"], changed["payload"]) == (2, {"a": 2})
    assert records.replace(migrated, record["id"], 1, payload={"a": 3}, **red) is None
    assert records.one(migrated, record["id"], other) is None
    found = records.one(migrated, record["id"], None)
    assert found is not None
    assert (found["payload"], found["attributes"]) == ({"a": 2}, {"colour": "red"})
    chosen = records.wanted(owner, attributes={"colour": "red"})
    assert [row["id"] for row in records.listed(migrated, chosen, limit=5).rows] == [record["id"]]
    assert not records.remove(migrated, record["id"], 1)
    assert records.remove(migrated, record["id"], 2)
    assert migrated.run("SELECT * FROM platform.metadata") == []


def test_a_record_added_again_is_the_one_that_is_there(migrated: PostgreSql) -> None:
    record_id, owner, other = uuid4(), uuid4(), uuid4()
    for user in (owner, other):
        users.keep(migrated, user)
    first = records.add(migrated, record_id, owner, {"a": 1}, {"colour": "red"})
    assert records.add(migrated, record_id, owner, {"a": 1}, {"colour": "red"}) == first
    assert records.add(migrated, record_id, other, {"a": 2}, {}) is None
    assert migrated.run("SELECT payload FROM platform.records") == [{"payload": {"a": 1}}]


def test_pages_show_every_row_once_in_order(migrated: PostgreSql) -> None:
    owner = uuid4()
    users.keep(migrated, owner, f"{owner}@example.com", "")
    with migrated.transaction() as session:
        # One transaction has one time: the id alone tells these apart.
        made = {added["id"] for n in range(25) if (added := records.add(session, uuid4(), owner, {"n": n}, {}))}
    seen, after = [], None
    while True:
        shown = records.listed(migrated, records.wanted(owner), limit=10, after=after)
        seen += [row["id"] for row in shown.rows]
        if shown.next is None:
            break
        after = shown.next
    assert len(seen) == 25
    assert set(seen) == made


def test_work_is_taken_once_and_ends_with_its_results(migrated: PostgreSql) -> None:
    owner = uuid4()
    users.keep(migrated, owner, f"{owner}@example.com", "")
    made = submissions.add(migrated, owner, "insights", {"text": "…"})
    assert submissions.begin(migrated, made["id"]) is not None
    assert submissions.begin(migrated, made["id"]) is None
    with migrated.transaction() as session:
        done = submissions.finish(session, made["id"], [{"a": 1}, {"a": 2}], model_version="v1")
    assert done is not None
    assert done["status"] == "done"
    assert [row["output"] for row in submissions.results(migrated, made["id"], limit=10)] == [{"a": 1}, {"a": 2}]
    failed = submissions.add(migrated, owner, "batch", {})
    assert submissions.finish(migrated, failed["id"], []) is None
    submissions.begin(migrated, failed["id"])
    assert (submissions.finish(migrated, failed["id"], [], error="too long") or {})["status"] == "failed"
    assert submissions.count(migrated, owner, "failed") == 1


def test_postgresql_takes_a_password_by_its_verifier(server: Postgres, empty: str) -> None:
    administrator = server.session(empty)
    administrator.run("DROP ROLE IF EXISTS guest")
    administrator.run("CREATE ROLE guest")
    set_password(administrator, "guest", "first-password")
    assert server.session(empty, "guest", "first-password").run("SELECT current_user AS me") == [{"me": "guest"}]
    set_password(administrator, "guest", "second-password")
    with pytest.raises(Error):
        server.dial(empty, "guest", "first-password")
    assert server.session(empty, "guest", "second-password").run("SELECT 1 AS one") == [{"one": 1}]
    server.close()
    administrator.run("DROP ROLE guest")


@pytest.mark.parametrize("name", ['guest"; DROP ROLE x; --', "", "gäst", "1st"])
def test_no_other_text_gets_into_a_statement_as_a_role(name: str, server: Postgres, empty: str) -> None:
    with pytest.raises(WorkError, match="username in the secret is"):
        set_password(server.session(empty), name, "password")


@pytest.mark.parametrize("password", ["", "pässword", "line\nbreak"])
def test_a_password_that_clients_may_read_differently_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        verifier(password)
