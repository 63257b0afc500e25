"""The serving process, over HTTP, started from what a model's archive holds."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.training.support import start
from training.connection import LARGEST_BODY, Pool


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def launch(model: Path) -> tuple[subprocess.Popen[str], int, float]:
    """A server's process, its port, and the seconds until it answered."""
    port = free_port()
    began = time.monotonic()
    process = start(
        "training.server",
        folder=model / "code",
        environment={"SM_MODEL_DIR": str(model), "SAGEMAKER_BIND_TO_PORT": str(port)},
    )
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() - began < 30
        time.sleep(0.01)
    return process, port, time.monotonic() - began


def answers(port: int) -> bool:
    try:
        return request(port, "GET", "/ping")[0] == 200
    except ConnectionRefusedError:
        return False


def end(process: subprocess.Popen[str]) -> str:
    process.kill()
    return process.communicate()[0]


def request(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port(binary_model: Path) -> Iterator[int]:
    process, port, _ = launch(binary_model)
    yield port
    assert "Traceback" not in end(process)


@pytest.fixture(scope="module")
def sample(binary_model: Path) -> dict[str, float]:
    found: dict[str, float] = json.loads((binary_model / "sample.json").read_text())
    return found


def invoke(port: int, *instances: object) -> Any:
    body = json.dumps({"instances": instances}).encode()
    status, answer = request(port, "POST", "/invocations", body, content_type="application/json")
    assert status == 200
    return answer


def test_it_answers_with_the_code_in_the_archive_alone(port: int, sample: dict[str, float]) -> None:
    answer = invoke(port, sample, sample | {"mean area": "x"})
    assert answer["modelVersion"] == "abc123"
    assert answer["predictions"][0]["prediction"] in {"benign", "malignant"}
    assert answer["predictions"][1]["errors"][0]["field"] == "mean area"


def test_calls_at_the_same_time_do_not_cross(port: int, sample: dict[str, float]) -> None:
    scales = [0.5 + n / 20 for n in range(20)]
    instances = [{name: value * scale for name, value in sample.items()} for scale in scales]
    expected = [invoke(port, instance) for instance in instances]
    assert len({json.dumps(answer) for answer in expected}) > 5
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda instance: invoke(port, instance), instances * 10)) == expected * 10


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/ping", None, 200),
        ("POST", "/ping", b"", 405),
        ("GET", "/invocations", None, 405),
        ("GET", "/", None, 404),
        ("POST", "/invocations", b"{", 400),
        ("POST", "/invocations", b"", 400),
        ("POST", "/invocations", b" " * (LARGEST_BODY + 1), 413),
        ("POST", "/invocations", b" " * (11 << 20), 413),
    ],
)
def test_each_request_gets_its_status(port: int, method: str, path: str, body: bytes | None, status: int) -> None:
    found, answer = request(port, method, path, body)
    assert found == status
    assert ("error" in answer) == (status != 200)


def test_a_body_without_declared_length_is_limited_too(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    pieces = (b" " * (1 << 16) for _ in range(LARGEST_BODY // (1 << 16) + 2))
    try:
        connection.request("POST", "/invocations", pieces, {"transfer-encoding": "chunked"}, encode_chunked=True)
        assert connection.getresponse().status == 413
    finally:
        connection.close()


def exchange(port: int, *pieces: bytes) -> bytes:
    """All that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


PING = b"GET /ping HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


def test_requests_sent_at_once_are_answered_in_order(port: int) -> None:
    received = exchange(port, PING + b"GET /none HTTP/1.1\r\nhost: x\r\n\r\n" + LAST)
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"404", b"200"]


def test_a_request_in_single_bytes_is_answered(port: int) -> None:
    assert exchange(port, *(LAST[n : n + 1] for n in range(len(LAST)))).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_caller_that_waits_before_its_body_is_told_to_go_on(port: int) -> None:
    head = b"POST /invocations HTTP/1.1\r\nexpect: 100-continue\r\n"
    received = exchange(port, head + b"content-length: 1\r\nconnection: close\r\n\r\n", b"{")
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad Request\r\n")


def test_an_old_caller_gets_its_connection_closed(port: int) -> None:
    assert b"connection: close\r\n" in exchange(port, b"GET /ping HTTP/1.0\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400 Bad Request"),
        (b"POST /invocations HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"400 Bad Request"),
        (b"GET /ping HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, b"431 Request Header Fields Too Large"),
        (b"GET /" + b"a" * 70_000, b"431 Request Header Fields Too Large"),
    ],
    ids=["TLS", "wrong length", "endless headers", "endless path"],
)
def test_what_is_no_request_is_refused_and_closed(port: int, sent: bytes, status: bytes) -> None:
    assert exchange(port, sent).startswith(b"HTTP/1.1 " + status)
    assert request(port, "GET", "/ping")[0] == 200


def test_unsupported_types_are_named(port: int) -> None:
    status, answer = request(port, "POST", "/invocations", b"x", content_type="image/png")
    assert (status, "allowed: application/json, text/csv" in answer["error"]) == (415, True)
    body = b'{"instances": [{}]}'
    assert request(port, "POST", "/invocations", body, content_type="application/json", accept="image/png")[0] == 406


def test_sigterm_lets_a_begun_call_finish(binary_model: Path, sample: dict[str, float]) -> None:
    process, port, seconds = launch(binary_model)
    try:
        body = json.dumps({"instances": [sample]}).encode()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            head = f"POST /invocations HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
            connection.sendall(head + body[:20])
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            connection.sendall(body[20:])
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert process.wait(20) in {0, -signal.SIGTERM}
        assert seconds < 20
    finally:
        end(process)


def test_a_missing_model_ends_the_process_with_the_reason(binary_model: Path, tmp_path: Path) -> None:
    process = start("training.server", "--model", str(tmp_path), folder=binary_model / "code")
    text, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "server failed: no usable model in" in text
    assert "Traceback" not in text


def test_the_look_out_for_a_next_request_ends_by_itself() -> None:
    async def idle() -> int:
        pool = Pool()
        pool.look_out()
        pool.look_out()
        passes = 0
        while pool.looking:
            passes += 1
            assert passes < 1_000_000
            await asyncio.sleep(0)
        return passes

    assert asyncio.run(idle()) >= 1
