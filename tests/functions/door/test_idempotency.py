"""Requests with an Idempotency-Key: done once, answered alike, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from functions.shared.api import Operation, Request
from functions.shared.aws.calls import Service
from functions.shared.aws.sdk import client
from functions.shared.door.idempotency import (
    CLAIM_S,
    KEPT_S,
    LARGEST_ANSWER,
    Claim,
    Idempotency,
    Record,
    Records,
    Reply,
    digest_of,
)
from functions.shared.door.requests_table import RequestsTable
from functions.shared.errors import ApiError
from functions.shared.schemas import Body
from tests.functions.support.apps import POOL, Answer, Client
from tests.functions.support.cloud import requests_table
from tests.functions.support.requests import KeptRequests

SCOPES = ("aws.cognito.signin.user.admin",)


class Order(Body):
    """A body for these tests."""

    item: str
    count: Annotated[int, Field(ge=1)] = 1


class Shop:
    """A route that makes something, and tells what it has made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.fails: Callable[[], None] | None = None
        operation = Operation(self.run, status=201, scopes=SCOPES, request=Order, once=True)
        self.client = Client({"POST /v1/orders": operation, "POST /v1/orders/{id}": operation})

    def run(self, request: Request) -> dict[str, Any]:
        self.made.append(request.new_id())
        if self.fails is not None:
            self.fails()
        return {"id": self.made[-1], "item": request.body.item}

    def order(self, key: str | None, body: Any = None, **more: Any) -> Answer:
        headers = {} if key is None else {"Idempotency-Key": key}
        resource = "/v1/orders/{id}" if "path" in more else "/v1/orders"
        return self.client.call("POST", resource, body={"item": "a"} if body is None else body, headers=headers, **more)


def test_the_same_request_is_answered_alike_and_done_once() -> None:
    shop = Shop()
    first, second = shop.order("k"), shop.order("k", '{"count":1,   "item":"a"}')
    assert (first.status, first.body) == (second.status, second.body) == (201, {"id": shop.made[0], "item": "a"})
    assert len(shop.made) == 1
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert shop.client.lines[-1]["metadata"]["replayed"] is True


@pytest.mark.parametrize(
    "more",
    [{"body": {"item": "b"}}, {"body": {"item": "a", "count": 2}}],
    ids=["another item", "another count"],
)
def test_a_key_belongs_to_one_request(more: dict[str, Any]) -> None:
    shop = Shop()
    shop.order("k")
    found = shop.order("k", **more)
    assert (found.status, found.code, len(shop.made)) == (409, "key_reused", 1)


def test_a_key_belongs_to_one_path() -> None:
    shop = Shop()
    assert shop.order("k", path={"id": "1"}).status == 201
    assert shop.order("k", path={"id": "2"}).code == "key_reused"


def test_a_key_belongs_to_one_caller_and_one_route() -> None:
    shop = Shop()
    shop.order("k")
    assert shop.order("k", {"item": "b"}, token=POOL.token(sub="bob")).status == 201
    assert shop.order("k", {"item": "c"}, path={"id": "1"}).status == 201


def test_without_a_key_each_request_is_its_own() -> None:
    shop = Shop()
    assert [shop.order(None).status, shop.order(None).status] == [201, 201]
    assert shop.made[0] != shop.made[1]
    assert shop.client.kept.items == {}


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü", "a\x00", "a\n"], ids=ascii)
def test_a_malformed_key_is_refused(key: str) -> None:
    shop = Shop()
    found = shop.order(key)
    assert (found.status, found.code, list(found.fields)) == (400, "invalid_request", ["Idempotency-Key"])
    assert shop.made == []


def test_a_request_that_does_not_fit_leaves_its_key_free() -> None:
    shop = Shop()
    assert shop.order("k", {"item": 7}).status == 400
    assert shop.order("k").status == 201


def test_a_request_under_way_is_not_begun_again() -> None:
    shop = Shop()
    inner: list[Answer] = []
    shop.fails = lambda: inner.append(shop.order("k")) if not inner else None
    assert shop.order("k").status == 201
    assert (inner[0].status, inner[0].code, inner[0].headers["Retry-After"]) == (409, "key_in_use", "1")
    assert len(shop.made) == 1


