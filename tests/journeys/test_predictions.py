"""Predictions: the answer, the cache behind it, and what it never mixes up."""

from __future__ import annotations

import json
import ssl
import uuid
from typing import Any

import pytest
import redis

from tests.journeys.support.caller import TIMESTAMP, Caller, signed_up
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey


def cache(deployed: Deployed) -> Any:
    """A client of the prediction cache, with what the predictions function is given."""
    function = deployed.client("lambda").get_function_configuration(FunctionName="mlplatform-dev-predictions")
    told = function["Environment"]["Variables"]
    secret = deployed.client("secretsmanager").get_secret_value(SecretId=told["CACHE_SECRET_ARN"])["SecretString"]
    return redis.Redis(
        host=told["CACHE_HOST"],
        port=int(told["CACHE_PORT"]),
        password=json.loads(secret)["token"],
        ssl=True,
        ssl_cert_reqs=ssl.CERT_REQUIRED,
        ssl_ca_certs=str(deployed.place.home / "cache" / "ca.pem"),
    )


def recorded(deployed: Deployed, caller: Caller) -> list[str]:
    """Ids of a caller's predictions that the model made."""
    subject = caller.user_id
    pages = deployed.client("dynamodb").get_paginator("scan").paginate(TableName=deployed.table("predictions"))
    items = [item for page in pages for item in page["Items"]]
    return [item["predictionId"]["S"] for item in items if item["userId"]["S"] == subject]


def test_answer_has_exactly_its_fields_and_comes_from_the_model_just_trained(
    main: Deployed, user: Caller, fresh: float
) -> None:
    answer = user.predict(row_of(mean_texture=fresh, metadata={"order": "A-17"}))
    assert answer.status == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found = answer.content
    assert set(found) == {"predictionId", "result", "processingTime", "modelVersion", "timestamp"}
    assert str(uuid.UUID(found["predictionId"])) == found["predictionId"]
    assert found["modelVersion"] == main.state.model_version
    assert found["processingTime"] > 0
    assert TIMESTAMP.fullmatch(found["timestamp"])
    result = found["result"]
    assert set(result) == {"prediction", "confidence", "alternatives"}
    assert [set(row) for row in result["alternatives"]] == [{"value", "confidence"}]
    assert {result["prediction"], result["alternatives"][0]["value"]} == {"benign", "malignant"}
    assert result["confidence"] + result["alternatives"][0]["confidence"] == pytest.approx(1, abs=1e-5)


def test_second_identical_call_is_answered_from_redis(main: Deployed, fresh: float) -> None:
    caller = signed_up(main)
    row = row_of(mean_texture=fresh)
    first, second = caller.predict(row).content, caller.predict(row).content
    subject = caller.user_id
    assert {name: second[name] for name in ("predictionId", "result", "modelVersion")} == {
        name: first[name] for name in ("predictionId", "result", "modelVersion")
    }
    assert recorded(main, caller) == [first["predictionId"]]
    with cache(main) as kept:
        keys = list(kept.scan_iter(f"p:{subject}:*"))
        assert [key.decode().rpartition(":")[0] for key in keys] == [f"p:{subject}:{main.state.model_version}"]
        assert 3500 < kept.ttl(keys[0]) <= 3600
        assert first["predictionId"].encode() in kept.get(keys[0])
        # What Redis holds is what callers get, a second later at the latest: the model would give an id of its own.
        mark = str(uuid.uuid4())
        kept.set(keys[0], kept.get(keys[0]).replace(first["predictionId"].encode(), mark.encode()), keepttl=True)
        eventually(lambda: caller.predict(row).content["predictionId"] == mark, 5, "a process asks Redis again")
    assert recorded(main, caller) == [first["predictionId"]]


def test_order_of_keys_form_of_numbers_and_metadata_do_not_matter(user: Caller, fresh: float) -> None:
    row = row_of(mean_texture=fresh, mean_area=1001.0)
    first = user.predict(row).content["predictionId"]
    turned = dict(reversed(row.items()))
    assert user.predict(turned).content["predictionId"] == first
    assert user.predict(row | {"mean_area": 1001}).content["predictionId"] == first
    assert user.predict(row | {"metadata": {"other": True}}).content["predictionId"] == first
    assert user.predict(row | {"mean_area": 1001.5}).content["predictionId"] != first


def test_users_do_not_share_predictions(user: Caller, stranger: Caller, fresh: float) -> None:
    row = row_of(mean_texture=fresh)
    mine, theirs = user.predict(row).content, stranger.predict(row).content
    assert mine["predictionId"] != theirs["predictionId"]
    assert mine["result"] == theirs["result"]
    assert user.predict(row).content["predictionId"] == mine["predictionId"]
    assert stranger.predict(row).content["predictionId"] == theirs["predictionId"]


def test_no_cache_asks_the_model_and_renews_what_is_kept(user: Caller, fresh: float) -> None:
    row = row_of(mean_texture=fresh)
    first = user.predict(row).content
    asked = user.predict(row, Cache_Control="no-cache").content
    assert asked["predictionId"] != first["predictionId"]
    assert asked["result"] == first["result"]
    # Another process may have given the first one a moment ago; it asks Redis again a second later.
    eventually(lambda: user.predict(row).content["predictionId"] == asked["predictionId"], 5, "all processes know")


def test_log_says_how_each_prediction_came_about(main: Deployed, user: Caller, fresh: float) -> None:
    row = row_of(mean_texture=fresh)
    answers = [user.predict(row), user.predict(row), user.predict(row, Cache_Control="no-cache")]
    ids = [answer.headers["x-amzn-requestid"] for answer in answers]

    def sources() -> list[str]:
        lines = [line for line in main.log_lines("/aws/lambda/mlplatform-dev-predictions") if line.startswith("{")]
        found = {line["requestId"]: line for line in map(json.loads, lines) if line.get("message") == "answered"}
        return [found[name]["metadata"]["cache"] for name in ids] if set(ids) <= set(found) else []

    assert eventually(sources, 10, "the log lines arrive") == ["miss", "hit", "bypass"]


def test_model_info_comes_from_the_cache_while_it_names_the_live_version(
    main: Deployed, user: Caller, fresh: float
) -> None:
    user.predict(row_of(mean_texture=fresh))
    told = user.call("GET", "/ml/model-info").content
    tables, key = main.client("dynamodb"), {"version": {"S": told["modelVersion"]}}

    def name(algorithm: str) -> None:
        tables.update_item(
            TableName="mlplatform-dev-models",
            Key=key,
            UpdateExpression="SET algorithm = :algorithm",
            ExpressionAttributeValues={":algorithm": {"S": algorithm}},
        )

    name("asked nobody")
    try:
        assert user.call("GET", "/ml/model-info").content == told
    finally:
        name(told["algorithm"])


def test_model_info_describes_the_live_model(main: Deployed, user: Caller) -> None:
    found = user.call("GET", "/ml/model-info").content
    assert set(found) == {"modelVersion", "algorithm", "createdAt", "liveSince", "metrics"}
    assert found["modelVersion"] == main.state.model_version
    assert found["algorithm"] in {"logistic_regression", "random_forest", "xgboost"}
    assert found["createdAt"] < found["liveSince"]
    assert set(found["metrics"]) == {"accuracy", "precision", "recall", "f1", "roc_auc"}
    assert all(0.7 <= figure <= 1 for figure in found["metrics"].values())
