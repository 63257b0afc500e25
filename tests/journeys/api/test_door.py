"""The door over HTTP: keys that make a request count once, limits that are told, health, compression, origins."""

from __future__ import annotations

import gzip
import json
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.support.caller import PASSWORD, Answer, Caller, demo, signed_up
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
BATCH = {"inputs": [row_of()]}


@pytest.fixture
def key() -> dict[str, str]:
    """A key that nobody has used."""
    return {"Idempotency-Key": secrets.token_hex(16)}


def test_a_training_is_started_once_however_often_it_is_asked_for(spare: Deployed, key: dict[str, str]) -> None:
    scientist, body = demo(spare), {"key": f"uploads/{secrets.token_hex(8)}.csv"}
    first = scientist.call("POST", "/training/start", body, headers=key)
    assert first.status == 202
    assert "idempotent-replayed" not in first.headers
    again = scientist.call("POST", "/training/start", body, headers=key)
    assert (again.status, again.text) == (202, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    other = scientist.call("POST", "/training/start", {"key": "uploads/other.csv"}, headers=key)
    assert other.refused(409, "key_reused") == []
    (detail,) = scientist.call("POST", "/training/start", body, headers={"Idempotency-Key": "a b"}).refused(
        400, "invalid_request"
    )
    assert detail["field"] == "Idempotency-Key"
    name = first.content["trainingId"]
    machine = spare.state.outputs["state_machine_arn"]
    found = spare.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert [row["name"] for row in found].count(name) == 1


def test_askers_at_once_get_one_answer_or_are_told_to_wait(spare: Deployed, key: dict[str, str]) -> None:
    scientist, body = demo(spare), {"key": f"uploads/{secrets.token_hex(8)}.csv"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: scientist.call("POST", "/training/start", body, headers=key), range(4)))
    good = {answer.text for answer in answers if answer.status == 202}
    assert len(good) == 1
    for answer in answers:
        if answer.status != 202:
            answer.refused(409, "key_in_use")
            assert answer.headers["retry-after"] == "1"


def test_answers_tell_how_much_a_caller_has_left(user: Caller) -> None:
    headers = user.predict(row_of()).headers
    assert headers["ratelimit-policy"] == '"user";q=2000;w=2, "token";q=60000;w=60'
    assert headers["ratelimit"].startswith('"user";r=')


def test_two_tokens_of_one_person_share_what_is_left(main: Deployed) -> None:
    first = signed_up(main)
    again = Caller(main).call("POST", "/auth/login", {"email": first.email, "password": PASSWORD}).content
    second = Caller(main, again["accessToken"], first.email)
    assert first.token != second.token

    def shared() -> bool:
        one, other = (left(caller.call("GET", "/models")) for caller in (first, second))
        return one - other == 1

    # Within one window of two seconds, that is.
    eventually(shared, 10, "what one token asks is missing from what the other one has left")


def left(answer: Answer) -> int:
    """How many requests the caller has left."""
    assert answer.status == 200
    return int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0])


def test_a_large_answer_is_compressed_for_who_asks(main: Deployed) -> None:
    where = urlsplit(main.state.api_url)
    plain = raw(where.hostname, where.port, f"GET {where.path}/openapi.json HTTP/1.1", "Accept-Encoding: identity")
    packed = raw(
        where.hostname, where.port, f"GET {where.path}/openapi.json HTTP/1.1", "Accept-Encoding: br;q=0.5, gzip"
    )
    assert b"content-encoding: gzip" in packed[0].lower()
    assert b"content-encoding" not in plain[0].lower()
    assert json.loads(gzip.decompress(packed[1])) == json.loads(plain[1])


def raw(host: str | None, port: int | None, *lines: str, body: bytes = b"") -> tuple[bytes, bytes]:
    """Head and body of the answer to a request that is written by hand."""
    head = "\r\n".join([*lines, f"Host: {host}", "Connection: close", "", ""]).encode("latin-1")
    with socket.create_connection((host or "", port or 0), timeout=30) as sock:
        sock.sendall(head + body)
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    found, _, content = answer.partition(b"\r\n\r\n")
    return found, content


