"""Every statement of a request finds its rows by an index, at a hundred thousand rows a table."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import product
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest

from functions.shared.database.queries import records, submissions, users
from functions.shared.database.queries.pages import Cursor, Order
from functions.shared.database.session import Session
from functions.shared.resources.lists import FURTHEST
from tests.functions.database.conftest import Large
from tests.functions.support.postgres import Explained

MOMENT = datetime(2026, 1, 1, tzinfo=timezone.utc)
Ask = Callable[[Session, Large], object]


def cursor(session: Session) -> Cursor:
    row = session.run("SELECT id, created_at FROM platform.records ORDER BY created_at LIMIT 1 OFFSET 50000")[0]
    return Cursor(row["created_at"], row["id"])


FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "in a status": {"status": "archived"},
    "of a time": {"since": MOMENT, "until": MOMENT + timedelta(days=1)},
    "with a rare attribute": {"attributes": {"batch": 77}},
    "with what all have": {"attributes": {"colour": "red"}},
    "with what none has": {"attributes": {"colour": "blue"}, "status": "active"},
}
ORDERS = [Order(), Order("updated_at", descending=False)]


def lists() -> dict[str, Ask]:
    """A page and a count for each filter and order, of an owner and of everybody."""
    found: dict[str, Ask] = {}
    for (label, given), order, own in product(FILTERS.items(), ORDERS, (True, False)):

        def both(s: Session, d: Large, given: Any = given, order: Order = order, own: bool = own) -> None:
            chosen = records.wanted(d.owner if own else None, **given)
            records.listed(s, chosen, limit=20, order=order, after=cursor(d.session))
            records.listed(s, chosen, limit=20, order=order, offset=200)
            records.count(s, chosen, most=FURTHEST, order=order)
            begun = replace(chosen, start=cursor(d.session))
            records.listed(s, begun, limit=20, order=order, offset=200)
            records.count(s, begun, most=FURTHEST, order=order)

        whose = "of one" if own else "of everybody"
        found[f"records.listed {label} {whose} by {order.column} {'down' if order.descending else 'up'}"] = both
    return found


LISTS = lists()
ASKED: dict[str, Ask] = {
    "users.keep": lambda s, _: users.keep(s, uuid4(), f"{uuid4()}@example.com", "New"),
    "users.one": lambda s, d: users.one(s, d.owner),
    "users.by_email": lambda s, _: users.by_email(s, "USER7@example.com"),
    "users.newest": lambda s, d: users.newest(s, limit=20, after=cursor(d.session)),
    "users.forget": lambda s, _: users.forget(s, uuid4()),
    "records.add": lambda s, d: records.add(s, uuid4(), d.owner, {"a": 1}, {"b": 2}),
    "records.one": lambda s, d: records.one(s, d.record, d.owner),
    "records.one as administrator": lambda s, d: records.one(s, d.record, None),
    **LISTS,
    "records.listed": lambda s, d: records.listed(s, records.wanted(d.owner), limit=20, after=cursor(d.session)),
    "records.count": lambda s, d: records.count(s, records.wanted(d.owner), most=FURTHEST),
    "records.wanted": lambda s, d: records.listed(s, records.wanted(d.owner, "archived"), limit=20),
    "records.replace": lambda s, d: records.replace(s, d.record, 1_000, payload={}, attributes={}, status="active"),
    "records.remove": lambda s, _: records.remove(s, uuid4(), 1),
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


@pytest.mark.parametrize("name", ["records.listed", "submissions.newest", "users.newest"])
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
