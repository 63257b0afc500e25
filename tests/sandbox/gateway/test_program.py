"""The document that the program deploys is served: every route reaches its function, and only with what it asks for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from components.secure_api.document import deployed
from functions.openapi import document
from functions.routes import ROUTES, Route
from sandbox.gateway import Chain
from sandbox.gateway.context import Exchange
from sandbox.gateway.declared import Stage
from sandbox.gateway.declared.api import read
from tests.sandbox.gateway.documents import POOL, FakeFunctions, jwks, token

ARNS = {
    capability: (
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:us-east-1:123456789012:function:mlplatform-dev-{capability}:live/invocations"
    )
    for capability in {route.capability for route in ROUTES}
}
STAGE = Stage("api", read("abc123", deployed(document(), ARNS, [POOL], cors_origins=["*"]), {}, {}))
CLOSED = Stage("api", read("abc123", deployed(document(), ARNS, [POOL]), {}, {}))
"""As it is where no origins are named."""


async def keys(_pool: str) -> bytes:
    return jwks()


def call(route: Route, body: bytes, *, signed_in: bool = True) -> tuple[int, dict[str, Any], list[str]]:
    functions = FakeFunctions()
    headers = [(b"authorization", f"Bearer {token()}".encode())] if signed_in else []
    path = route.path.replace("{version}", "v1")
    answer = asyncio.run(Chain(STAGE, functions, keys)(Exchange(STAGE, route.method, path, b"", headers, body)))
    return answer.status, json.loads(answer.body), functions.names


def example(route: Route) -> bytes:
    """A body that the route's own schema shows."""
    if route.request is None:
        return b""
    extra = route.request.model_config.get("json_schema_extra")
    return json.dumps(extra["example"] if isinstance(extra, dict) and "example" in extra else {}).encode()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_example_of_each_route_reaches_its_function(route: Route) -> None:
    status, body, names = call(route, example(route))
    assert (status, body) == (200, {"hello": 1})
    assert names == [f"arn:aws:lambda:us-east-1:123456789012:function:mlplatform-dev-{route.capability}:live"]


@pytest.mark.parametrize("route", [route for route in ROUTES if route.scopes], ids=lambda route: route.operation)
def test_signed_in_routes_refuse_others_in_the_envelope(route: Route) -> None:
    status, body, names = call(route, example(route), signed_in=False)
    assert (status, list(body), names) == (401, ["error"], [])


@pytest.mark.parametrize("route", [route for route in ROUTES if route.request], ids=lambda route: route.operation)
def test_body_that_is_no_object_is_refused_in_the_envelope(route: Route) -> None:
    status, body, names = call(route, b"[1]")
    assert (status, list(body), names) == (400, ["error"], [])


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_every_path_answers_a_preflight(path: str) -> None:
    exchange = Exchange(STAGE, "OPTIONS", path.replace("{version}", "v1"), b"", [])
    answer = asyncio.run(Chain(STAGE, FakeFunctions(), keys)(exchange))
    assert answer.status == 204
    assert dict(answer.headers)[b"access-control-allow-origin"] == b"*"


def test_without_origins_a_preflight_is_no_route() -> None:
    exchange = Exchange(CLOSED, "OPTIONS", "/v1/ml/predict", b"", [(b"origin", b"https://app.example")])
    answer = asyncio.run(Chain(CLOSED, FakeFunctions(), keys)(exchange))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (404, "not_found")
    assert not [name for name, _ in answer.headers if name.startswith(b"access-control")]
