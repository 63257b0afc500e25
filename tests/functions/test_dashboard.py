"""Figures for a front page: what is counted, what is kept, and what is left out when its source is away."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import pytest

from functions.dashboard.handler import operations
from functions.dashboard.logic import Figures
from functions.dashboard.store import MOST, FigureTables
from functions.shared.aws.sdk import client
from functions.shared.errors import ApiError
from functions.shared.models import ModelsTable
from functions.shared.resources.counters import of_day
from tests.functions.support.apps import POOL, Client
from tests.functions.support.cloud import GROUP, index, models_table

AT = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
DAYS = [f"2026-01-{day}" for day in range(31, 24, -1)]


class Cache:
    """Keeps everything, or nothing when it is away."""

    def __init__(self, *, away: bool = False) -> None:
        self.values: dict[str, bytes] = {}
        self.away = away

    def get(self, key: str) -> bytes | None:
        return None if self.away else self.values.get(key)

    def put(self, key: str, value: bytes, ttl_s: int) -> bool:
        assert ttl_s == 30
        self.values[key] = value
        return not self.away


def prediction(number: int, at: str = "2026-01-31T11:00:00.000Z", version: str = "v2") -> dict[str, Any]:
    result = json.dumps({"prediction": "yes", "confidence": 0.9, "alternatives": []})
    return {"predictionId": f"p{number}", "createdAt": at, "modelVersion": version, "result": result}


class Tables:
    """What the tables would tell; counts how often they are asked."""

    def __init__(self, **fails: ApiError) -> None:
        self.asked: list[str] = []
        self.fails = fails
        self.rows = [prediction(1), prediction(2, "2026-01-30T11:00:00.000Z", "v1")]

    def _ask(self, part: str, of: str = "") -> None:
        self.asked.append(f"{part}:{of}" if of and of != POOL.subject else part)
        if part in self.fails:
            raise self.fails[part]

    def models(self) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any] | None]:
        self._ask("models")
        live = {"version": "v2", "status": "Live", "algorithm": "xgboost", "metrics": {"f1": 0.9, "per_class": {}}}
        return [live, {"version": "v1", "status": "Archived"}, {"version": "v0", "status": "Archived"}], live

    def predictions(self, user_id: str, since: str) -> tuple[Sequence[Mapping[str, Any]], bool]:
        self._ask("predictions", user_id)
        assert since == DAYS[-1]
        return self.rows, True

    def tokens(self, user_id: str, at: datetime) -> int:
        self._ask("usage", user_id)
        assert at == AT
        return 412


def caller(tables: Any, cache: Cache | None = None) -> Client:
    memory = Cache() if cache is None else cache
    return Client(operations(Figures(tables, memory, lambda: AT, daily_tokens=1000, keep_s=30)))


def stats(made: Client) -> dict[str, Any]:
    found = made.call("GET", "/v1/dashboard/stats")
    assert found.status == 200, found.body
    return dict(found.body)


def test_figures_of_models_predictions_and_use() -> None:
    found = stats(caller(Tables()))
    assert found["models"] == {
        "total": 3,
        "byStatus": {"Live": 1, "Archived": 2},
        "live": {"version": "v2", "algorithm": "xgboost", "createdAt": "", "metrics": {"f1": 0.9}},
    }
    assert (found["predictions"]["total"], found["predictions"]["complete"]) == (2, True)
    assert found["predictions"]["byDay"] == {day: int(day >= "2026-01-30") for day in DAYS}
    assert found["predictions"]["byModel"] == {"v2": 1, "v1": 1}
    assert found["predictions"]["recent"][0]["predictionId"] == "p1"
    assert found["usage"] == {"insightsTokens": 412, "insightsTokensLimit": 1000}
    assert (found["unavailable"], found["timestamp"]) == ([], "2026-01-31T12:00:00.000Z")


def test_figures_are_kept_for_a_moment_each_user_has_their_own() -> None:
    tables = Tables()
    made = caller(tables)
    assert stats(made) == stats(made)
    assert tables.asked == ["models", "predictions", "usage"]
    other = made.call("GET", "/v1/dashboard/stats", token=POOL.token(sub="somebody else"))
    assert other.status == 200
    assert tables.asked[3:] == ["predictions:somebody else", "usage:somebody else"]


def test_without_a_cache_the_tables_are_asked_each_time() -> None:
    tables = Tables()
    made = caller(tables, Cache(away=True))
    assert stats(made) == stats(made)
    assert len(tables.asked) == 6


def test_what_the_cache_has_in_another_form_is_made_again() -> None:
    cache = Cache()
    cache.values["dashboard:models"] = b'{"old": 1}'
    assert stats(caller(Tables(), cache))["models"]["total"] == 3


@pytest.mark.parametrize("part", ["models", "predictions", "usage"])
def test_a_part_whose_table_is_away_is_left_out_and_named(part: str) -> None:
    made = caller(Tables(**{part: ApiError("unavailable", why="ServiceUnavailable")}))
    found = stats(made)
    assert found["unavailable"] == [part]
    assert {"models", "predictions", "usage"} - set(found) == {part}
    assert made.lines[-1]["metadata"]["missing"] == [f"{part}: ServiceUnavailable"]


def test_a_mistake_of_ours_is_no_missing_part() -> None:
    tables = Tables()
    tables.rows = [{"predictionId": "p1"}]
    assert caller(tables).call("GET", "/v1/dashboard/stats").status == 500


@pytest.fixture
def deployed(aws: None) -> FigureTables:
    models_table()
    client("dynamodb").create_table(
        TableName="predictions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "predictionId", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("predictionId", "userId", "createdAt")
        ],
        GlobalSecondaryIndexes=[index("UserIndex", userId="HASH", createdAt="RANGE")],
    )
    client("dynamodb").create_table(
        TableName="counters",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "counter", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "counter", "AttributeType": "S"}],
    )
    return FigureTables("models", GROUP, "predictions", "counters")


def test_the_tables_tell_what_is_there(deployed: FigureTables) -> None:
    models = ModelsTable("models")
    item = {"modelGroup": GROUP, "status": "Live", "createdAt": "2026-01-01T00:00:00.000Z", "metrics": {"f1": 0.5}}
    models.put({"version": "v1", **item}, replaces=None)
    models.make_live("v1", None, "s3://x", "2026-01-02T00:00:00.000Z")
    rows = [("p1", "ada", "2026-01-31"), ("p2", "ada", "2026-01-20"), ("p3", "bob", "2026-01-31")]
    for name, user, day in rows:
        row = {**prediction(1, f"{day}T00:00:00.000Z"), "predictionId": name, "userId": user, "input": "{}"}
        item = {key: {"S": value} for key, value in row.items()}
        client("dynamodb").put_item(TableName="predictions", Item=item)
    found, complete = deployed.predictions("ada", DAYS[-1])
    assert ([row["predictionId"] for row in found], complete) == (["p1"], True)
    assert "input" not in found[0]
    every, live = deployed.models()
    assert (len(every), live is not None and live["version"]) == (1, "v1")
    assert deployed.tokens("ada", AT) == 0
    counted = {"counter": {"S": of_day("insights", "ada", AT.timestamp())}, "used": {"N": "9"}}
    client("dynamodb").put_item(TableName="counters", Item=counted)
    assert deployed.tokens("ada", AT) == 9


def test_more_than_is_counted_is_told(deployed: FigureTables) -> None:
    for first in range(0, MOST + 1, 25):
        rows = [
            {**prediction(number), "predictionId": f"p{number}", "userId": "ada"}
            for number in range(first, min(first + 25, MOST + 1))
        ]
        puts = [{"PutRequest": {"Item": {key: {"S": value} for key, value in row.items()}}} for row in rows]
        client("dynamodb").batch_write_item(RequestItems={"predictions": puts})
    found, complete = deployed.predictions("ada", DAYS[-1])
    assert (len(found), complete) == (MOST, False)
