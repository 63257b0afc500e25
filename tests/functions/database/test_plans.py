"""Every statement of a request finds its rows by an index, at a hundred thousand rows a table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from uuid import uuid4

import pytest

from functions.shared.database.queries import records, submissions, users
from functions.shared.database.queries.pages import Cursor
from functions.shared.database.session import Session
from tests.functions.database.conftest import Large
from tests.functions.support.postgres import Explained

Ask = Callable[[Session, Large], object]


def cursor(session: Session) -> Cursor:
    row = session.run("SELECT id, created_at FROM platform.records ORDER BY created_at LIMIT 1 OFFSET 50000")[0]
    return Cursor(row["created_at"], row["id"])


ASKED: dict[str, Ask] = {
    "users.keep": lambda s, _: users.keep(s, uuid4(), f"{uuid4()}@example.com", "New"),
    "users.one": lambda s, d: users.one(s, d.owner),
    "users.by_email": lambda s, _: users.by_email(s, "USER7@example.com"),
    "users.newest": lambda s, d: users.newest(s, limit=20, after=cursor(d.session)),
    "users.forget": lambda s, _: users.forget(s, uuid4()),
    "records.add": lambda s, d: records.add(s, d.owner, {"a": 1}, {"b": 2}),
    "records.one": lambda s, d: records.one(s, d.record, d.owner),
    "records.one as administrator": lambda s, d: records.one(s, d.record, None),
    "records.newest": lambda s, d: records.newest(s, d.owner, limit=20),
    "records.newest after": lambda s, d: records.newest(s, d.owner, limit=20, after=cursor(d.session)),
    "records.newest in a status": lambda s, d: records.newest(s, d.owner, limit=20, status="archived"),
    "records.newest as administrator": lambda s, d: records.newest(s, None, limit=20, after=cursor(d.session)),
    "records.with_attributes": lambda s, d: records.with_attributes(s, d.owner, {"batch": 77}, limit=20),
    "records.count": lambda s, d: records.count(s, d.owner),
    "records.change": lambda s, d: records.change(s, d.record, d.owner, 1_000, payload={"x": 1}),
    "records.describe": lambda s, d: records.describe(s, d.record, {"batch": 1}),
    "records.remove": lambda s, d: records.remove(s, uuid4(), d.owner),
    "submissions.add": lambda s, d: submissions.add(s, d.owner, "insights", {}),
    "submissions.one": lambda s, d: submissions.one(s, d.submission, d.owner),
    "submissions.newest": lambda s, d: submissions.newest(s, d.owner, limit=20, after=cursor(d.session)),
    "submissions.newest in a status": lambda s, d: submissions.newest(s, d.owner, limit=20, status="failed"),
    "submissions.newest of all in a status": lambda s, _: submissions.newest(s, None, limit=20, status="queued"),
    "submissions.count": lambda s, d: submissions.count(s, d.owner, "queued"),
    "submissions.begin": lambda s, _: submissions.begin(s, uuid4()),
    "submissions.finish": lambda s, _: submissions.finish(s, uuid4(), []),
    "submissions.results": lambda s, d: submissions.results(s, d.submission, limit=20),
}


@pytest.mark.parametrize("name", ASKED)
def test_no_statement_reads_a_whole_table(name: str, large: Large) -> None:
    session = Explained(large.session)
    ASKED[name](session, large)
    assert session.nodes
    assert [step.get("Relation Name") for step in session.nodes if step["Node Type"] == "Seq Scan"] == []


@pytest.mark.parametrize("name", ["records.newest after", "submissions.newest", "users.newest"])
def test_a_page_reads_its_own_rows_and_does_not_sort(name: str, large: Large) -> None:
    session = Explained(large.session)
    ASKED[name](session, large)
    assert {step["Node Type"] for step in session.nodes} <= {"Limit", "Index Scan"}


@pytest.mark.parametrize("module", [users, records, submissions], ids=lambda module: module.__name__)
def test_every_query_is_explained(module: ModuleType) -> None:
    name = module.__name__.rsplit(".", 1)[1]
    own = {
        f"{name}.{key}"
        for key, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__
    }
    assert own == {key.split(" ")[0] for key in ASKED if key.startswith(f"{name}.")}
