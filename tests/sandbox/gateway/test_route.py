"""Paths find their method as in API Gateway: fixed before parameter before greedy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway.context import GatewayError
from sandbox.gateway.route import Route
from tests.sandbox.gateway.documents import api, exchange, refused

ROUTE = Route(api().methods)


@pytest.mark.parametrize(
    ("verb", "path", "resource", "parameters"),
    [
        ("GET", "/v1/items", "/v1/items", {}),
        ("GET", "/v1/items/", "/v1/items", {}),
        ("GET", "/v1/items/special", "/v1/items/special", {}),
        ("GET", "/v1/items/7", "/v1/items/{id}", {"id": "7"}),
        ("DELETE", "/v1/files/a/b.txt", "/v1/files/{proxy+}", {"proxy": "a/b.txt"}),
    ],
)
def test_path_finds_its_resource(verb: str, path: str, resource: str, parameters: dict[str, str]) -> None:
    request = exchange(verb, path)
    ROUTE(request)
    assert request.matched.resource == resource
    assert request.path_parameters == parameters


@pytest.mark.parametrize(("verb", "path"), [("GET", "/v1"), ("GET", "/"), ("PUT", "/v1/items"), ("GET", "/v1/files")])
def test_unknown_path_or_method_is_a_missing_token(verb: str, path: str) -> None:
    with pytest.raises(GatewayError) as caught:
        ROUTE(exchange(verb, path))
    assert caught.value.kind == "MISSING_AUTHENTICATION_TOKEN"


@given(st.text())
def test_any_path_finds_a_method_or_is_refused(path: str) -> None:
    request = exchange("GET", "/" + path)
    error = refused(lambda: ROUTE(request))
    assert (error is None) == (request.method is not None)
    assert error is None or error.kind == "MISSING_AUTHENTICATION_TOKEN"
