"""The data routes on a real database: who reaches which record, versions, changes, filters and pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.migrations.files import read
from functions.migrations.logic import migrate
from functions.records.operations import operations
from functions.records.schemas import WholeRecord
from functions.records.store import RecordStore
from functions.shared.database.connection import PostgreSql
from functions.shared.database.faults import ConnectionLostError
from functions.shared.resources.merging import merged
from tests.functions.support.apps import POOL, Answer, Client
from tests.functions.support.postgres import Postgres

ONE = "/v1/data/{id}"
ADMINISTRATOR = ["users", "administrators"]


@pytest.fixture(scope="module")
def database(server: Postgres) -> Iterator[PostgreSql]:
    with server.database() as name:
        session = server.session(name)
        migrate(session, read())
        yield session


class Owner:
    """Somebody with records."""

    def __init__(self, database: PostgreSql, groups: list[str] | None = None) -> None:
        self.id = str(uuid4())
        self.groups = groups
        self.client = Client(operations(RecordStore(database)))

    def call(self, method: str, resource: str = "/v1/data", record: str = "", **more: Any) -> Answer:
        token = POOL.token(sub=self.id, groups=self.groups or ["users"])
        return self.client.call(method, resource, token=token, path={"id": record} if record else None, **more)

    def add(self, **body: Any) -> str:
        made = self.call("POST", body={"payload": {}, **body})
        assert made.status == 201, made.body
        return str(made.body["id"])

    def listed(self, **query: str) -> list[str]:
        found = self.call("GET", query=query)
        assert found.status == 200, found.body
        return [row["id"] for row in found.body["data"]]


@pytest.fixture
def ada(database: PostgreSql) -> Owner:
    return Owner(database)


@pytest.fixture
def root(database: PostgreSql) -> Owner:
    return Owner(database, ADMINISTRATOR)


def test_a_record_is_kept_as_it_was_sent(ada: Owner) -> None:
    payload = {"a": [1, 2.5, None, True, {"b": "é"}], "": "", "n": None}
    made = ada.call("POST", body={"payload": payload, "attributes": {"batch": 7}})
    assert (made.status, made.headers["ETag"]) == (201, '"1"')
    assert made.headers["Location"] == f"data/{made.body['id']}"
    assert made.body["ownerId"] == ada.id
    found = ada.call("GET", ONE, made.body["id"])
    assert (found.status, found.body) == (200, made.body)
    assert (found.body["payload"], found.body["attributes"], found.body["status"]) == (payload, {"batch": 7}, "active")
    assert ada.call("GET", ONE, made.body["id"], headers={"If-None-Match": '"1"'}).status == 304


def test_what_somebody_else_has_is_not_even_there(ada: Owner, root: Owner, database: PostgreSql) -> None:
    record, other = ada.add(), Owner(database)
    change = {"body": {"payload": {}}, "headers": {"If-Match": "*"}}
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        refused = other.call(method, ONE, record, **(change if method != "GET" else {}))
        assert (refused.status, refused.code) == (404, "unknown_record")
        assert other.call(method, ONE, str(uuid4()), **change).code == "unknown_record"
    assert other.listed() == []
    assert root.call("GET", ONE, record).body["ownerId"] == ada.id
    assert root.call("DELETE", ONE, record, headers={"If-Match": "*"}).status == 204
    assert ada.call("GET", ONE, record).status == 404


@pytest.mark.parametrize("record", ["1", "x-y", "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_none_is_not_found(ada: Owner, record: str) -> None:
    assert ada.call("GET", ONE, record).code == "unknown_record"


def test_a_change_is_of_the_version_that_was_read(ada: Owner) -> None:
    record = ada.add(payload={"a": 1})
    first = ada.call("PUT", ONE, record, body={"payload": {"a": 2}}, headers={"If-Match": '"1"'})
    assert (first.status, first.headers["ETag"], first.body["version"]) == (200, '"2"', 2)
    for method in ("PUT", "PATCH", "DELETE"):
        late = ada.call(method, ONE, record, body={"payload": {"a": 3}}, headers={"If-Match": '"1"'})
        assert (late.status, late.code) == (409, "changed")
        silent = ada.call(method, ONE, record, body={"payload": {"a": 3}})
        assert (silent.status, silent.code) == (400, "version_missing")
    assert ada.call("GET", ONE, record).body["payload"] == {"a": 2}
    assert ada.call("DELETE", ONE, record, headers={"If-Match": '"2"'}).status == 204
    assert ada.call("DELETE", ONE, record, headers={"If-Match": '"2"'}).status == 404


def test_of_two_who_have_read_the_same_one_is_told(ada: Owner, database: PostgreSql) -> None:
    record = UUID(ada.add())
    store = RecordStore(database)
    assert store.replace(record, 1, WholeRecord(payload={"a": 1}, attributes={})) is not None
    assert store.replace(record, 1, WholeRecord(payload={"a": 2}, attributes={})) is None
    assert not store.remove(record, 1)


def test_a_whole_record_leaves_nothing_of_the_one_before(ada: Owner) -> None:
    record = ada.add(payload={"a": 1}, attributes={"batch": 7})
    put = ada.call("PUT", ONE, record, body={"payload": {"b": 1}, "status": "archived"}, headers={"If-Match": "*"})
    assert (put.body["payload"], put.body["attributes"], put.body["status"]) == ({"b": 1}, {}, "archived")


def test_a_patch_changes_parts_and_takes_away_what_is_null(ada: Owner) -> None:
    record = ada.add(payload={"a": {"b": 1, "c": 2}, "d": [1]}, attributes={"batch": 7, "colour": "red"})
    patch = {"payload": {"a": {"b": None, "e": 3}, "d": [2]}, "attributes": {"batch": None}}
    kind = {"If-Match": '"1"', "Content-Type": "application/merge-patch+json"}
    found = ada.call("PATCH", ONE, record, body=patch, headers=kind)
    assert found.body["payload"] == {"a": {"c": 2, "e": 3}, "d": [2]}
    assert (found.body["attributes"], found.body["status"]) == ({"colour": "red"}, "active")
    same = ada.call("PATCH", ONE, record, body={}, headers={"If-Match": '"2"'})
    assert (same.status, same.body) == (200, found.body)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "payload"),
        ({"payload": []}, 400, "payload"),
        ({"payload": {}, "extra": 1}, 400, "extra"),
        ({"payload": {}, "attributes": {"a": []}}, 400, "attributes.a"),
        ({"payload": {}, "attributes": {"a": None}}, 400, "attributes.a"),
        ({"payload": {}, "attributes": {"a": "x" * 201}}, 400, "attributes.a"),
        ({"payload": {}, "attributes": {"a:b": 1}}, 400, "attributes"),
        ({"payload": {}, "attributes": {"": 1}}, 400, "attributes"),
        ({"payload": {}, "attributes": {str(n): 1 for n in range(51)}}, 400, "attributes"),
        ({"payload": {"a": "x" * (256 * 1024)}}, 413, "payload"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(ada: Owner, body: Any, status: int, field: str) -> None:
    refused = ada.call("POST", body=body)
    assert refused.status == status
    assert next(iter(refused.fields)) == field
    assert ada.listed() == []


@pytest.mark.parametrize(
    "text", ['{"payload": {"a": "\\u0000"}}', '{"payload": {"\\ud800": 1}}', '{"payload": {"a": 1e999}}']
)
def test_text_that_no_database_holds_is_refused(ada: Owner, text: str) -> None:
    assert ada.call("POST", body=text).status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def doubles(value: Any) -> Any:
    """A value with its numbers as JSON's readers take them: 2e16 comes back as the whole number that it is."""
    if isinstance(value, dict):
        return {name: doubles(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [doubles(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(), JSON, max_size=4), st.dictionaries(st.text(), JSON, max_size=4))
def test_whatever_is_sent_is_kept_and_merged_or_refused(
    ada: Owner, payload: dict[str, Any], patch: dict[str, Any]
) -> None:
    made = ada.call("POST", body={"payload": payload})
    assert made.status in {201, 400}
    if made.status == 201:
        assert doubles(made.body["payload"]) == doubles(payload)
        changed = ada.call("PATCH", ONE, made.body["id"], body={"payload": patch}, headers={"If-Match": "*"})
        assert changed.status in {200, 400}
        expected = merged(payload, patch) if changed.status == 200 else payload
        assert doubles(ada.call("GET", ONE, made.body["id"]).body["payload"]) == doubles(expected)


def test_a_list_is_filtered(ada: Owner) -> None:
    red = ada.add(attributes={"colour": "red", "n": 1, "on": True})
    blue = ada.add(attributes={"colour": "blue"})
    ada.call("PATCH", ONE, blue, body={"status": "archived"}, headers={"If-Match": "*"})
    moment = ada.call("GET", ONE, blue).body["createdAt"]
    assert ada.listed() == [blue, red]
    assert ada.listed(sort="createdAt") == [red, blue]
    assert ada.listed(sort="-updatedAt", limit="1") == [blue]
    assert ada.listed(status="archived") == [blue]
    assert ada.listed(attribute="colour:red") == ada.listed(attribute="n:1") == ada.listed(attribute="on:true") == [red]
    assert ada.listed(attribute="n:1:2") == ada.listed(attribute="colour:NaN") == []
    assert ada.listed(since="2999-01-01T00:00:00Z") == ada.listed(until="1970-01-02T00:00:00+14:00") == []
    assert ada.listed(since=moment, until="2999-12-31T23:59:59Z")[:1] == [blue]
    assert ada.listed(owner=ada.id) == [blue, red]
    shown = ada.call("GET", query={"attribute": "n:1"}).body["data"][0]
    assert "payload" not in shown
    assert shown["attributes"] == {"colour": "red", "n": 1, "on": True}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "name"}, "sort"),
        ({"sort": "createdAt; DROP TABLE"}, "sort"),
        ({"status": "deleted"}, "status"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"attribute": "colour"}, "attribute"),
        ({"attribute": "colour:\x00"}, "attribute"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"page": "0"}, "page"),
        ({"page": "501"}, "page"),
        ({"page": "100000", "limit": "100"}, "page"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"offset": "1"}, "offset"),
    ],
)
def test_a_query_that_makes_no_sense_is_told_by_field(ada: Owner, query: dict[str, str], field: str) -> None:
    refused = ada.call("GET", query=query)
    assert (refused.status, refused.code, list(refused.fields)) == (400, "invalid_request", [field])


