"""ETag, If-None-Match and If-Match."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.api import Operation, Request
from functions.shared.errors import ApiError
from functions.shared.resources.conditional import Tagged, expected, tag_of, tag_of_body, tags, unchanged
from tests.functions.support.apps import Client

NAMES = st.text("abc123-_.,", min_size=0, max_size=8)
SPACES = st.sampled_from(["", " ", "\t"])


@given(st.lists(st.tuples(NAMES, st.booleans(), SPACES, SPACES), min_size=1, max_size=5))
def test_a_list_of_tags_is_read_whatever_stands_between(rows: list[tuple[str, bool, str, str]]) -> None:
    header = ",".join(f'{before}{"W/" if weak else ""}"{name}"{after}' for name, weak, before, after in rows)
    assert tags(header) == {f'"{name}"' for name, *_ in rows}


@pytest.mark.parametrize("header", ["3", '"3', '"3" "4"', 'w/"3"', '"3",,"4"', "*, *", '"a b"', "\x00"])
def test_what_is_no_list_of_tags_asks_for_nothing(header: str) -> None:
    with pytest.raises(ValueError, match="no list of entity tags"):
        tags(header)
    assert not unchanged('"3"', {"if-none-match": header})


@pytest.mark.parametrize(
    ("header", "same"),
    [
        ('"3"', True),
        ('W/"3"', True),
        ('"2", "3"', True),
        ("*", True),
        ('"2"', False),
        ('"33"', False),
        ("", False),
    ],
)
def test_comparison_is_weak_and_takes_lists(header: str, same: bool) -> None:
    assert unchanged(tag_of(3), {"if-none-match": header}) == same
    assert unchanged('W/"3"', {"if-none-match": header}) == same


@pytest.mark.parametrize("header", ['"3"', 'W/"3"', '"1", "3"', "*", " * "])
def test_a_version_that_was_seen_may_be_changed(header: str) -> None:
    expected({"if-match": header}, 3)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "version_missing"),
        ({"if-match": ""}, "version_missing"),
        ({"if-match": "3"}, "version_missing"),
        ({"if-match": '"2"'}, "changed"),
        ({"if-match": '"03"'}, "changed"),
        ({"if-match": '"2", "4"'}, "changed"),
    ],
)
def test_a_version_that_was_not_seen_is_not_changed(headers: dict[str, str], code: str) -> None:
    with pytest.raises(ApiError) as caught:
        expected(headers, 3)
    assert caught.value.code == code


def client(result: Any, **more: Any) -> Client:
    def run(_request: Request) -> Any:
        return result

    made = {key: Operation(run, tagged=True, **more) for key in ("GET /v1/thing", "PUT /v1/thing")}
    return Client({**made, "GET /v1/plain": Operation(run)})


def test_what_the_caller_has_is_not_sent_again() -> None:
    caller = client(Tagged({"a": 1}, 7))
    first = caller.call("GET", "/v1/thing")
    assert (first.status, first.body, first.headers["ETag"]) == (200, {"a": 1}, '"7"')
    again = caller.call("GET", "/v1/thing", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body, again.headers["ETag"]) == (304, None, '"7"')
    assert again.headers["Cache-Control"] == "no-store"


def test_only_a_read_is_left_out() -> None:
    found = client(Tagged({"a": 1}, 7)).call("PUT", "/v1/thing", headers={"If-None-Match": "*"})
    assert (found.status, found.body) == (200, {"a": 1})


def test_an_answer_without_a_version_has_a_tag_of_its_text() -> None:
    caller = client({"a": 1})
    first = caller.call("GET", "/v1/thing")
    assert first.headers["ETag"] == tag_of_body('{"a":1}')
    assert caller.call("GET", "/v1/thing", headers={"If-None-Match": first.headers["ETag"]}).status == 304
    assert client({"a": 2}).call("GET", "/v1/thing").headers["ETag"] != first.headers["ETag"]


def test_what_was_made_says_where_it_is() -> None:
    found = client(Tagged({"a": 1}, 1, location="thing/1"), status=201).call("PUT", "/v1/thing")
    assert (found.status, found.headers["Location"]) == (201, "thing/1")


def test_a_route_without_tags_has_none() -> None:
    found = client({"a": 1}).call("GET", "/v1/plain", headers={"If-None-Match": "*"})
    assert (found.status, "ETag" in found.headers) == (200, False)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/merge-patch+json", "Application/Merge-Patch+JSON; a=b"]
)
def test_a_patch_may_say_that_it_is_one(kind: str) -> None:
    from functions.shared.schemas import Body

    def run(_request: Request) -> dict[str, str]:
        return {}

    operations = {f"{method} /v1/thing": Operation(run, request=Body) for method in ("PATCH", "PUT")}
    caller = Client(operations)
    assert caller.call("PATCH", "/v1/thing", body={}, headers={"Content-Type": kind}).status == 200
    put = caller.call("PUT", "/v1/thing", body={}, headers={"Content-Type": kind})
    assert put.status == (200 if kind == "application/json" else 415)
