"""Results that a runtime sends: taken at once for the running invocation, refused for any other."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.lambdas.runtime_api import RuntimeApi


class Spoken:
    """A runtime that works on one invocation, and the transport to it; keeps what happens in its order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, bytes]] = []

    def wants(self, api: RuntimeApi) -> None:
        self.events.append(("wants", b""))

    def works_on(self, request_id: str) -> bool:
        return request_id == "one"

    def answered(self, body: bytes) -> None:
        self.events.append(("answered", body))

    def failed(self, body: bytes) -> None:
        self.events.append(("failed", body))

    def init_failed(self, body: bytes) -> None:
        self.events.append(("init", body))

    def set_write_buffer_limits(self, high: int) -> None:
        assert high > 6_000_000

    def write(self, content: bytes) -> None:
        self.events.append(("told", content.split(b" ", 2)[1]))


@pytest.fixture
def spoken() -> Spoken:
    return Spoken()


@pytest.fixture
def api(spoken: Spoken) -> RuntimeApi:
    made = RuntimeApi(spoken)
    transport: Any = spoken
    made.connection_made(transport)
    return made


def result(request_id: str, kind: str) -> bytes:
    head = f"POST /2018-06-01/runtime/invocation/{request_id}/{kind} HTTP/1.1\r\nContent-Length: 2\r\n\r\n"
    return head.encode() + b"{}"


@pytest.mark.parametrize(("kind", "heard"), [("response", "answered"), ("error", "failed")])
def test_a_runtime_hears_that_its_result_is_taken_before_anything_is_done_with_it(
    api: RuntimeApi, spoken: Spoken, kind: str, heard: str
) -> None:
    api.data_received(result("one", kind))
    assert spoken.events == [("told", b"202"), (heard, b"{}")]


@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_result_of_another_invocation_is_refused_and_goes_nowhere(api: RuntimeApi, spoken: Spoken, kind: str) -> None:
    api.data_received(result("two", kind))
    assert spoken.events == [("told", b"400")]


def test_a_result_that_comes_in_pieces_is_taken_once(api: RuntimeApi, spoken: Spoken) -> None:
    content = result("one", "response")
    for at in range(len(content)):
        api.data_received(content[at : at + 1])
    assert spoken.events == [("told", b"202"), ("answered", b"{}")]
