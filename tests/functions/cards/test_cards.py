"""Reference data: a model's card is read once a day and version, and from the table whenever Redis is not there."""

from __future__ import annotations

from typing import Any

import pytest

from functions.predictions.cards import ModelCards
from functions.predictions.schemas import ModelInfo
from functions.shared.cache.kept import REFERENCE_S, forget, keep, recall, reference_key
from functions.shared.errors import ApiError

KEY = reference_key("predict", "model", "v1")


class Table:
    """The registry; counts how often it is asked."""

    def __init__(self, version: str = "v1", since: str = "2026-01-31T12:00:00.000Z") -> None:
        self.version, self.since, self.asked = version, since, 0

    def live(self) -> dict[str, Any] | None:
        self.asked += 1
        if not self.version:
            return None
        return {"version": self.version, "liveSince": self.since, "metrics": {"f1": 0.9, "perClass": {}}}


class Redis:
    """Keeps everything with its time, or nothing while it is away."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.times: dict[str, int] = {}
        self.away = False

    def get(self, key: str) -> bytes | None:
        return None if self.away else self.values.get(key)

    def put(self, key: str, value: bytes, ttl_s: int) -> bool:
        if not self.away:
            self.values[key], self.times[key] = value, ttl_s
        return not self.away


def world(live: str = "v1", table: Table | None = None) -> tuple[ModelCards, Table, Redis]:
    found, redis = table or Table(), Redis()
    redis.values["live"] = live.encode()

    def known() -> str:
        return (redis.get("live") or b"").decode()

    return ModelCards(found, redis, known, "predict"), found, redis


def test_a_card_is_read_once_and_kept_for_a_day() -> None:
    cards, table, redis = world()
    first = cards.live()
    assert (first.model_version, first.metrics) == ("v1", {"f1": 0.9})
    assert cards.live() == first
    assert table.asked == 1
    assert redis.times == {KEY: REFERENCE_S}
    assert REFERENCE_S == 24 * 3600


def test_a_promotion_shows_at_once() -> None:
    cards, table, redis = world()
    cards.live()
    table.version, redis.values["live"] = "v2", b"v2"
    assert cards.live().model_version == "v2"
    assert table.asked == 2


def test_a_version_that_comes_back_is_told_with_its_new_date() -> None:
    cards, table, redis = world()
    cards.live()
    table.since = "2026-02-01T12:00:00.000Z"
    assert forget(redis, KEY)
    assert cards.live().live_since == "2026-02-01T12:00:00.000Z"
    assert cards.live().live_since == "2026-02-01T12:00:00.000Z"
    assert table.asked == 2


def test_what_the_table_tells_is_kept_as_what_it_is_while_the_cache_names_another_version() -> None:
    cards, table, redis = world(live="v1", table=Table("v2"))
    assert cards.live().model_version == "v2"
    assert list(redis.times) == [reference_key("predict", "model", "v2")]
    # The cache learns of it: the card is there already.
    redis.values["live"] = b"v2"
    assert cards.live().model_version == "v2"
    assert table.asked == 1


def test_without_redis_the_table_is_asked_each_time_and_nothing_fails() -> None:
    cards, table, redis = world()
    redis.away = True
    assert cards.live() == cards.live()
    assert table.asked == 2
    assert not forget(redis, KEY)


@pytest.mark.parametrize("kept", [b"", b"{", b'{"old": 1}', b"\xff"], ids=["forgotten", "cut", "old", "bytes"])
def test_what_cannot_be_read_is_read_anew(kept: bytes) -> None:
    cards, table, redis = world()
    redis.values[KEY] = kept
    assert cards.live().model_version == "v1"
    assert table.asked == 1


def test_no_live_model_is_kept_by_nobody() -> None:
    cards, _, redis = world(live="", table=Table(""))
    with pytest.raises(ApiError) as refused:
        cards.live()
    assert refused.value.code == "no_live_model"
    assert redis.times == {}


def test_what_is_kept_is_recalled_as_it_was() -> None:
    redis, card = Redis(), world()[0].live()
    keep(redis, KEY, card, 5)
    assert recall(redis, KEY, ModelInfo) == card
    assert reference_key("predict", "model", "v1") != reference_key("other", "model", "v1")
