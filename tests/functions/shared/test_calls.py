"""Signed calls over a kept connection, and what the prediction function makes of the answers."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from functions.predictions.logic import ModelAnswer
from functions.predictions.store import EndpointModel, ModelsTable, PredictionsTable
from functions.release.store import DeployedModel
from functions.shared.aws.calls import AwsTimeoutError, AwsUnreachableError, Service, endpoint_of, fetch
from functions.shared.cache.opening import password
from functions.shared.cache.resp import ConnectionLostError
from functions.shared.errors import ApiError
from functions.shared.identity.pool import verifier
from functions.shared.identity.settings import TokenSettings
from functions.shared.logs import Log
from functions.shared.tasks import WorkError
from tests.functions.support.calls import CLIENT_ID, ENVIRONMENT, POOL_ID
from tests.functions.support.http import Server, Told
from tests.functions.support.tokens import Pool

ROW = {"prediction": "yes", "confidence": 0.9, "alternatives": []}
GOOD = Told(body={"modelVersion": "v1", "predictions": [ROW]})


def environment(server: Server) -> dict[str, str]:
    return {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.url, "AWS_SESSION_TOKEN": "session"}


def service(server: Server, name: str = "sagemaker-runtime", timeout_s: float = 5) -> Service:
    made = Service(name, environment(server), timeout_s=timeout_s)
    server.callers.append(made)
    return made


def model(server: Server, timeout_s: float = 5) -> EndpointModel:
    return EndpointModel(service(server, timeout_s=timeout_s), "predict")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "https://runtime.sagemaker.us-east-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1/"}, "http://127.0.0.1:1"),
        (
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": "http://127.0.0.1:2"},
            "http://127.0.0.1:2",
        ),
    ],
)
def test_the_standard_variables_say_where_a_service_is(variables: dict[str, str], expected: str) -> None:
    assert endpoint_of("sagemaker-runtime", {**ENVIRONMENT, **variables}) == expected


def test_a_row_goes_to_the_endpoint_signed_and_over_one_connection() -> None:
    with Server(GOOD) as server:
        asked = model(server)
        assert [asked.ask({"age": 52}) for _ in range(3)] == [ModelAnswer("v1", ROW)] * 3
        path, headers, body = server.asked[0]
        assert path == "/endpoints/predict/invocations"
        assert json.loads(body) == {"instances": [{"age": 52}]}
        assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
        assert headers["x-amz-security-token"] == "session"
        assert server.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_replaced() -> None:
    with Server(Told(body=GOOD.body, drop_after=True), GOOD) as server:
        asked = model(server)
        assert asked.ask({}) == asked.ask({})
        assert server.connections == 2


def test_a_new_connection_that_breaks_is_not_tried_again() -> None:
    with Server(Told(status=None)) as server, pytest.raises(AwsUnreachableError):
        service(server).post("/", {}, b"")
    assert len(server.asked) == 1


def test_a_model_that_does_not_answer_is_a_timeout_and_is_asked_once() -> None:
    with Server(GOOD, Told(wait_s=30)) as server:
        asked = model(server, timeout_s=1)
        asked.ask({})
        with pytest.raises(ApiError, match="timeout"):
            asked.ask({})
        assert len(server.asked) == 2


def of_container(status: int) -> dict[str, Any]:
    return {"OriginalStatusCode": status, "OriginalMessage": "Traceback: secret", "Message": "secret"}


@pytest.mark.parametrize(
    ("status", "code", "body", "expected"),
    [
        (424, "ModelError", of_container(400), "model_rejected_input"),
        (424, "ModelError", of_container(415), "model_rejected_input"),
        (424, "ModelError", of_container(429), "throttled"),
        (424, "ModelError", of_container(500), "model_failed"),
        (424, "ModelError", of_container(503), "model_unavailable"),
        (424, "ModelError", {}, "model_failed"),
        (429, "ModelNotReadyException", {}, "model_unavailable"),
        (400, "ThrottlingException", {}, "throttled"),
        (400, "ValidationError", {"message": "Endpoint predict not found."}, "model_unavailable"),
        (503, "ServiceUnavailable", {}, "model_unavailable"),
        (500, "InternalFailure", {}, "model_unavailable"),
        (502, "", {}, "model_unavailable"),
        (403, "AccessDeniedException", {}, "internal"),
    ],
)
def test_an_error_of_the_endpoint_has_its_own_code(status: int, code: str, body: Any, expected: str) -> None:
    told = Told(status, body, {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/"} if code else {})
    with Server(told) as server, pytest.raises(ApiError) as raised:
        model(server).ask({})
    assert raised.value.code == expected
    assert "secret" not in raised.value.row.message + str(raised.value.details)


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"modelVersion": "v1"}', b"\xff"])
def test_an_answer_that_makes_no_sense_is_the_models_failure(body: bytes) -> None:
    with Server(Told(body=body)) as server, pytest.raises(ApiError, match="model_failed"):
        model(server).ask({})


def test_without_an_endpoint_the_model_is_unavailable() -> None:
    with Server(GOOD) as server:
        asked = model(server)
    with pytest.raises(ApiError, match="model_unavailable"):
        asked.ask({})


def recorded(server: Server) -> list[dict[str, Any]]:
    out = io.StringIO()
    log = Log("f", metrics={"RecordsLost": "Count"}, out=out)
    table = PredictionsTable(service(server, "dynamodb", 0.2), "predictions", log)
    table.add("id-1", "tenant", ModelAnswer("v1", ROW), {"age": 52, "note": "Confidential-7"})
    assert "Confidential-7" not in out.getvalue()
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_prediction_is_recorded_with_its_time_to_live() -> None:
    with Server(Told()) as server:
        assert recorded(server) == []
        _, headers, body = server.asked[0]
    assert headers["x-amz-target"] == "DynamoDB_20120810.PutItem"
    item = json.loads(body)["Item"]
    assert (item["predictionId"], item["userId"]) == ({"S": "id-1"}, {"S": "tenant"})
    assert int(item["ttl"]["N"]) > 0


@pytest.mark.parametrize("told", [
    Told(400, {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}),
    Told(status=None),
    Told(wait_s=30),
    Told(body=b"<html>"),
], ids=["refused", "dropped", "late", "no JSON"])  # fmt: skip
def test_a_lost_record_is_logged_and_counted_but_no_error(told: Told) -> None:
    with Server(told) as server:
        line = recorded(server)[0]
    assert (line["level"], line["RecordsLost"]) == ("ERROR", 1)


def test_the_live_model_is_the_one_that_the_pointer_names() -> None:
    pointer = {"Item": {"version": {"S": "#live"}, "liveVersion": {"S": "v1"}, "updatedAt": {"S": "now"}}}
    item = {
        "version": {"S": "v1"},
        "metrics": {"M": {"f1": {"N": "0.5"}, "x": {"NULL": True}}},
        "l": {"L": [{"S": "a"}]},
    }
    with Server(Told(body=pointer), Told(body={"Item": item})) as server:
        found = ModelsTable(service(server, "dynamodb"), "models").live()
    assert found == {"version": "v1", "metrics": {"f1": 0.5, "x": None}, "l": ["a"], "liveSince": "now"}


@pytest.mark.parametrize("told", [[Told()], [Told(body={"Item": {"liveVersion": {"S": "v1"}}}), Told()]])
def test_without_pointer_or_item_nothing_is_live(told: list[Told]) -> None:
    with Server(*told) as server:
        assert ModelsTable(service(server, "dynamodb"), "models").live() is None


def test_a_table_out_of_reach_is_unavailable() -> None:
    with Server(Told(500)) as server, pytest.raises(ApiError, match="unavailable"):
        ModelsTable(service(server, "dynamodb"), "models").live()


def test_the_password_is_the_token_of_the_secret() -> None:
    with Server(Told(body={"SecretString": '{"token": "s3cret"}'})) as server:
        assert password("arn:secret", environment(server))() == b"s3cret"
        assert json.loads(server.asked[0][2]) == {"SecretId": "arn:secret"}


@pytest.mark.parametrize("body", [{}, {"SecretString": "{}"}, {"SecretString": "plain"}, {"SecretString": "[]"}])
def test_a_secret_of_another_shape_means_no_cache(body: Any) -> None:
    with Server(Told(body=body)) as server, pytest.raises(ConnectionLostError, match="secret"):
        password("arn:secret", environment(server))()


def test_a_late_answer_is_told_from_a_broken_connection() -> None:
    with Server(Told(wait_s=30)) as server, pytest.raises(AwsTimeoutError):
        service(server, timeout_s=0.1).post("/", {}, b"")


def test_keys_come_from_the_pools_own_address() -> None:
    pool = Pool()
    with Server(Told(body=pool.document())) as server:
        settings = TokenSettings(user_pool_id=POOL_ID, client_id=CLIENT_ID)
        checked = verifier(settings, environment(server))
        assert checked.caller(f"Bearer {pool.token()}").user_id == pool.subject
        assert server.asked[0][0] == f"/{POOL_ID}/.well-known/jwks.json"


@pytest.mark.parametrize("told", [Told(404), Told(status=None)])
def test_a_document_that_is_not_there_is_an_error(told: Told) -> None:
    with Server(told) as server, pytest.raises(OSError, match=r"404|RemoteDisconnected|onnection"):
        fetch(f"{server.url}/jwks.json", 2)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"modelVersion": "v1", "predictions": [{"errors": []}]}, "refuses its own sample"),
        ({"predictions": []}, "another shape"),
        (b"<html>", "another shape"),
    ],
)
def test_a_smoke_test_says_what_was_wrong(body: Any, says: str) -> None:
    with Server(Told(body=body)) as server, pytest.raises(WorkError, match=says):
        DeployedModel(service(server), "predict").ask({"age": 52})


def test_a_smoke_test_names_the_version_that_answered() -> None:
    with Server(GOOD, Told(503)) as server:
        deployed = DeployedModel(service(server), "predict")
        assert deployed.ask({"age": 52}) == "v1"
        with pytest.raises(WorkError, match="503"):
            deployed.ask({"age": 52})
