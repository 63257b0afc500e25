"""One person's pace without a cache: counted over all processes and tokens, at hardly a call to the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.api import Operation
from functions.shared.aws.calls import AwsError, AwsTimeoutError
from functions.shared.aws.sdk import client
from functions.shared.door.guarded import guarded
from functions.shared.door.pace import REMEMBERED
from functions.shared.door.requests_table import RequestsTable
from functions.shared.door.windows import PAUSE_S, Windows
from functions.shared.errors import ApiError
from functions.shared.identity.settings import TokenSettings
from functions.shared.logs import Log
from tests.functions.support.apps import POOL, Client
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.cloud import requests_table


class Kept:
    """The table, with one clock for everybody."""

    def __init__(self) -> None:
        self.now, self.asked = 1_000_000.0, 0
        self.counts: dict[str, int] = {}
        self.fails = False

    def clock(self) -> float:
        return self.now

    def add(self, name: str, count: int, ends: int) -> int:
        assert self.now < ends <= self.now + 70
        self.asked += 1
        if self.fails:
            raise ApiError("unavailable")
        self.counts[name] = self.counts.get(name, 0) + count
        return self.counts[name]


def several(kept: Kept, many: int = 1, *, per_second: int = 1000, burst: int = 2000) -> list[Windows]:
    return [Windows(kept, per_second=per_second, burst=burst, clock=kept.clock) for _ in range(many)]


def taken(windows: Windows, times: int, user: str = "ada") -> int:
    """How many of so many requests are let through."""
    through = 0
    for _ in range(times):
        try:
            windows.take(user)
        except ApiError:
            continue
        through += 1
    return through


def test_whoever_asks_now_and_then_costs_no_call() -> None:
    kept = Kept()
    (one,) = several(kept)
    assert taken(one, 24) == 24
    assert kept.asked == 0
    assert one.told("ada") == {"RateLimit-Policy": '"user";q=2000;w=2', "RateLimit": '"user";r=1976;t=2'}


def test_a_window_has_its_number_and_the_next_one_as_many_again() -> None:
    kept = Kept()
    (one,) = several(kept)
    assert taken(one, 3000) == 2000
    assert kept.asked == 80
    with pytest.raises(ApiError) as refusal:
        one.take("ada")
    assert (refusal.value.code, refusal.value.retry_after_s) == ("throttled", 2)
    assert one.told("ada")["RateLimit"] == '"user";r=0;t=2'
    assert taken(one, 1, "bob") == 1
    kept.now += 2
    assert one.told("ada")["RateLimit"] == '"user";r=2000;t=2'
    assert taken(one, 3000) == 2000


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), max_size=60))
def test_all_processes_together_let_hardly_more_through(calls: list[tuple[int, int]]) -> None:
    kept = Kept()
    each = several(kept, 4, per_second=80, burst=160)
    through = sum(taken(each[which], times) for which, times in calls)
    asked = sum(times for _, times in calls)
    # Told in lots of two: what four processes have not told yet is one request each, and one that came last.
    assert min(asked, 160) <= through <= 160 + 4 * 2


def test_a_small_number_is_counted_request_by_request() -> None:
    kept = Kept()
    first, second = several(kept, 2, per_second=5, burst=5)
    assert taken(first, 3) == 3
    assert taken(second, 5) == 2
    assert taken(first, 5) == 0


def test_without_the_table_each_process_counts_for_itself_and_asks_it_no_more_for_a_while() -> None:
    kept = Kept()
    kept.fails = True
    (one,) = several(kept, per_second=10, burst=100)
    assert taken(one, 200) == 100
    assert (kept.asked, one.told("ada")) == (1, {})
    kept.now += PAUSE_S
    kept.fails = False
    assert taken(one, 1) == 0
    kept.now += 10
    assert taken(one, 200) == 100
    assert sum(kept.counts.values()) == 100


def test_a_process_forgets_the_people_it_heard_of_first() -> None:
    (one,) = several(Kept())
    for user in range(REMEMBERED + 1):
        one.take(f"user-{user}")
    assert one.told("user-0") == {}
    assert one.told(f"user-{REMEMBERED}") != {}


def test_two_tokens_of_one_person_are_one_person() -> None:
    operation = Operation(lambda _: {}, scopes=("aws.cognito.signin.user.admin",))
    client = Client({"GET /v1/x": operation})
    client.app = replace(client.app, pace=several(Kept(), per_second=2, burst=2)[0])
    tokens = [POOL.token(origin_jti=session) for session in ("first", "second")]
    answers = [client.call("GET", "/v1/x", token=tokens[number % 2]) for number in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 429, 429]
    assert answers[1].headers["RateLimit"].startswith('"user";r=0;')
    assert answers[3].headers["Retry-After"] == "1"


class Dynamo:
    """DynamoDB, as it answers an addition."""

    def __init__(self, answer: Callable[[], dict[str, Any]]) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._answer = answer

    def call(self, operation: str, payload: Any) -> dict[str, Any]:
        self.asked.append((operation, payload))
        return self._answer()


@pytest.mark.usefixtures("aws")
def test_processes_share_an_item_that_goes_away_by_itself() -> None:
    table, clock = requests_table(), Kept().clock
    first, second = (Windows(table, per_second=1000, burst=2000, clock=clock) for _ in range(2))
    assert (taken(first, 1500), taken(second, 1500)) == (1500, 500)
    (row,) = client("dynamodb").scan(TableName="requests")["Items"]
    assert row == {"request": {"S": "pace:ada:1000002"}, "count": {"N": "2000"}, "ttl": {"N": "1000062"}}


def test_the_table_adds_and_tells_what_all_have_told() -> None:
    service = Dynamo(lambda: {"Attributes": {"count": {"N": "75"}, "ttl": {"N": "9"}}})
    assert RequestsTable(service, "requests").add("pace:ada:8", 25, 9) == 75
    ((operation, payload),) = service.asked
    assert (operation, payload["Key"]) == ("UpdateItem", {"request": {"S": "pace:ada:8"}})
    assert payload["UpdateExpression"] == "SET #ttl = :ends ADD #count :count"


@pytest.mark.parametrize("error", [AwsError(400, "ThrottlingException", {}), AwsTimeoutError("dynamodb")])
def test_a_table_that_cannot_add_says_so(error: Exception) -> None:
    def fail() -> dict[str, Any]:
        raise error

    with pytest.raises(ApiError, match="unavailable"):
        RequestsTable(Dynamo(fail), "requests").add("pace:ada:8", 25, 9)


@pytest.mark.parametrize(
    ("rate", "table", "counted"), [(10, "requests", True), (0, "requests", False), (10, "", False)]
)
def test_people_are_counted_where_there_is_a_rate_and_a_table(rate: int, table: str, *, counted: bool) -> None:
    settings = TokenSettings(
        user_pool_id="us-east-1_Example01", client_id="app", requests_table=table, requests_per_user=rate
    )
    app = guarded({}, Log("test"), settings, ENVIRONMENT)
    assert isinstance(app.pace, Windows) == counted