def test_only_an_administrator_asks_for_somebody_elses(ada: Owner, root: Owner, database: PostgreSql) -> None:
    record = ada.add()
    other = Owner(database)
    refused = other.call("GET", query={"owner": ada.id})
    assert (refused.status, refused.code) == (403, "missing_group")
    assert root.listed(owner=ada.id) == [record]
    assert record in root.listed(limit="100")
    assert root.call("GET", query={"owner": "nobody"}).fields == {"owner": "give a user's id"}
    assert root.listed(owner=str(uuid4())) == []


def test_pages_by_number_tell_where_they_are(ada: Owner) -> None:
    made = [ada.add() for _ in range(5)]
    found = ada.call("GET", query={"page": "2", "limit": "2"}).body
    assert [row["id"] for row in found["data"]] == made[::-1][2:4]
    following = found["pagination"].pop("next")
    start = found["pagination"].pop("start")
    assert ada.call("GET", query={"limit": "1"}).body["pagination"]["start"] == start
    assert found["pagination"] == {
        "page": 2, "limit": 2, "total": 5, "totalPages": 3, "hasNext": True, "hasPrevious": True,
    }  # fmt: skip
    last = ada.call("GET", query={"cursor": following, "limit": "2"}).body
    assert [row["id"] for row in last["data"]] == made[:1]
    assert last["pagination"] == {
        "page": 3, "limit": 2, "total": 5, "totalPages": 3, "hasNext": False, "hasPrevious": True,
    }  # fmt: skip
    beyond = ada.call("GET", query={"page": "9"}).body
    assert (beyond["data"], beyond["pagination"]["hasPrevious"]) == ([], False)


