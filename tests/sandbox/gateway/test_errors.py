"""The gateway's own answers use the declared templates, and API Gateway's words where none is declared."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway.context import GatewayError
from sandbox.gateway.cors import preflight
from sandbox.gateway.errors import KINDS, Errors
from tests.sandbox.gateway.documents import DOCUMENT, api, exchange, stage

PLAIN = {**DOCUMENT, "x-amazon-apigateway-gateway-responses": {}}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_undeclared_kind_has_a_plain_message(kind: str) -> None:
    made = Errors(api(PLAIN))(exchange(), GatewayError(kind))
    assert made.status == KINDS[kind].status
    assert json.loads(made.body) == {"message": KINDS[kind].message}
    assert dict(made.headers)[b"x-amzn-errortype"].endswith(b"Exception")


def test_template_of_the_class_is_filled_in() -> None:
    request = exchange()
    made = Errors(api())(request, GatewayError("BAD_REQUEST_BODY", detail='[object has ("x")]'))
    assert json.loads(made.body)["error"] == {
        "code": "BAD_REQUEST_BODY",
        "message": "Invalid request body",
        "detail": '[object has ("x")]',
        "requestId": request.request_id,
    }
    assert dict(made.headers)[b"access-control-allow-origin"] == b"*"


def test_template_of_the_kind_goes_before_the_class_and_may_change_the_status() -> None:
    made = Errors(api())(exchange(), GatewayError("MISSING_AUTHENTICATION_TOKEN"))
    assert (made.status, json.loads(made.body)) == (404, {"error": {"code": "not_found"}})


def test_status_of_the_error_goes_before_the_kinds() -> None:
    assert Errors(api())(exchange(), GatewayError("DEFAULT_5XX", status=502)).status == 502


@given(st.text(), st.text())
def test_no_text_breaks_the_envelope(message: str, detail: str) -> None:
    made = Errors(api())(exchange(), GatewayError("BAD_REQUEST_BODY", message, detail=detail))
    found = json.loads(made.body)["error"]
    assert found["detail"] == detail
    assert not message or found["message"] == message


def test_preflight_is_answered_without_a_function() -> None:
    made = preflight(exchange("OPTIONS", "/v1/predict"))
    assert made is not None
    assert made.status == 204
    assert dict(made.headers)[b"access-control-allow-origin"] == b"https://app.example"


def test_method_with_a_function_is_no_preflight() -> None:
    assert preflight(exchange()) is None


def test_mock_that_never_passes_other_types_refuses_them() -> None:
    mock = DOCUMENT["paths"]["/v1/predict"]["options"]["x-amazon-apigateway-integration"]
    strict = {"x-amazon-apigateway-integration": {**mock, "passthroughBehavior": "never"}}
    place = stage({**DOCUMENT, "paths": {"/x": {"post": strict}}})
    with pytest.raises(GatewayError) as caught:
        preflight(exchange("POST", "/x", headers={"Content-Type": "text/xml"}, stage=place))
    assert caught.value.kind == "UNSUPPORTED_MEDIA_TYPE"