@pytest.mark.parametrize(
    "lines",
    [
        ["POST {path}/ml/predict HTTP/1.1", "Content-Length: 2", "Content-Length: 3"],
        ["POST {path}/ml/predict HTTP/1.1", "Content-Length: x"],
        ["GET {path}/models HTTP/1.1", "X A: b"],
        ["GET {path}/models HTTP/1.1", "X: a\x00b"],
        ["GET {path}/models HTTP/1.1", "Host: another.example.org"],
        ["GET {path}/models HTTP/9.9"],
        ["G\x01T {path}/models HTTP/1.1"],
    ],
    ids=["two lengths", "no length", "space in a name", "NUL", "two hosts", "version", "method"],
)
def test_what_is_no_http_is_refused_before_anything_reads_it(main: Deployed, lines: list[str]) -> None:
    where = urlsplit(main.state.api_url)
    head, _ = raw(where.hostname, where.port, *(line.format(path=where.path) for line in lines))
    assert head.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("path", ["/models/%2e%2e/approve", "/models/%00/approve", "/models/a%0ab/approve"])
def test_a_path_that_can_be_no_id_leads_nowhere(user: Caller, path: str) -> None:
    assert user.call("PUT", path, {}).refused(404, "not_found") == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"input": {"a": 1}, "input": {"b": 2}}', "a name appears twice"),
        (b'{"input": {"a": "\\u0000"}}', "control characters"),
        (b'{"input": {"metadata": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}}", "nested deeper than 32"),
        (b'{"input": {"a": 1' + b"0" * 400 + b"}}", ""),
    ],
    ids=["twice", "control", "deep", "digits"],
)
def test_json_that_can_be_read_in_two_ways_does_not_reach_the_model(user: Caller, body: bytes, says: str) -> None:
    answer = user.call("POST", "/ml/predict", raw=body)
    assert answer.status == 400
    assert says in answer.text


def test_errors_of_the_gateway_are_as_safe_as_ours(main: Deployed, user: Caller) -> None:
    for answer in (Caller(main).call("GET", "/models"), user.call("GET", "/nothing"), user.predict({"a": None})):
        assert answer.status >= 400
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["strict-transport-security"]
        assert answer.headers["x-correlation-id"] == answer.headers["x-request-id"]


def test_health_tells_of_each_part(main: Deployed) -> None:
    anybody = Caller(main)
    found = eventually(lambda: ready(anybody, "ready"), 30, "everything is up")
    assert set(found["parts"]) == {"cache", "database", "model"}
    assert anybody.call("GET", "/health/model").content["status"] == "ready"


def ready(caller: Caller, status: str) -> dict[str, Any]:
    """What health says, where it says this."""
    answer = caller.call("GET", "/health/ready")
    content: dict[str, Any] = answer.content
    return content if answer.status == 200 and content["status"] == status else {}


def missed(caller: Caller) -> set[str]:
    """Parts that are not up, where health says that it goes on without them."""
    parts = ready(caller, "degraded").get("parts", {})
    return {name for name, row in parts.items() if row["state"] != "up"}


@contextmanager
def stopped(deployed: Deployed, words: str) -> Iterator[None]:
    """A part that does not answer for a while, and goes on with what it had."""
    (number,) = [pid for pid, command in deployed.place.processes().items() if words in command]
    os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(number, signal.SIGCONT)


@pytest.mark.parametrize(("part", "words"), [("cache", "redis-server"), ("database", "database/gate.py")])
def test_health_without_a_part_is_degraded_until_it_is_back(main: Deployed, part: str, words: str) -> None:
    anybody = Caller(main)
    eventually(lambda: ready(anybody, "ready"), 30, "everything is up")
    with stopped(main, words):
        # On a busy machine another part may be late in a first look; it is none that is missed for good.
        eventually(lambda: missed(anybody) == {part}, 15, f"the {part} alone is missed")
    eventually(lambda: ready(anybody, "ready"), 30, f"the {part} is back")


def test_a_model_that_hangs_is_not_ready_until_it_goes_on(main: Deployed) -> None:
    anybody = Caller(main)
    eventually(lambda: ready(anybody, "ready"), 30, "everything is up")
    with stopped(main, "training.server"):
        found = eventually(lambda: refused(anybody), 15, "the model is missed")
        assert found is not None
        found.refused(503, "model_unavailable")
        assert found.headers["retry-after"] == "5"
        assert ready(anybody, "degraded")["parts"]["model"]["state"] == "slow"
    eventually(lambda: ready(anybody, "ready"), 30, "the model is back")


def refused(caller: Caller) -> Answer | None:
    """What the model's own health says, where it says no."""
    answer = caller.call("GET", "/health/model")
    return None if answer.status == 200 else answer
