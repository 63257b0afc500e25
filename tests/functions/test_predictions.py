"""Predictions: the answer's form, the cache's meaning, and the model's failures."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.predictions.logic import Predictor, answered, canonical, key_of, read, written
from functions.predictions.operations import METRICS, operations
from functions.predictions.schemas import Prediction
from functions.shared.errors import ApiError, Detail
from tests.functions.support.apps import POOL, Client
from tests.functions.support.models import CountingModel, Memory, NoModels

ROW = {"age": 52, "income": 48000.5, "segment": "b", "active": True}
LIVE = "live:predict"


class Case:
    """A predictor with everything it works on."""

    def __init__(
        self, *, version: str = "v1", live: str = "", fails: ApiError | None = None, remembered: int = 1000
    ) -> None:
        self.model, self.memory, self.now = CountingModel(version, fails), Memory(), [0.0]
        if live:
            self.memory.values[LIVE] = live.encode()
        self.ids = iter(f"id-{number}" for number in range(100))
        self.predictor = Predictor(
            self.model,
            self.memory,
            self.model,
            endpoint="predict",
            new_id=lambda: next(self.ids),
            remembered=remembered,
            clock=lambda: self.now[0],
        )
        self.client = Client(operations(self.predictor, NoModels()), METRICS)

    def ask(self, row: Any = None, **more: Any) -> Any:
        return self.client.call("POST", "/v1/ml/predict", body={"input": ROW if row is None else row}, **more)

    def sources(self) -> list[str]:
        return [line["metadata"]["cache"] for line in self.client.lines]


def test_an_answer_has_exactly_the_promised_form() -> None:
    found = Case().ask()
    Prediction.model_validate_json(json.dumps(found.body))
    assert found.status == 200
    assert list(found.body) == ["predictionId", "result", "processingTime", "modelVersion", "timestamp"]
    assert list(found.body["result"]) == ["prediction", "confidence", "alternatives"]
    assert found.body["modelVersion"] == "v1"


def test_the_second_identical_call_comes_from_the_cache_with_the_same_id() -> None:
    case = Case()
    first, second = case.ask(), case.ask(dict(reversed(ROW.items())))
    assert first.body["predictionId"] == second.body["predictionId"]
    assert case.sources() == ["miss", "hit"]
    assert (len(case.model.asked), len(case.model.recorded)) == (1, 1)


def test_whole_numbers_are_the_same_however_they_are_written() -> None:
    case = Case()
    case.ask({"age": 52})
    case.ask({"age": 52.0})
    assert case.sources() == ["miss", "hit"]


def test_metadata_is_neither_part_of_the_row_nor_of_the_key() -> None:
    case = Case()
    case.ask(ROW)
    case.ask({**ROW, "metadata": {"order": "A-17"}})
    assert case.sources() == ["miss", "hit"]
    assert "metadata" not in case.model.asked[0]


def test_another_tenant_gets_an_answer_of_its_own() -> None:
    case = Case()
    case.ask()
    case.ask(token=POOL.token(sub="somebody-else"))
    assert case.sources() == ["miss", "miss"]


def test_a_caller_can_bypass_the_cache() -> None:
    case = Case()
    first = case.ask()
    fresh = case.ask(headers={"Cache-Control": "max-age=0, No-Cache"})
    assert case.sources() == ["miss", "bypass"]
    assert first.body["predictionId"] != fresh.body["predictionId"]
    assert case.ask().body["predictionId"] == fresh.body["predictionId"]


def test_without_redis_the_model_answers() -> None:
    case = Case()
    case.memory.available = False
    assert [case.ask().status, case.ask().status] == [200, 200]
    assert case.sources() == ["off", "off"]


def test_a_release_is_followed_within_a_second() -> None:
    case = Case(live="v1")
    case.ask()
    case.memory.values[LIVE], case.model.version = b"v2", "v2"
    assert case.ask().body["modelVersion"] == "v1"
    case.now[0] += 1
    assert case.ask().body["modelVersion"] == "v2"
    assert case.sources() == ["miss", "hit", "miss"]


def test_a_deployment_beside_the_release_is_learned_from_the_models_answer() -> None:
    case = Case(version="v2", live="v1")
    case.ask()
    assert case.memory.values[LIVE] == b"v2"
    assert case.memory.ttl[LIVE] == 60
    assert case.ask().body["modelVersion"] == "v2"


def test_the_release_steps_word_is_not_overwritten_by_what_the_cache_did_not_know() -> None:
    case = Case(version="v1")
    case.memory.hidden.add(LIVE)
    case.memory.values[LIVE] = b"v2"
    case.ask()
    assert case.memory.values[LIVE] == b"v2"


@pytest.mark.parametrize("held", [b"", b"garbage", b"{}", b"KEY\n{}", b"KEY\n[1]", b"KEY\n{", b"OTHER\n{}"])
def test_a_wrong_value_in_the_cache_is_a_miss(held: bytes) -> None:
    case = Case(live="v1")
    case.ask()
    key = next(key for key in case.memory.values if key.startswith("p:"))
    case.memory.values[key] = held.replace(b"KEY", key.encode())
    assert case.ask().status == 200
    assert case.sources() == ["miss", "miss"]


ROWS: dict[str, tuple[str, dict[str, str]]] = {
    "null": ('{"age": null}', {"input.age": "give a number, a text of at most 1000 characters, or true or false"}),
    "a list": ('{"age": [1]}', {"input.age": "give a number, a text of at most 1000 characters, or true or false"}),
    "named like a type": (
        '{"int": {}}',
        {"input.int": "give a number, a text of at most 1000 characters, or true or false"},
    ),
    "not an object": ("7", {"input": "input should be an object"}),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_named_and_never_reaches_the_model(name: str) -> None:
    row, fields = ROWS[name]
    case = Case()
    found = case.client.call("POST", "/v1/ml/predict", body=f'{{"input": {row}}}')
    assert (found.status, found.code, found.fields) == (400, "invalid_request", fields)
    assert case.model.asked == []


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("model_rejected_input", 400),
        ("throttled", 429),
        ("model_failed", 502),
        ("model_unavailable", 503),
        ("timeout", 504),
    ],
)
def test_a_failing_model_has_its_own_status_and_is_not_cached(code: str, status: int) -> None:
    case = Case(fails=ApiError(code, [Detail("input.age", "missing")]))
    found = case.ask()
    assert (found.status, found.fields) == (status, {"input.age": "missing"})
    assert case.memory.values == {}


def test_the_models_own_remarks_name_the_fields() -> None:
    document = {"modelVersion": "v1", "predictions": [{"errors": [{"field": "age", "message": "missing"}]}]}
    with pytest.raises(ApiError) as raised:
        answered(document)
    assert raised.value.code == "model_rejected_input"
    assert raised.value.details == (Detail("input.age", "missing"),)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"modelVersion": "v1", "predictions": []},
        {"modelVersion": "v1", "predictions": [{"prediction": 1}]},
    ],
)
def test_an_answer_of_another_shape_is_the_models_failure(document: Any) -> None:
    with pytest.raises(ApiError, match="model_failed"):
        answered(document)


def test_a_line_carries_the_metrics_and_nothing_of_the_row() -> None:
    case = Case()
    case.ask({"diagnosis": "Confidential-7"})
    line = case.client.lines[0]
    assert "Confidential-7" not in case.client.log.getvalue()
    directive = line["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "MLPlatform"
    assert {row["Name"] for row in directive["Metrics"]} <= set(line)
    assert (line["CacheMisses"], line["CacheHits"], line["Function"]) == (1, 0, "mlplatform-test-function")


def test_an_explanation_is_announced_and_asks_nobody() -> None:
    case = Case()
    found = case.client.call("POST", "/v1/ml/explain", body={"input": ROW})
    assert (found.status, found.code) == (501, "not_there_yet")
    assert case.model.asked == []
    (line,) = case.client.lines
    assert line["level"] == "WARNING"
    assert case.client.call("POST", "/v1/ml/explain", body={"input": ROW}, token=None).status == 401


def test_nothing_live_is_not_found() -> None:
    found = Case().client.call("GET", "/v1/ml/model-info")
    assert (found.status, found.code) == (404, "no_live_model")


VALUES = st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
ROWS_OF_ANY = st.dictionaries(TEXTS, VALUES.filter(lambda value: not isinstance(value, str)) | TEXTS, max_size=6)


@given(ROWS_OF_ANY, st.randoms(use_true_random=False))
def test_the_order_of_fields_never_matters(row: dict[str, Any], random: Any) -> None:
    names = list(row)
    random.shuffle(names)
    assert canonical(row) == canonical({name: row[name] for name in names})


@given(ROWS_OF_ANY, ROWS_OF_ANY)
def test_rows_that_differ_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    def exact(row: dict[str, Any]) -> dict[str, tuple[bool, Any]]:
        return {name: (isinstance(value, bool), value) for name, value in row.items()}

    if exact(one) != exact(other):
        assert canonical(one) != canonical(other)


@given(st.binary(max_size=200))
def test_no_bytes_in_the_cache_break_reading(value: bytes) -> None:
    assert read(value, key_of("tenant", "v1", "digest")) is None


def test_what_is_written_is_read() -> None:
    case = Case()
    found = case.predictor.predict(ROW, "tenant")
    kept = read(written(found, "key"), "key")
    assert kept is not None
    assert (kept.prediction_id, kept.version, kept.source) == (found.prediction_id, "v1", "hit")


def test_a_row_that_comes_again_at_once_is_no_question_to_the_cache_and_a_second_later_it_is() -> None:
    case, others = Case(live="v1"), []
    case.ask()
    assert case.ask().body["predictionId"] == "id-0"
    (key,) = (key for key in case.memory.values if key.startswith("p:"))
    case.memory.values[key] = case.memory.values[key].replace(b"id-0", b"of another process")
    for now in (0.9, 1.1):
        case.now[0] = now
        others.append(case.ask().body["predictionId"])
    assert others == ["id-0", "of another process"]
    assert case.sources() == ["miss", "hit", "hit", "hit"]


def test_a_release_counts_for_what_a_process_remembers() -> None:
    case = Case(live="v1")
    case.ask()
    case.ask()
    case.model.version = "v2"
    case.memory.values[LIVE] = b"v2"
    case.now[0] = 1.1
    assert case.ask().body["modelVersion"] == "v2"


def test_a_bypass_counts_at_once_for_what_a_process_remembers() -> None:
    case = Case(live="v1")
    case.ask()
    case.ask()
    assert case.ask(headers={"Cache-Control": "no-cache"}).body["predictionId"] == "id-1"
    assert case.ask().body["predictionId"] == "id-1"


def test_nothing_is_remembered_while_the_cache_is_away() -> None:
    case = Case(live="v1")
    case.ask()
    case.ask()
    case.memory.available = False
    case.ask()
    assert case.sources() == ["miss", "hit", "off"]


@pytest.mark.parametrize(("remembered", "ids"), [(0, ["x", "x"]), (1, ["id-0", "x"]), (2, ["id-0", "id-1"])])
def test_a_process_remembers_no_more_than_it_may(remembered: int, ids: list[str]) -> None:
    case, rows = Case(live="v1", remembered=remembered), ({"age": 1}, {"age": 2})
    for row in (*rows, *rows):
        case.ask(row)
    for key, value in case.memory.values.items():
        case.memory.values[key] = value.replace(b"id-0", b"x").replace(b"id-1", b"x")
    assert [case.ask(row).body["predictionId"] for row in rows] == ids
