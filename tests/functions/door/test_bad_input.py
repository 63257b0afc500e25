"""Every bad request has its status and code, in the envelope of all errors, and none reaches an operation."""

from __future__ import annotations

import base64
import json
import time
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from functions.shared.api import Operation, Request, answer
from functions.shared.door.strict import DEPTH, DIGITS, SHORT, check, depth
from functions.shared.errors import ERRORS, ApiError
from functions.shared.schemas import Body, ErrorEnvelope
from tests.functions.support.apps import Answer, Client
from tests.functions.support.calls import event


class Note(Body):
    """A body for these tests."""

    text: Annotated[str, Field(max_length=100)] = ""
    count: int = 0
    free: Annotated[dict[str, Any], Field(default_factory=dict)]


class Find(Body):
    """A query for these tests."""

    page: int = 1


class Door:
    """Operations that only note that they were reached."""

    def __init__(self) -> None:
        self.reached = 0
        self.client = Client(
            {
                "POST /v1/notes": Operation(self.run, 204, request=Note),
                "PATCH /v1/notes": Operation(self.run, 204, request=Note),
                "GET /v1/notes": Operation(self.run, 204, query=Find),
                "GET /v1/notes/{id}": Operation(self.run, 204),
            }
        )

    def run(self, _request: Request) -> None:
        self.reached += 1

    def send(self, body: str | None, **more: Any) -> Answer:
        given = event("POST", "/v1/notes", body=body, headers=more.pop("headers", None)) | more
        found = answer(self.client.app, given, time.perf_counter())
        return Answer(found["statusCode"], found["headers"], json.loads(found["body"] or "null"))


def nested(levels: int) -> str:
    return '{"free": ' + '{"a": ' * (levels - 1) + "1" + "}" * (levels - 1) + "}"


def refused(door: Door, found: Answer, code: str) -> None:
    assert (found.status, found.code) == (ERRORS[code].status, code)
    ErrorEnvelope.model_validate_json(json.dumps(found.body))
    assert door.reached == 0
    assert found.headers["Cache-Control"] == "no-store"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert found.headers["X-Request-Id"]


