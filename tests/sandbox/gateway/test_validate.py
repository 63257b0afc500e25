"""Bodies and parameters are held to the document, in the words of API Gateway's validator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway.context import GatewayError
from sandbox.gateway.validate import Validate, parse
from tests.sandbox.gateway.documents import api, exchange, refused

VALIDATE = Validate(api())


def refusal(body: bytes, **headers: str) -> tuple[str, str]:
    with pytest.raises(GatewayError) as caught:
        VALIDATE(exchange("POST", "/v1/predict", body, headers=headers))
    return caught.value.kind, caught.value.detail


@pytest.mark.parametrize("body", [b'{"input": {"age": 3}}', b'{"input": {"age": 0.5, "name": "x"}, "tags": []}'])
def test_body_that_fits_passes(body: bytes) -> None:
    VALIDATE(exchange("POST", "/v1/predict", body))


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{}", '[object has missing required properties (["input"])]'),
        (b"", '[object has missing required properties (["input"])]'),
        (b"[]", '[instance type (array) does not match any allowed primitive type (allowed: ["object"])]'),
        (
            b'{"input": {"age": 151}}',
            "[numeric instance is greater than the required maximum (maximum: 150, found: 151)]",
        ),
        (b'{"input": {"age": -1}}', "[numeric instance is lower than the required minimum (minimum: 0, found: -1)]"),
        (
            b'{"input": {"age": true}}',
            '[instance type (boolean) does not match any allowed primitive type (allowed: ["number"])]',
        ),
        (
            b'{"input": {"age": null}}',
            '[instance type (null) does not match any allowed primitive type (allowed: ["number"])]',
        ),
        (
            b'{"input": {"age": 1, "x": 2}}',
            '[object instance has properties which are not allowed by the schema: ["x"]]',
        ),
        (
            b'{"input": {"age": 1}, "tags": [1, 2, 3]}',
            "[array is too long: must have at most 2 elements but instance has 3 elements]",
        ),
    ],
)
def test_body_that_breaks_the_schema_is_told(body: bytes, detail: str) -> None:
    assert refusal(body) == ("BAD_REQUEST_BODY", detail)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"input": {"age": NaN}}',
        b'{"input": {"age": Infinity}}',
        b'{"input": {"age": 1e999}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    assert refusal(body) == ("BAD_REQUEST_BODY", "[the body is not valid JSON]")


def standard(body: bytes) -> Any:
    """What the standard library reads, without what is no JSON."""

    def refuse(name: str) -> float:
        raise ValueError(name)

    try:
        found = json.loads(body.decode() or "{}", parse_constant=refuse)
        json.dumps(found, allow_nan=False)
    except ValueError:
        return refuse
    return found


@given(st.text(alphabet='019eE.+-"\\ud8[]{},:truefalsn \x00\x7f', max_size=18).map(str.encode) | st.binary(max_size=18))
def test_what_is_read_is_what_the_standard_library_reads(body: bytes) -> None:
    expected = standard(body)
    try:
        assert parse(body) == expected
    except GatewayError:
        assert callable(expected)


def test_parameters_of_the_media_type_do_not_matter() -> None:
    assert refusal(b"{}", **{"Content-Type": "Application/JSON; charset=utf-8"})[0] == "BAD_REQUEST_BODY"


def test_other_media_types_are_left_to_the_function() -> None:
    VALIDATE(exchange("POST", "/v1/predict", b"<x/>", headers={"Content-Type": "text/xml"}))


def test_required_parameter_that_is_missing_is_named() -> None:
    request = exchange("GET", "/v1/items/{id}")
    request.path_parameters = {"id": "1"}
    with pytest.raises(GatewayError, match=r"Missing required request parameters: \[page\]") as caught:
        VALIDATE(request)
    assert caught.value.kind == "BAD_REQUEST_PARAMETERS"


def test_required_parameter_may_be_empty() -> None:
    request = exchange("GET", "/v1/items/{id}", query=b"page=")
    request.path_parameters = {"id": "1"}
    VALIDATE(request)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["input", "age", "name", "tags"]), inner)
    ),
)


@given(JSON)
def test_any_json_passes_or_gets_a_reason(value: Any) -> None:
    error = refused(lambda: VALIDATE(exchange("POST", "/v1/predict", json.dumps(value).encode())))
    if error is None:
        assert 0 <= value["input"]["age"] <= 150
    else:
        assert error.kind == "BAD_REQUEST_BODY"
        assert error.detail.startswith("[")


@given(st.binary(max_size=100))
def test_any_bytes_pass_or_are_refused(body: bytes) -> None:
    with pytest.raises(GatewayError):
        VALIDATE(exchange("POST", "/v1/predict", body))