@pytest.mark.parametrize("error", [ApiError("unavailable"), KeyError("x")], ids=["told", "unexpected"])
def test_a_failed_request_may_be_tried_again_under_the_same_id(error: Exception) -> None:
    shop = Shop()

    def fail() -> None:
        raise error

    shop.fails = fail
    assert shop.order("k").status >= 500
    shop.fails = None
    assert shop.order("k").status == 201
    assert shop.made[0] == shop.made[1]
    assert shop.order("k").headers["Idempotent-Replayed"] == "true"


def test_a_table_that_cannot_be_reached_stops_a_request_with_a_key_alone() -> None:
    shop = Shop()
    shop.client.kept.down = True
    found = shop.order("k")
    assert (found.status, found.code, shop.made) == (503, "unavailable", [])
    assert shop.order(None).status == 201


def test_an_answer_that_cannot_be_kept_is_given_all_the_same() -> None:
    shop = Shop()

    def lost() -> None:
        shop.client.kept.down = True

    shop.fails = lost
    assert shop.order("k").status == 201
    assert shop.client.lines[-1]["metadata"]["notKept"] == "requests table: down"


class Once:
    """A clock, and what keeps records."""

    def __init__(self, records: Records) -> None:
        self.now = 1_000_000.0
        self.records, self._once = records, Idempotency(records, lambda: self.now)

    def ask(self, body: str = "a") -> Claim | Reply:
        return self._once.claim("k", user_id="ada", route="POST /v1/orders", request=[None, None, body])

    def claimed(self) -> Claim:
        found = self.ask()
        assert isinstance(found, Claim)
        return found

    def refused(self, body: str = "a") -> str:
        with pytest.raises(ApiError) as refusal:
            self.ask(body)
        return refusal.value.code


@pytest.fixture(params=["in this process", "DynamoDB"])
def once(request: pytest.FixtureRequest) -> Iterator[Once]:
    if request.param == "DynamoDB":
        request.getfixturevalue("aws")
        yield Once(requests_table())
    else:
        yield Once(KeptRequests())


def test_an_answer_is_kept_with_its_headers_for_a_day(once: Once) -> None:
    reply = Reply(201, '{"id":"ü"}', {"ETag": '"1"'})
    assert once.claimed().keep(reply) == ""
    once.now += KEPT_S - 1
    assert once.ask() == Reply(201, '{"id":"ü"}', {"ETag": '"1"', "Idempotent-Replayed": "true"})
    once.now += 1
    assert isinstance(once.ask("another"), Claim)


def test_a_claim_whose_owner_died_is_taken_over_once_and_keeps_its_id(once: Once) -> None:
    dead = once.claimed()
    once.now += CLAIM_S - 1
    assert once.refused() == "key_in_use"
    once.now += 1
    assert once.refused("another") == "key_reused"
    heir = once.claimed()
    assert heir.made_id == dead.made_id
    assert once.refused() == "key_in_use"
    assert dead.keep(Reply(201, "late", {})) == "requests table: claimed by another"
    assert heir.keep(Reply(201, "kept", {})) == ""
    assert once.ask() == Reply(201, "kept", {"Idempotent-Replayed": "true"})


def test_two_heirs_do_not_both_take_over(once: Once) -> None:
    once.claimed()
    (name,) = names_in(once.records)
    once.now += CLAIM_S
    left = once.records.begin(name, Record("", "", "", 0), int(once.now), 0)
    assert left is not None
    assert once.records.take_over(name, left, "first", 1) is True
    assert once.records.take_over(name, left, "second", 1) is False


def names_in(records: Any) -> list[str]:
    if isinstance(records, KeptRequests):
        return list(records.items)
    return [item["request"]["S"] for item in client("dynamodb").scan(TableName="requests")["Items"]]


def test_an_answer_beyond_what_an_item_holds_is_not_kept(once: Once) -> None:
    claim = once.claimed()
    assert claim.keep(Reply(201, "x" * (LARGEST_ANSWER + 1), {})) == "too large"
    assert once.claimed().made_id == claim.made_id


def test_a_table_that_does_not_answer_is_unavailable() -> None:
    environ = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    service = Service("dynamodb", {**environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, timeout_s=0.1)
    assert Once(RequestsTable(service, "requests")).refused() == "unavailable"


@given(
    st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers())),
    st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.integers())),
)
def test_only_the_same_request_has_the_same_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)
    assert digest_of(one) == digest_of(dict(reversed(one.items())))