BODIES: dict[str, tuple[str, str]] = {
    "cut off": ('{"text": "a', "invalid_json"),
    "single quotes": ("{'text': 'a'}", "invalid_json"),
    "a comment": ('{"text": "a"} // b', "invalid_json"),
    "a comma too many": ('{"text": "a",}', "invalid_json"),
    "two values": ("{} {}", "invalid_json"),
    "blank": ("   ", "invalid_json"),
    "a number with a leading zero": ('{"count": 01}', "invalid_json"),
    "a number without digits": ('{"count": 1.}', "invalid_json"),
    "hexadecimal": ('{"count": 0x1}', "invalid_json"),
    "NaN": ('{"free": {"a": NaN}}', "invalid_json"),
    "Infinity": ('{"free": {"a": Infinity}}', "invalid_json"),
    "minus Infinity": ('{"free": [-Infinity]}', "invalid_json"),
    "more than a double": ('{"free": {"a": 1e999}}', "invalid_json"),
    "less than a double": ('{"free": {"a": -1e999}}', "invalid_json"),
    "a number of many digits": ('{"count": ' + "1" * 400 + "}", "invalid_json"),
    "a fraction of many digits": ('{"free": {"a": 0.' + "1" * 400 + "}}", "invalid_json"),
    "a name twice": ('{"text": "a", "text": "b"}', "invalid_json"),
    "a name twice, once escaped": ('{"text": "a", "te\\u0078t": "b"}', "invalid_json"),
    "a name twice, deeper": ('{"free": {"b": [{"c": 1, "c": 2}]}}', "invalid_json"),
    "a byte order mark": ('\ufeff{"text": "a"}', "invalid_json"),
    "a lone high surrogate": ('{"text": "\\ud800"}', "invalid_json"),
    "a lone low surrogate": ('{"text": "\\udc00 "}', "invalid_json"),
    "surrogates in the wrong order": ('{"text": "\\udc00\\ud800"}', "invalid_json"),
    "a lone surrogate in a name": ('{"free": {"\\ud800": 1}}', "invalid_json"),
    "a raw surrogate": ('{"text": "\ud800"}', "invalid_json"),
    "a raw control character": ('{"text": "a\x01b"}', "invalid_json"),
    "a raw line end": ('{"text": "a\nb"}', "invalid_json"),
    "an escaped NUL": ('{"text": "a\\u0000b"}', "invalid_json"),
    "an escaped bell": ('{"free": {"a": ["\\u0007"]}}', "invalid_json"),
    "a control character in a name": ('{"free": {"a\\u001b": 1}}', "invalid_json"),
    "a raw DEL": ('{"text": "\x7f"}', "invalid_json"),
    "an unknown escape": ('{"text": "\\x41"}', "invalid_json"),
    "too deep": (nested(DEPTH + 1), "invalid_json"),
    "very deep": ("[" * 100_000, "invalid_json"),
    "very deep and whole": ("[" * 50_000 + "]" * 50_000, "invalid_json"),
    "no object": ("[]", "invalid_request"),
    "a text": ('"a"', "invalid_request"),
    "null": ("null", "invalid_request"),
    "an unknown field": ('{"txt": "a"}', "invalid_request"),
    "a number for a text": ('{"text": 1}', "invalid_request"),
    "a text that is too long": ('{"text": "' + "x" * 101 + '"}', "invalid_request"),
    "too large": ('{"text": "' + "x" * (1 << 20) + '"}', "too_large"),
    "too large in bytes only": ('{"text": "' + "é" * (1 << 19) + '"}', "too_large"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused(name: str) -> None:
    body, code = BODIES[name]
    door = Door()
    refused(door, door.send(body), code)


LONGER = {name: body for name, (body, code) in BODIES.items() if code == "invalid_json" and body.startswith("{")}


@pytest.mark.parametrize("name", LONGER)
def test_a_bad_body_is_refused_when_it_is_long_too(name: str) -> None:
    body = LONGER[name]
    door = Door()
    refused(
        door, door.send('{"free": {"filled": [' + "0.25, " * SHORT + "1]}, " + body.removeprefix("{")), "invalid_json"
    )


GOOD: dict[str, str] = {
    "as deep as allowed": nested(DEPTH),
    "brackets in a text": json.dumps({"text": "[{" * 40}),
    "quotes and brackets in a text": json.dumps({"text": '"[' * 40}),
    "an escaped backslash before u0000": '{"text": "\\\\u0000"}',
    "a pair of surrogates": '{"text": "\\ud83d\\ude00"}',
    "tab and line ends": '{"text": "a\\tb\\r\\nc"}',
    "colons": '{"text": "a:b:c", "free": {"d:e": ":"}}',
    "an exponent": '{"free": {"a": 1e308, "b": 1E-400}}',
    "as many digits as allowed": '{"free": {"a": ' + "9" * DIGITS + "}}",
    "the same name in two objects": '{"free": {"a": {"x": 1}, "b": {"x": 2}}}',
    "space around": ' \t\r\n{"text": "a"}\n',
    "nothing": "",
    "long": json.dumps({"free": {f"name {at}": [at, at / 3, True, None] for at in range(500)}}),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_only_looks_bad_is_taken(name: str) -> None:
    door = Door()
    assert door.send(GOOD[name]).status == 204
    assert door.reached == 1


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/jsonp",
        "application/json, text/html",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=",
        "application/merge-patch+json",
        "",
    ],
)
def test_another_media_type_or_encoding_is_refused(kind: str) -> None:
    door = Door()
    refused(door, door.send("{}", headers={"Content-Type": kind}), "unsupported_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_may_be_said_in_several_ways(kind: str) -> None:
    assert Door().send("{}", headers={"Content-Type": kind}).status == 204


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (base64.b64encode(b'{"text": "\xff\xfe"}').decode(), "invalid_json"),
        (base64.b64encode('{"text": "a"}'.encode("utf-16")).decode(), "invalid_json"),
        (base64.b64encode(b'\xef\xbb\xbf{"text": "a"}').decode(), "invalid_json"),
        (base64.b64encode(b'{"text": "\xc0\xaf"}').decode(), "invalid_json"),
        ("%%%", "invalid_json"),
    ],
    ids=["no UTF-8", "UTF-16", "byte order mark", "overlong UTF-8", "no base64"],
)
def test_a_body_in_base64_is_checked_alike(content: str, code: str) -> None:
    door = Door()
    refused(door, door.send(content, isBase64Encoded=True), code)


