"""Requests that do not fit, and what every answer carries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.journeys.support.caller import Caller
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"mean_radius": "wide"}, "input.mean_radius", "text 'wide' is not a number; allowed: a finite number"),
        ({"mean_radius": True}, "input.mean_radius", "allowed: a finite number"),
        ({"height": 1}, "input.height", "unknown feature; allowed: 'mean_radius'"),
    ],
    ids=["text", "boolean", "unknown"],
)
def test_row_that_the_model_cannot_take(user: Caller, change: dict[str, Any], field: str, says: str) -> None:
    (detail,) = user.predict(row_of(**change)).refused(400, "model_rejected_input")
    assert detail["field"] == field
    assert says in detail["message"]


def test_row_without_a_feature(user: Caller) -> None:
    row = row_of()
    del row["mean_radius"]
    (detail,) = user.predict(row).refused(400, "model_rejected_input")
    assert detail["field"] == "input.mean_radius"
    assert detail["message"].startswith("missing; allowed: a finite number")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, 'missing required properties (["input"])'),
        ({"input": [1]}, 'instance type (array) does not match any allowed primitive type (allowed: ["object"])'),
        ({"input": "x"}, "instance type (string) does not match"),
        ([], "instance type (array) does not match"),
        ({"input": {}, "inputs": 1}, 'properties which are not allowed by the schema: ["inputs"]'),
        ({"input": {"mean_radius": None}}, "instance failed to match"),
        ({"input": {"mean_radius": [1]}}, "instance failed to match"),
        ({"input": {"mean_radius": "x" * 1001}}, "instance failed to match"),
    ],
    ids=["missing", "array", "text", "no-object", "unknown", "null", "list", "long"],
)
def test_body_that_does_not_fit_the_schema(user: Caller, body: Any, says: str) -> None:
    (detail,) = user.call("POST", "/ml/predict", body).refused(400, "invalid_request")
    assert detail["field"] == "body"
    assert says in detail["message"]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"input": ',
        b"{'input': {}}",
        b'{"input": {"a": NaN}}',
        b'{"input": {"a": -Infinity}}',
        b'{"input": {"a": 1e999}}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
    ids=["cut", "quotes", "nan", "infinity", "huge", "no-utf8", "deep"],
)
def test_body_that_is_no_json(user: Caller, raw: bytes) -> None:
    (detail,) = user.call("POST", "/ml/predict", raw=raw).refused(400, "invalid_request")
    assert detail == {"field": "body", "message": "[the body is not valid JSON]"}


def test_no_body_counts_as_an_empty_object(user: Caller) -> None:
    user.call("POST", "/ml/predict").refused(400, "invalid_request")


def test_body_of_eleven_megabytes(user: Caller) -> None:
    body = b'{"input": {"metadata": {"a": "' + b"x" * (11 << 20) + b'"}}}'
    user.call("POST", "/ml/predict", raw=body).refused(413, "too_large")


def test_body_of_two_megabytes_is_more_than_a_function_takes(user: Caller) -> None:
    user.predict({"metadata": {"a": "x" * (2 << 20)}}).refused(413, "too_large")


@pytest.mark.parametrize("kind", ["text/csv", "application/xml", "application/x-www-form-urlencoded"])
def test_body_of_another_type(user: Caller, kind: str) -> None:
    raw = json.dumps({"input": row_of()}).encode()
    user.call("POST", "/ml/predict", raw=raw, headers={"Content-Type": kind}).refused(415, "unsupported_type")


def test_json_with_a_character_set_is_json(user: Caller) -> None:
    raw = json.dumps({"input": row_of()}).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert user.call("POST", "/ml/predict", raw=raw, headers=headers).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/"),
        ("GET", "/ml/predict"),
        ("DELETE", "/models"),
        ("PATCH", "/ml/predict"),
        ("POST", "/ml/predict/more"),
        ("GET", "/models/../../secret"),
        ("GET", "/models/a%2Fb/approve"),
    ],
)
def test_route_or_method_that_does_not_exist(user: Caller, method: str, path: str) -> None:
    assert user.call(method, path).refused(404, "not_found") == []


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("page=0", ["page"]),
        ("page=x&limit=1.5", ["page", "limit"]),
        ("size=1", ["size"]),
    ],
)
def test_page_that_does_not_exist(user: Caller, query: str, fields: list[str]) -> None:
    details = user.call("GET", f"/models?{query}").refused(400, "invalid_request")
    assert [detail["field"] for detail in details] == fields


def test_health_needs_no_token(main: Deployed) -> None:
    answer = Caller(main).call("GET", "/health")
    assert answer.status == 200
    assert set(answer.content) == {"status", "environment", "timestamp"}
    assert (answer.content["status"], answer.content["environment"]) == ("live", "dev")


def test_document_is_the_deployed_one(main: Deployed) -> None:
    answer = Caller(main).call("GET", "/openapi.json")
    assert answer.status == 200
    validate(answer.content)
    served = {
        (method, path): (operation["operationId"], sorted(operation["responses"]))
        for path, operations in answer.content["paths"].items()
        for method, operation in operations.items()
    }
    api = main.client("apigateway").get_rest_apis()["items"][0]["id"]
    resources = main.client("apigateway").get_resources(restApiId=api, limit=500)["items"]
    deployed = {
        (method.lower(), row["path"])
        for row in resources
        for method in row.get("resourceMethods", {})
        if method != "OPTIONS"
    }
    assert set(served) == deployed
    ledger = json.loads((main.place.home / "ledger.json").read_text(encoding="utf-8"))["resources"]
    (rest_api,) = [row for row in ledger if row["type"] == "aws:apigateway/restApi:RestApi"]
    declared = json.loads(rest_api["inputs"]["body"])
    assert served == {
        (method, path): (operation["operationId"], sorted(operation["responses"]))
        for path, operations in declared["paths"].items()
        for method, operation in operations.items()
        if method != "options"
    }
    assert answer.content["info"] == declared["info"]
    assert set(answer.content["components"]["schemas"]) == set(declared["components"]["schemas"])
    assert "x-amazon" not in answer.text


def test_preflight_is_answered_without_a_token(main: Deployed) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    answer = Caller(main).call("OPTIONS", "/ml/predict", headers=asked)
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert set(answer.headers["access-control-allow-methods"].split(",")) == {"POST", "OPTIONS"}
    allowed = {name.lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {"authorization", "content-type", "cache-control", "idempotency-key"} <= allowed


def test_pages_may_read_answers_and_errors(main: Deployed, user: Caller) -> None:
    answers = [
        user.predict(row_of()),
        user.predict({"x": 1}),
        Caller(main).call("GET", "/models"),
        user.call("GET", "/no"),
    ]
    assert [answer.status for answer in answers] == [200, 400, 401, 404]
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}


def test_each_answer_has_an_id_that_the_access_log_has_too(main: Deployed, user: Caller) -> None:
    answers = [user.predict(row_of()), Caller(main).call("GET", "/models"), user.call("GET", "/no")]
    statuses = {answer.headers["x-amzn-requestid"]: answer.status for answer in answers}
    assert sorted(statuses.values()) == [200, 401, 404]
    groups = [row["logGroupName"] for row in main.client("logs").describe_log_groups()["logGroups"]]
    (group,) = [name for name in groups if "access" in name]

    def logged() -> dict[str, int]:
        rows = [json.loads(line) for line in main.log_lines(group)]
        found = {row["requestId"]: int(row["status"]) for row in rows if row["requestId"] in statuses}
        return found if set(found) == set(statuses) else {}

    assert eventually(logged, 10, "the access log has the lines") == statuses


def test_what_is_announced_says_so_to_whoever_is_signed_in(main: Deployed, user: Caller) -> None:
    body = {"input": row_of()}
    (detail,) = user.call("POST", "/ml/explain", body).refused(501, "not_there_yet")
    assert "/v1/ml/predict" in detail["message"]
    assert Caller(main).call("POST", "/ml/explain", body).status == 401
    user.call("POST", "/ml/explain", {"rows": []}).refused(400, "invalid_request")
    told = Caller(main).call("GET", "/openapi.json").content["paths"]["/v1/ml/explain"]["post"]
    assert told["security"]
    assert [status for status in told["responses"] if status < "400"] == []
    assert "not_there_yet" in told["responses"]["501"]["description"]