def test_a_cursor_is_of_one_order_and_stands_for_the_page(ada: Owner) -> None:
    for _ in range(3):
        ada.add()
    cursor = ada.call("GET", query={"limit": "1"}).body["pagination"]["next"]
    other = ada.call("GET", query={"cursor": cursor, "sort": "createdAt"})
    assert other.fields == {"cursor": "send pagination.next of the last page as it was given, with the same sort"}
    told = {"cursor": "send it without page and start, or these alone"}
    assert ada.call("GET", query={"cursor": cursor, "page": "2"}).fields == told


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 12),
    st.integers(1, 5),
    st.sampled_from(["createdAt", "-createdAt", "updatedAt", "-updatedAt"]),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=12),
)
def test_no_row_comes_twice_and_none_is_missed_whatever_is_added_or_deleted_meanwhile(
    database: PostgreSql, count: int, limit: int, sort: str, meanwhile: list[tuple[int, int]]
) -> None:
    ada = Owner(database)
    before = [ada.add() for _ in range(count)]
    there, seen, cursor = list(before), list[str](), ""
    while True:
        query = {"limit": str(limit), "sort": sort} | ({"cursor": cursor} if cursor else {})
        found = ada.call("GET", query=query).body
        seen += [row["id"] for row in found["data"]]
        cursor = found["pagination"].get("next", "")
        if not cursor:
            break
        added, place = meanwhile.pop() if meanwhile else (0, 40)
        there += [ada.add() for _ in range(added)]
        if place < len(there):
            assert ada.call("DELETE", ONE, there.pop(place), headers={"If-Match": "*"}).status == 204
    assert len(seen) == len(set(seen))
    assert set(before) & set(there) <= set(seen)
    if sort.startswith("-"):
        assert set(seen) <= set(before)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 9),
    st.integers(1, 4),
    st.sampled_from(["createdAt", "-createdAt", "updatedAt", "-updatedAt"]),
    st.lists(st.integers(0, 3), max_size=9),
)
def test_pages_by_number_from_a_start_on_show_each_row_once_whatever_is_added_meanwhile(
    database: PostgreSql, count: int, limit: int, sort: str, meanwhile: list[int]
) -> None:
    ada = Owner(database)
    before, seen, asked = [ada.add() for _ in range(count)], list[str](), {"limit": str(limit), "sort": sort}
    start, pages = "", -(-count // limit)
    for page in range(1, pages + 1):
        found = ada.call("GET", query={**asked, "page": str(page)} | ({"start": start} if start else {})).body
        start = start or found["pagination"]["start"]
        assert found["pagination"]["start"] == start
        assert found["pagination"]["total"] >= count
        seen += [row["id"] for row in found["data"]]
        for _ in range(meanwhile.pop() if meanwhile else 0):
            ada.add()
    assert seen[:count] == (before[::-1] if sort.startswith("-") else before)
    assert len(seen) == len(set(seen))


def test_a_stack_without_a_database_says_so() -> None:
    caller = Client(operations(None))
    for method, resource in (("GET", "/v1/data"), ("GET", ONE), ("DELETE", ONE)):
        found = caller.call(method, resource, path={"id": str(uuid4())})
        assert (found.status, found.code) == (404, "no_database")


class Lost:
    """A database that cannot be reached."""

    def run(self, sql: str, **_values: Any) -> Any:
        raise ConnectionLostError(sql[:0] + "no connection")

    def transaction(self, *, always: bool = False) -> Any:
        raise ConnectionLostError("no connection")


def test_a_database_that_is_away_is_told_to_ask_again_later() -> None:
    caller = Client(operations(RecordStore(Lost())))
    for method, resource in (("GET", "/v1/data"), ("GET", ONE), ("DELETE", ONE)):
        found = caller.call(method, resource, path={"id": str(uuid4())})
        assert (found.status, found.code, found.headers["Retry-After"]) == (503, "unavailable", "5")


def test_a_program_owns_nothing(database: PostgreSql) -> None:
    caller = Client(operations(RecordStore(database)))
    found = caller.call("GET", "/v1/data", token=POOL.token(sub="4exampleclient7"))
    assert (found.status, found.code) == (403, "missing_scope")
