"""What every route has in common: checks in order, one envelope, logs without personal data."""

from __future__ import annotations

import base64
import json
from typing import Annotated, Any

import pytest
from pydantic import Field

from functions.shared.api import Operation, Request
from functions.shared.errors import ERRORS, ApiError, Detail
from functions.shared.schemas import Answer as Schema
from functions.shared.schemas import Body, ErrorEnvelope, Page
from tests.functions.support.apps import POOL, Client
from tests.functions.support.calls import event

SECRET = "ada@example.org"


class Given(Body):
    """A body for these tests."""

    name: Annotated[str, Field(max_length=20)]
    count: int = 1


class Echo(Schema):
    """An answer for these tests."""

    given_name: str


def fail(_request: Request) -> None:
    raise KeyError(SECRET)


def refuse(_request: Request) -> None:
    raise ApiError("throttled", [Detail("rate", "1000 a second")], why="over the limit")


def client() -> Client:
    return Client(
        {
            "POST /v1/echo": Operation(lambda request: Echo(given_name=request.body.name), status=201, request=Given),
            "GET /v1/page": Operation(lambda request: {"page": request.query.page}, query=Page),
            "GET /v1/mine": Operation(lambda request: {"id": request.caller.user_id}, scopes=("a", "platform/b")),
            "GET /v1/group": Operation(
                lambda _: {}, scopes=("aws.cognito.signin.user.admin",), groups=("approvers", "admins")
            ),
            "GET /v1/fail": Operation(fail),
            "GET /v1/refuse": Operation(refuse),
            "GET /v1/nothing": Operation(lambda _: None, status=204),
        }
    )


def test_an_answer_is_camel_case_json_with_the_operations_status() -> None:
    found = client().call("POST", "/v1/echo", body={"name": "Ada"})
    assert (found.status, found.body) == (201, {"givenName": "Ada"})


BODIES: dict[str, tuple[Any, str, dict[str, str]]] = {
    "wrong type": ({"name": 7}, "invalid_request", {"name": "input should be a valid string"}),
    "missing field": ({}, "invalid_request", {"name": "missing; give it a value"}),
    "no body": (None, "invalid_request", {"name": "missing; give it a value"}),
    "unknown field": ({"name": "a", "nmae": "b"}, "invalid_request", {"nmae": "unknown; leave it out"}),
    "not an object": ([1], "invalid_request", {"body": "input should be an object"}),
    "bad JSON": ("{", "invalid_json", {}),
    "NaN": ('{"name": "a", "count": NaN}', "invalid_json", {"body": "NaN is no JSON; give a finite number"}),
    "lone surrogate": ('{"name": "\\ud800"}', "invalid_json", {}),
    "too large": ('{"name": "' + "x" * (1 << 20) + '"}', "too_large", {}),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_named_field_by_field(name: str) -> None:
    body, code, fields = BODIES[name]
    found = client().call("POST", "/v1/echo", body=body)
    assert (found.code, found.fields) == (code, fields)
    assert found.status == ERRORS[code].status


def test_every_error_has_the_envelope() -> None:
    found = client().call("GET", "/v1/refuse")
    ErrorEnvelope.model_validate_json(json.dumps(found.body))
    assert found.body["error"]["requestId"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
    assert found.headers["Retry-After"] == "1"


def test_an_unexpected_error_tells_the_caller_nothing_and_the_log_where() -> None:
    caller = client()
    found = caller.call("GET", "/v1/fail")
    assert (found.status, found.code) == (500, "internal")
    assert SECRET not in json.dumps(found.body) + caller.log.getvalue()
    assert caller.lines[0]["metadata"]["error"] == ["KeyError"]
    assert caller.lines[0]["metadata"]["at"][-1].endswith(" fail")


def test_another_content_type_is_refused() -> None:
    found = client().call("POST", "/v1/echo", body={"name": "a"}, headers={"Content-Type": "text/xml"})
    assert (found.status, found.code) == (415, "unsupported_type")


def test_a_content_type_may_name_its_charset() -> None:
    sent = {"Content-Type": "application/JSON; charset=utf-8"}
    assert client().call("POST", "/v1/echo", body={"name": "a"}, headers=sent).status == 201


@pytest.mark.parametrize(("sent", "status"), [(base64.b64encode(b'{"name": "a"}').decode(), 201), ("?", 400)])
def test_a_body_in_base64_is_decoded(sent: str, status: int) -> None:
    from time import perf_counter

    from functions.shared.api import answer

    given = event("POST", "/v1/echo", body=sent) | {"isBase64Encoded": True}
    assert answer(client().app, given, perf_counter())["statusCode"] == status


def test_an_unknown_route_is_not_found() -> None:
    assert client().call("GET", "/v1/unknown").status == 404


def test_no_content_has_no_body() -> None:
    assert (client().call("GET", "/v1/nothing").status, client().call("GET", "/v1/nothing").body) == (204, None)


@pytest.mark.parametrize(("page", "status"), [("2", 200), ("0", 400), ("x", 400), ("1e9", 400)])
def test_a_query_is_checked(page: str, status: int) -> None:
    found = client().call("GET", "/v1/page", query={"page": page})
    assert found.status == status
    assert status == 200 or list(found.fields) == ["page"]


def test_without_a_token_the_caller_is_told_how_to_send_one() -> None:
    found = client().call("GET", "/v1/mine", token=None)
    assert (found.status, found.code, found.headers["WWW-Authenticate"]) == (401, "token_missing", "Bearer")


def test_a_bad_token_is_named_in_the_header_too() -> None:
    found = client().call("GET", "/v1/mine", token=POOL.token(exp=1))
    assert found.headers["WWW-Authenticate"] == 'Bearer error="invalid_token", error_description="token_expired"'


def test_any_of_the_scopes_is_enough_and_none_is_not() -> None:
    assert client().call("GET", "/v1/mine", token=POOL.token(scope="platform/b x")).status == 200
    assert client().call("GET", "/v1/mine").code == "missing_scope"


def test_any_of_the_groups_is_enough_and_none_is_not() -> None:
    assert client().call("GET", "/v1/group", groups=["users", "approvers"]).status == 200
    refused = client().call("GET", "/v1/group", groups=["users"])
    assert (refused.status, refused.code) == (403, "missing_group")


def test_header_names_have_no_case() -> None:
    caller = client()
    found = caller.call("GET", "/v1/mine", token=None, headers={"aUTHORIZATION": f"Bearer {POOL.token(scope='a')}"})
    assert found.body == {"id": POOL.subject}


def test_a_log_line_has_the_fields_of_the_platform_and_no_token() -> None:
    caller = client()
    token = POOL.token(scope="a")
    caller.call("GET", "/v1/mine", token=token)
    line = caller.lines[0]
    assert set(line) == {"timestamp", "level", "requestId", "userId", "function", "message", "metadata"}
    assert (line["level"], line["userId"], line["metadata"]["status"]) == ("INFO", POOL.subject, 200)
    assert token not in caller.log.getvalue()
