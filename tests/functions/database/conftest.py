"""One PostgreSQL for the folder, a database for each test, and one large database with a schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from functions.migrations.files import read
from functions.migrations.logic import migrate
from functions.shared.database.connection import PostgreSql
from tests.functions.support.postgres import Postgres, postgres

USERS, ROWS = 100, 100_000


@pytest.fixture(scope="package")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def empty(server: Postgres) -> Iterator[str]:
    """Name of a database without a schema."""
    with server.database() as name:
        yield name


@pytest.fixture
def migrated(server: Postgres, empty: str) -> PostgreSql:
    """A database with the schema, as its administrator."""
    session = server.session(empty)
    migrate(session, read())
    return session


@dataclass(frozen=True)
class Large:
    """A database with 100,000 records and as many submissions, metadata and results, of a hundred users."""

    session: PostgreSql
    owner: UUID
    record: UUID
    submission: UUID


FILL = f"""
INSERT INTO platform.users (id, email, name, created_at)
    SELECT gen_random_uuid(), 'user' || n || '@example.com', 'User ' || n, now() - n * interval '1 hour'
    FROM generate_series(1, {ROWS}) AS n;
CREATE TEMPORARY TABLE owners AS
    SELECT id, row_number() OVER (ORDER BY created_at) - 1 AS place FROM
    (SELECT * FROM platform.users ORDER BY created_at LIMIT {USERS}) AS chosen;
INSERT INTO platform.records (owner_id, status, payload, created_at)
    SELECT o.id, CASE WHEN n % 10 = 0 THEN 'archived' ELSE 'active' END, jsonb_build_object('n', n),
        now() - n * interval '1 second'
    FROM generate_series(1, {ROWS}) AS n JOIN owners AS o ON o.place = n % {USERS};
INSERT INTO platform.metadata (record_id, attributes)
    SELECT id, jsonb_build_object('batch', payload -> 'n', 'colour', 'red') FROM platform.records;
INSERT INTO platform.submissions (owner_id, kind, status, request, created_at, finished_at)
    SELECT o.id, 'insights', s.status, '{{}}', now() - n * interval '1 second',
        CASE WHEN s.status IN ('done', 'failed') THEN now() END
    FROM generate_series(1, {ROWS}) AS n JOIN owners AS o ON o.place = n % {USERS},
        LATERAL (SELECT (ARRAY['queued', 'running', 'done', 'failed'])[1 + (n / {USERS}) % 4] AS status) AS s;
INSERT INTO platform.results (submission_id, position, output)
    SELECT id, 0, '{{}}' FROM platform.submissions;
DROP TABLE owners
"""  # noqa: S608  # two numbers of this file


@pytest.fixture(scope="package")
def large(server: Postgres) -> Iterator[Large]:
    with server.database() as name:
        session = server.session(name)
        migrate(session, read())
        session.run(FILL)
        session.run("VACUUM ANALYZE")
        owner = session.run("SELECT owner_id FROM platform.records LIMIT 1")[0]["owner_id"]
        record = session.run("SELECT id FROM platform.records LIMIT 1")[0]["id"]
        submission = session.run("SELECT id FROM platform.submissions LIMIT 1")[0]["id"]
        yield Large(session, owner, record, submission)