PATHS = ["..", ".", "%2e%2e", "a/b", "a\\b", "a%00", "a\x00", "a b", "ü", "", "#live", "a;b", "'", "a" * 129, "-a"]


@pytest.mark.parametrize("value", PATHS, ids=ascii)
def test_a_path_that_can_be_no_id_leads_nowhere(value: str) -> None:
    door = Door()
    refused(door, door.client.call("GET", "/v1/notes/{id}", path={"id": value}), "not_found")


def test_a_query_that_says_two_things_is_refused() -> None:
    door = Door()
    twice = event("GET", "/v1/notes", query={"page": "2"})
    twice["multiValueQueryStringParameters"] = {"page": ["1", "2"]}
    found = answer(door.client.app, twice, time.perf_counter())
    body = json.loads(found["body"])["error"]
    assert (found["statusCode"], body["details"]) == (
        400,
        [{"field": "page", "message": "given more than once; give it once"}],
    )
    assert door.reached == 0


@pytest.mark.parametrize(
    "query", [{"page": "1e3"}, {"page": "٣x"}, {"page": ""}, {"page": "1" * 5000}, {"pge": "1"}], ids=str
)
def test_a_query_that_does_not_fit_is_refused(query: dict[str, str]) -> None:
    door = Door()
    refused(door, door.client.call("GET", "/v1/notes", query=query), "invalid_request")


@pytest.mark.parametrize(
    "given_id", ["a\r\nSet-Cookie: b=1", "a b", "ü", "", "x" * 129, "<script>", "a\x00"], ids=ascii
)
def test_a_correlation_id_that_could_do_harm_is_replaced(given_id: str) -> None:
    found = Door().send("{}", headers={"X-Correlation-Id": given_id})
    assert found.headers["X-Correlation-Id"] == found.headers["X-Request-Id"]


def test_a_correlation_id_comes_back_and_is_logged() -> None:
    door = Door()
    assert door.send("{}", headers={"x-correlation-id": "order-7:a.b_c"}).headers["X-Correlation-Id"] == "order-7:a.b_c"
    assert door.client.lines[0]["metadata"]["correlationId"] == "order-7:a.b_c"


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_no_text_does_anything_but_pass_or_be_refused(body: str) -> None:
    door = Door()
    found = door.send(body)
    assert found.status in {204, 400}
    assert (found.status == 204) == (door.reached == 1)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_that_is_written_once_is_never_refused(value: Any) -> None:
    text = json.dumps(value)
    numbers = [part for part in text.replace("[", ",").split(",") if len(part) > DIGITS]
    controls = "\\u00" in text or "\\b" in text or "\\f" in text or "\x7f" in text
    try:
        check(text)
    except ApiError:
        assert numbers or controls or depth(text) > DEPTH


@given(st.integers(0, 60), st.text(alphabet='[]{}"\\ a', max_size=20))
def test_the_depth_is_what_a_parser_finds(levels: int, text: str) -> None:
    value: Any = text
    for level in range(levels):
        value = [value] if level % 2 else {text: value}
    assert depth(json.dumps(value)) == min(levels, DEPTH + 1)
