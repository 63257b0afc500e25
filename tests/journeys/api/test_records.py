"""Records of users over HTTP: kept, read, changed by who has read them, listed, and nobody else's business."""

from __future__ import annotations

import importlib
import sys
from typing import Any
from uuid import uuid4

import pytest

from tests.journeys.support.caller import Caller, signed_up
from tests.journeys.support.deployed import ROOT, Deployed

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def ada(main: Deployed) -> Caller:
    """Somebody without records of others."""
    return signed_up(main)


def added(caller: Caller, **body: Any) -> dict[str, Any]:
    made = caller.call("POST", "/data", {"payload": {}, **body})
    assert made.status == 201, made.text
    return dict(made.content)


def test_a_record_from_its_first_version_to_its_end(ada: Caller) -> None:
    made = ada.call("POST", "/data", {"payload": {"a": {"b": 1, "c": 2}}, "attributes": {"batch": 7}})
    assert (made.status, made.headers["etag"]) == (201, '"1"')
    place = f"/data/{made.content['id']}"
    assert place.endswith(made.headers["location"])
    assert made.content["ownerId"] == ada.user_id

    read = ada.call("GET", place)
    assert (read.status, read.headers["etag"], read.content) == (200, '"1"', made.content)
    again = ada.call("GET", place, headers={"If-None-Match": read.headers["etag"]})
    assert (again.status, again.text, again.headers["etag"]) == (304, "", '"1"')

    (missing,) = ada.call("PUT", place, {"payload": {}}).refused(400, "version_missing")
    assert missing["field"] == "If-Match"
    put = ada.call("PUT", place, {"payload": {"a": {"b": 1, "c": 3}}}, headers={"If-Match": '"1"'})
    assert (put.status, put.headers["etag"], put.content["attributes"]) == (200, '"2"', {})
    for method in ("PUT", "PATCH", "DELETE"):
        body: Any = None if method == "DELETE" else {"payload": {}}
        ada.call(method, place, body, headers={"If-Match": '"1"'}).refused(409, "changed")

    merge = {"If-Match": '"2"', "Content-Type": "application/merge-patch+json"}
    patched = ada.call("PATCH", place, {"payload": {"a": {"b": None}}, "status": "archived"}, headers=merge)
    assert patched.content["payload"] == {"a": {"c": 3}}
    assert (patched.content["status"], patched.content["version"]) == ("archived", 3)
    put = ada.call("PUT", place, {"payload": {}}, headers={**merge, "If-Match": "*"})
    put.refused(415, "unsupported_type")

    ended = ada.call("DELETE", place, headers={"If-Match": patched.headers["etag"]})
    assert (ended.status, ended.text) == (204, "")
    ada.call("GET", place).refused(404, "unknown_record")
    ada.call("DELETE", place, headers={"If-Match": "*"}).refused(404, "unknown_record")


def test_a_record_is_its_owners_and_an_administrators(ada: Caller, stranger: Caller, user: Caller) -> None:
    record = added(ada)
    place, any_version = f"/data/{record['id']}", {"If-Match": "*"}
    stranger.call("GET", place).refused(404, "unknown_record")
    stranger.call("PUT", place, {"payload": {}}, headers=any_version).refused(404, "unknown_record")
    stranger.call("PATCH", place, {}, headers=any_version).refused(404, "unknown_record")
    stranger.call("DELETE", place, headers=any_version).refused(404, "unknown_record")
    (detail,) = stranger.call("GET", f"/data?owner={ada.user_id}").refused(403, "missing_group")
    assert detail["field"] == "owner"
    assert user.call("GET", place).content == record
    listed = user.call("GET", f"/data?owner={ada.user_id}&limit=100").content["data"]
    assert record["id"] in [row["id"] for row in listed]
    assert user.call("DELETE", place, headers=any_version).status == 204


def test_records_need_a_token(main: Deployed) -> None:
    anybody = Caller(main)
    for method, path in (("GET", "/data"), ("POST", "/data"), ("GET", "/data/x"), ("DELETE", "/data/x")):
        anybody.call(method, path, {"payload": {}} if method == "POST" else None).refused(401, "unauthorized")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=name", "sort"),
        ("status=gone", "status"),
        ("since=yesterday", "since"),
        ("attribute=colour", "attribute"),
        ("attribute=colour:%00", "attribute"),
        ("page=501", "page"),
        ("page=99999&limit=100", "page"),
        ("limit=1000", "limit"),
        ("cursor=nonsense", "cursor"),
        ("offset=7", "offset"),
    ],
)
def test_a_query_that_makes_no_sense(ada: Caller, query: str, field: str) -> None:
    (detail,) = ada.call("GET", f"/data?{query}").refused(400, "invalid_request")
    assert detail["field"] == field


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"payload": []}',
        b'{"payload": {}, "owner": "somebody"}',
        b'{"payload": {}, "attributes": {"a": {}}}',
        b'{"payload": {"a": "\\u0000"}}',
        b'{"payload": {"a": "\\ud800"}}',
        b'{"payload": {"a": 1, "a": 2}}',
    ],
)
def test_a_record_that_cannot_be_kept(ada: Caller, raw: bytes) -> None:
    answer = ada.call("POST", "/data", raw=raw)
    assert answer.status == 400, answer.text


def test_a_record_that_is_too_large(ada: Caller) -> None:
    (detail,) = ada.call("POST", "/data", {"payload": {"a": "x" * (300 << 10)}}).refused(413, "too_large")
    assert detail["field"] == "payload"


def test_the_same_key_keeps_one_record(ada: Caller) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [ada.call("POST", "/data", {"payload": {"n": 1}}, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["etag"] == '"1"'


def test_pages_by_number_stay_where_they_are_while_records_come(main: Deployed) -> None:
    caller = signed_up(main)
    for number in range(5):
        assert caller.call("POST", "/data", {"payload": {"n": number}}).status == 201
    before = [caller.call("GET", f"/data?limit=2&page={page}").content for page in (1, 2, 3)]
    start = before[0]["pagination"]["start"]
    assert caller.call("POST", "/data", {"payload": {"n": 5}}).status == 201
    assert [caller.call("GET", f"/data?limit=2&page={page}&start={start}").content for page in (1, 2, 3)] == before
    (detail,) = caller.call("GET", "/data?start=nonsense").refused(400, "invalid_request")
    assert detail["field"] == "start"


def test_the_python_client_follows_a_list_while_records_come_and_go(main: Deployed) -> None:
    caller = signed_up(main)
    place = str(ROOT / "dist" / "clients" / "python")
    sys.path.insert(0, place)
    client = importlib.import_module("mlplatform_client").Client(main.state.api_url, caller.token)
    sys.path.remove(place)
    made = [client.add_record({"payload": {"n": n}, "attributes": {"even": n % 2 == 0}}) for n in range(7)]
    seen: list[str] = []
    page = client.list_records(limit=2)
    while True:
        seen += [row["id"] for row in page["data"]]
        if not page["pagination"]["hasNext"]:
            break
        client.add_record({"payload": {}})
        if len(seen) == 2:
            # One that was seen, and one that lies ahead.
            for gone in (made[-1], made[0]):
                client.delete_record(gone["id"], if_match=f'"{gone["version"]}"')
        page = client.list_records(limit=2, cursor=page["pagination"]["next"])
    assert seen == [row["id"] for row in made[:0:-1]]
    found = client.list_records(attribute="even:true", sort="createdAt")
    assert [row["id"] for row in found["data"]] == [made[2]["id"], made[4]["id"]]
    assert found["pagination"]["total"] == 2
    client.close()
