"""Requests over HTTP/1.1 to the whole gateway: every answer is one that API Gateway would give."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.gateway import App, Chain, Server, app
from sandbox.gateway.declared import stages
from sandbox.lambdas import FunctionError, PayloadTooLargeError, ThrottledError
from sandbox.lambdas.loop import LoopThread
from tests.sandbox.gateway.documents import DOCUMENT, FUNCTION, FakeFunctions, jwks, ledger, token

FORMAT = (
    '{"requestId":"$context.requestId","status":$context.status,"path":"$context.path",'
    '"user":"$context.authorizer.claims.sub","agent":"$context.identity.userAgent",'
    '"error":"$context.integrationErrorMessage"}'
)


class Gateway:
    """A served gateway with functions that answer as told."""

    def __init__(self, body_s: float = 30.0) -> None:
        self.functions = FakeFunctions()
        log = {"accessLogSettings": {"destinationArn": "arn:aws:logs:us-east-1:1:log-group:/api", "format": FORMAT}}
        stage = stages(ledger(**log), "us-east-1", "123456789012")["api"]
        self.edge = LoopThread()
        chain = Chain(stage, self.functions, self.fetch, self.functions)
        self.server = Server(App({"api": chain}, body_s=body_s), self.edge, 0)

    async def fetch(self, _pool: str) -> bytes:
        return jwks()

    def call(
        self, verb: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=5)
        try:
            connection.request(verb, "/api" + path, body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, answer.headers, json.loads(content) if content else None
        finally:
            connection.close()

    def predict(
        self, body: bytes = b'{"input": {"age": 3}}', **headers: str
    ) -> tuple[int, http.client.HTTPMessage, Any]:
        """A call that should succeed."""
        given = {"Authorization": f"Bearer {token()}", "Content-Type": "application/json", **headers}
        return self.call("POST", "/v1/predict", body, given)

    def raw(self, *parts: bytes, wait_s: float = 5.0) -> bytes:
        """Sends bytes as they are and gives what came back."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=wait_s) as connection:
            for part in parts:
                connection.sendall(part)
            return connection.recv(65536)


@pytest.fixture(scope="module")
def served() -> Iterator[Gateway]:
    made = Gateway()
    yield made
    made.server.close()
    made.edge.close()


@pytest.fixture
def gateway(served: Gateway) -> Gateway:
    served.functions.reset()
    return served


def test_signed_in_call_reaches_the_function_and_comes_back(gateway: Gateway) -> None:
    status, headers, body = gateway.predict()
    assert (status, body) == (200, {"hello": 1})
    assert headers["X-Own"] == "yes"
    assert headers["x-amzn-RequestId"] == gateway.functions.events[0]["requestContext"]["requestId"]
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert gateway.functions.names == [FUNCTION]


def test_event_has_the_shape_of_a_rest_api(gateway: Gateway) -> None:
    gateway.call("GET", "/v1/items/a%20b?page=1&page=2&x=%C3%A9", headers={"X-Own": "1", "User-Agent": "me"})
    event = gateway.functions.events[0]
    assert event["resource"] == "/v1/items/{id}"
    assert event["path"] == "/v1/items/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"page": "2", "x": "é"}
    assert event["multiValueQueryStringParameters"] == {"page": ["1", "2"], "x": ["é"]}
    assert event["headers"]["X-Own"] == "1"
    assert event["multiValueHeaders"]["X-Forwarded-For"] == ["127.0.0.1"]
    assert (event["body"], event["isBase64Encoded"], event["stageVariables"]) == (None, False, None)
    context = event["requestContext"]
    assert context["path"] == "/api/v1/items/a b"
    assert context["resourcePath"] == "/v1/items/{id}"
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["identity"]["userAgent"] == "me"
    assert (context["apiId"], context["stage"], context["deploymentId"]) == ("abc123", "api", "dep1")
    assert "authorizer" not in context


def test_claims_and_body_reach_the_function(gateway: Gateway) -> None:
    gateway.predict('{"input": {"age": 3, "name": "é"}}'.encode())
    event = gateway.functions.events[0]
    assert event["requestContext"]["authorizer"]["claims"]["cognito:groups"] == "users,premium"
    assert json.loads(event["body"])["input"]["name"] == "é"


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/predict", 401, "UNAUTHORIZED"),
        ("GET", "/v1/items/7", 400, "BAD_REQUEST_PARAMETERS"),
        ("GET", "/v1/partner", 403, "INVALID_API_KEY"),
    ],
)
def test_gateway_answers_by_itself(gateway: Gateway, verb: str, path: str, status: int, code: str) -> None:
    found, headers, body = gateway.call(verb, path)
    assert (found, body["error"]["code"]) == (status, code)
    assert headers["x-amzn-ErrorType"]
    assert gateway.functions.events == []


def test_unknown_stage_is_forbidden(gateway: Gateway) -> None:
    assert gateway.raw(b"GET /other/v1 HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        (b'{"errorType": "KeyError"}', "Unhandled", 502),
        (b'"text"', None, 502),
        (TimeoutError(), None, 504),
        (ThrottledError("Rate Exceeded."), None, 500),
        (FunctionError("unknown"), None, 500),
        (PayloadTooLargeError("too large"), None, 413),
        (RuntimeError("the sandbox is ending"), None, 500),
    ],
)
def test_function_that_fails_is_a_server_error(
    gateway: Gateway, answer: bytes | Exception, error: str | None, status: int
) -> None:
    gateway.functions.answer, gateway.functions.error = answer, error
    assert gateway.predict()[0] == status


