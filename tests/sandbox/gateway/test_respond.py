"""A function's proxy answer becomes HTTP; what has another form is a 502."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway.context import GatewayError
from sandbox.gateway.respond import respond
from tests.sandbox.gateway.documents import DOCUMENT, exchange, refused, stage


def answer(**found: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    made = respond(exchange(), json.dumps(found).encode())
    return made.status, dict(made.headers), made.body


def test_status_headers_and_body_are_the_functions() -> None:
    status, headers, body = answer(statusCode=201, headers={"X-A": "1"}, body="héllo")
    assert (status, body.decode()) == (201, "héllo")
    assert headers == {b"content-type": b"application/json", b"x-a": b"1"}


def test_content_type_of_the_function_wins() -> None:
    assert answer(headers={"Content-Type": "text/plain"}, body="x")[1] == {b"content-type": b"text/plain"}


def test_empty_object_is_an_empty_200() -> None:
    assert answer() == (200, {b"content-type": b"application/json"}, b"")


def test_several_values_are_sent_one_by_one() -> None:
    made = respond(
        exchange(), b'{"multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}, "headers": {"Set-Cookie": "b=2"}}'
    )
    assert [value for name, value in made.headers if name == b"set-cookie"] == [b"a=1", b"b=2"]


def test_headers_of_the_gateway_are_renamed() -> None:
    assert b"x-amzn-remapped-content-length" in answer(headers={"Content-Length": "7"})[1]


@pytest.mark.parametrize(
    "payload",
    [
        b"null",
        b'"text"',
        b"[]",
        b"not json",
        b'{"statusCode": "abc"}',
        b'{"statusCode": 99}',
        b'{"statusCode": true}',
        b'{"statusCode": 200, "body": {"a": 1}}',
        b'{"statusCode": 200, "headers": []}',
        b'{"statusCode": 200, "multiValueHeaders": {"a": "b"}}',
        b'{"statusCode": 200, "hello": "there"}',
        b'{"statusCode": 200, "headers": {"X": "a\\r\\nSet-Cookie: b=1"}}',
        b'{"statusCode": 200, "headers": {"X\\n": "a"}}',
        b'{"statusCode": 200, "headers": {"": "a"}}',
    ],
)
def test_malformed_answer_is_a_502_with_its_reason_in_the_log(payload: bytes) -> None:
    request = exchange()
    with pytest.raises(GatewayError) as caught:
        respond(request, payload)
    assert caught.value.status == 502
    assert "Malformed Lambda proxy response" in request.integration_error


def test_binary_answer_is_decoded_for_who_accepts_it() -> None:
    binary = stage({**DOCUMENT, "x-amazon-apigateway-binary-media-types": ["image/*"]})
    payload = b'{"body": "aGVsbG8=", "isBase64Encoded": true}'
    assert respond(exchange(stage=binary, headers={"Accept": "image/png"}), payload).body == b"hello"
    assert respond(exchange(stage=binary, headers={"Accept": "text/html"}), payload).body == b"aGVsbG8="


@given(
    st.dictionaries(
        st.sampled_from(["statusCode", "headers", "body", "isBase64Encoded", "x"]),
        st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.text()) | st.lists(st.text()),
    )
)
def test_any_answer_is_http_or_a_502(found: dict[str, Any]) -> None:
    payload = json.dumps(found).encode()
    error = refused(lambda: respond(exchange(), payload))
    if error is None:
        made = respond(exchange(), payload)
        assert 100 <= made.status <= 599
        assert not any(b"\n" in name + value or b"\r" in name + value for name, value in made.headers)
    else:
        assert error.status == 502