def test_preflight_and_head_have_no_body(gateway: Gateway) -> None:
    status, headers, body = gateway.call("OPTIONS", "/v1/predict", headers={"Origin": "https://app.example"})
    assert (status, body) == (204, None)
    assert headers["Access-Control-Allow-Origin"] == "https://app.example"


def test_body_of_eleven_megabytes_is_refused_before_it_is_read(gateway: Gateway) -> None:
    head = b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (11 * 1024 * 1024)
    assert gateway.raw(head, b"x" * 1000).startswith(b"HTTP/1.1 413")


def test_chunked_body_of_eleven_megabytes_is_refused(gateway: Gateway) -> None:
    block = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    head = b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert gateway.raw(head, *[block] * 10, b"1\r\nx\r\n").startswith(b"HTTP/1.1 413")


def test_headers_above_ten_kilobytes_are_refused(gateway: Gateway) -> None:
    assert gateway.call("GET", "/v1/open", headers={"X-Long": "x" * 11_000})[0] == 431


def test_a_request_for_two_hosts_is_refused(gateway: Gateway) -> None:
    head = b"GET /api/v1/open HTTP/1.1\r\nHost: a\r\nhost: b\r\nConnection: close\r\n\r\n"
    assert gateway.raw(head).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /api/v1/open HTTP/x\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n",
        b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_request_that_is_no_http_gets_400_and_the_next_one_an_answer(gateway: Gateway, head: bytes) -> None:
    assert b" 400 " in gateway.raw(head)[:20]
    assert gateway.call("GET", "/v1/open")[0] == 200


def test_slow_body_is_waited_for(gateway: Gateway) -> None:
    head = b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.server.port), timeout=5) as connection:
        connection.sendall(head)
        time.sleep(0.2)
        connection.sendall(b"{")
        time.sleep(0.1)
        connection.sendall(b"}")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("sent", [b"", b"{"], ids=["nothing", "half"])
def test_body_that_never_ends_is_not_waited_for_for_ever(sent: bytes) -> None:
    impatient = Gateway(body_s=0.05)
    try:
        head = b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
        answer = impatient.raw(head + sent)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"error"' in answer
        assert impatient.functions.events == []
    finally:
        impatient.server.close()
        impatient.edge.close()


def test_packed_body_is_unpacked_before_a_function_sees_it(gateway: Gateway) -> None:
    packed = gzip.compress(b'{"input": {"age": 3}}')
    assert gateway.predict(packed, **{"Content-Encoding": "gzip"})[0] == 200
    event = gateway.functions.events[-1]
    assert event["body"] == '{"input": {"age": 3}}'
    assert "Content-Encoding" not in event["headers"]
    assert gateway.predict(packed, **{"Content-Encoding": "br"})[0] == 415


def test_caller_that_leaves_in_the_middle_disturbs_nobody(gateway: Gateway) -> None:
    head = b"POST /api/v1/open HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", gateway.server.port), timeout=5) as connection:
        connection.sendall(head)
    time.sleep(0.05)
    assert gateway.call("GET", "/v1/open")[0] == 200
    assert len(gateway.functions.events) == 1


def test_two_requests_on_one_connection_keep_their_order(gateway: Gateway) -> None:
    one = b"GET /api/v1/open?n=%d HTTP/1.1\r\nHost: a\r\n\r\n"
    gateway.functions.answer = lambda event: json.dumps(
        {"body": json.loads(event)["queryStringParameters"]["n"]}
    ).encode()
    with socket.create_connection(("127.0.0.1", gateway.server.port), timeout=5) as connection:
        connection.sendall(one % 1 + one % 2)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2 or not answers.endswith(b"2"):
            answers += connection.recv(65536)
    assert answers.index(b"\r\n\r\n1") < answers.index(b"\r\n\r\n2")


def test_access_log_has_a_line_for_each_request(gateway: Gateway) -> None:
    gateway.predict(b'{"input": {"age": 3}}', **{"User-Agent": 'a "quoted" agent'})
    gateway.functions.answer = b"[]"
    gateway.call("GET", "/v1/open")
    (group, first), (_, second) = gateway.functions.lines
    assert group == "/api"
    line = json.loads(first)
    assert (line["status"], line["path"], line["user"]) == (200, "/api/v1/predict", "user-1")
    assert line["agent"] == 'a "quoted" agent'
    assert "Malformed Lambda proxy response" in json.loads(second)["error"]


def test_declared_api_is_served_with_keys_from_the_cloud() -> None:
    cloud = Cloud()
    cloud.start(0)
    try:
        made = app(ledger(), cloud, FakeFunctions())
        assert list(made.chains) == ["api"]
    finally:
        cloud.stop()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paths": {"/x": {"get": {}}}}, "GET /x: x-amazon-apigateway-integration is missing"),
        ({"paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"type": "http"}}}}}, "integration type 'http'"),
        ({"components": {}}, "security scheme 'pool' is not among"),
        ({"x-amazon-apigateway-request-validators": {}}, "validator 'all' is not among"),
    ],
)
def test_document_that_cannot_be_served_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stages(ledger({**DOCUMENT, **change}), "us-east-1", "123456789012")
