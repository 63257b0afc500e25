"""Health: what is missed is told, what takes too long is not waited for, and asking often costs the parts nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from functions.shared.aws.calls import Service
from functions.shared.aws.endpoint import Endpoint
from functions.shared.cache.breaker import Cache
from functions.shared.cache.resp import Dialer
from functions.shared.database.faults import ConnectionLostError
from functions.shared.errors import ApiError
from functions.system.handler import build
from functions.system.health import MODEL, REMEMBER_S, Health, Probe
from functions.system.probes import NO_ROW, of_cache, of_database, of_model
from tests.functions.support.apps import Answer, Client
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.http import Server, Told
from tests.functions.support.redis import real_redis


def up() -> bool:
    return True


def down() -> bool:
    raise ApiError("unavailable")


def late() -> bool:
    raise ApiError("timeout")


def refused() -> bool:
    raise ConnectionRefusedError


def broken() -> bool:
    return False


@contextmanager
def hanging() -> Iterator[Probe]:
    """A part that answers when it is let go."""
    free = threading.Event()

    def wait() -> bool:
        return free.wait(30)

    yield wait
    free.set()


def asked(probes: Mapping[str, Probe], folder: Path) -> Client:
    page = folder / "openapi.json"
    page.write_text("{}", encoding="utf-8")
    page.with_name("docs.json").write_text('{"page": "", "policy": ""}', encoding="utf-8")
    return Client(build(ENVIRONMENT, page, probes).operations)


def ready(client: Client, noun: str = "ready") -> Answer:
    return client.call("GET", f"/v1/health/{noun}", token=None)


def test_all_parts_up_is_ready(tmp_path: Path) -> None:
    found = ready(asked({"cache": up, MODEL: up, "database": up}, tmp_path))
    assert (found.status, found.body["status"]) == (200, "ready")
    assert {name: part["state"] for name, part in found.body["parts"].items()} == {
        "cache": "up",
        "model": "up",
        "database": "up",
    }
    assert all(part["latencyMs"] >= 0 for part in found.body["parts"].values())


@pytest.mark.parametrize(("probe", "state"), [(down, "down"), (refused, "down"), (broken, "down"), (late, "slow")])
@pytest.mark.parametrize("part", ["cache", "database"])
def test_predictions_without_a_part_that_they_can_miss_are_degraded(
    part: str, probe: Probe, state: str, tmp_path: Path
) -> None:
    found = ready(asked({"cache": up, MODEL: up, "database": up} | {part: probe}, tmp_path))
    assert (found.status, found.body["status"], found.body["parts"][part]["state"]) == (200, "degraded", state)


@pytest.mark.parametrize("probe", [down, refused, broken])
def test_without_the_model_nobody_is_served(probe: Probe, tmp_path: Path) -> None:
    found = ready(asked({"cache": late, MODEL: probe}, tmp_path))
    assert (found.status, found.code, found.headers["Retry-After"]) == (503, "not_ready", "5")
    assert {field: text.split()[0] for field, text in found.fields.items()} == {"cache": "slow", "model": "down"}


def test_a_slow_model_is_degraded_and_not_ready_itself(tmp_path: Path) -> None:
    client = asked({"cache": up, MODEL: late}, tmp_path)
    assert ready(client).body["status"] == "degraded"
    assert (ready(client, "model").status, ready(client, "model").code) == (503, "model_unavailable")


def test_the_model_alone_can_be_asked_for(tmp_path: Path) -> None:
    found = ready(asked({"cache": down, MODEL: up}, tmp_path), "model")
    assert (found.status, found.body["status"]) == (200, "ready")


def test_answers_name_no_host_and_no_reason(tmp_path: Path) -> None:
    def telling() -> bool:
        raise ApiError("unavailable", why="cache-1.internal refused secret hunter2")

    client = asked({"cache": telling, MODEL: telling}, tmp_path)
    said = json.dumps([ready(client).body, ready(client, "model").body])
    assert "internal." not in said
    assert "hunter2" not in said + client.log.getvalue()


class Watched:
    """A clock, and how often a part was asked."""

    def __init__(self) -> None:
        self.now, self.asked = 0.0, 0

    def probe(self) -> bool:
        self.asked += 1
        return True

    def clock(self) -> float:
        return self.now


def test_asking_often_asks_the_parts_once() -> None:
    watched = Watched()
    health = Health({MODEL: watched.probe}, clock=watched.clock)
    for _ in range(10):
        health.ready("")
        health.model("")
    assert watched.asked == 1
    watched.now += REMEMBER_S
    health.ready("")
    assert watched.asked == 2


def test_a_part_that_hangs_is_asked_by_one_thread_and_not_waited_for() -> None:
    with hanging() as probe:
        watched = Watched()
        health = Health({"cache": probe, MODEL: watched.probe}, limit_s=0.05, remember_s=0)
        before = threading.active_count()
        states = [health.ready("").parts["cache"].state for _ in range(3)]
        assert states == ["slow"] * 3
        assert threading.active_count() <= before + 1
        assert watched.asked == 3


def test_a_part_that_comes_back_is_up_again() -> None:
    state = [False]
    health = Health({"cache": lambda: state[0], MODEL: up}, remember_s=0)
    assert health.ready("").status == "degraded"
    state[0] = True
    assert health.ready("").status == "ready"


def endpoint(service: Service) -> Callable[[], object]:
    return lambda: Endpoint(service, "predict").ask(NO_ROW, "health")


def runtime(url: str) -> Service:
    return Service("sagemaker-runtime", {**ENVIRONMENT, "AWS_ENDPOINT_URL": url}, timeout_s=0.5)


def test_the_model_is_asked_a_row_without_features_by_a_name_of_its_own() -> None:
    with Server(Told(body={"modelVersion": "v1", "predictions": [{"errors": []}]})) as server:
        service = runtime(server.url)
        server.callers.append(service)
        assert of_model(endpoint(service))() is True
        ((_, headers, body),) = server.asked
        assert {name.lower(): value for name, value in headers.items()}["x-amzn-sagemaker-inference-id"] == "health"
        assert body == NO_ROW


def test_an_endpoint_that_is_not_there_is_down() -> None:
    with pytest.raises(ApiError) as refusal:
        of_model(endpoint(runtime("http://127.0.0.1:1")))()
    assert refusal.value.code == "model_unavailable"


@pytest.mark.parametrize("code", ["model_rejected_input", "throttled"])
def test_a_model_that_says_no_is_up(code: str) -> None:
    def say_no() -> None:
        raise ApiError(code)

    assert of_model(say_no)() is True


def test_the_cache_is_up_while_it_keeps_what_it_is_given() -> None:
    with real_redis() as server:
        memory = Cache(Dialer("127.0.0.1", server.port, password=lambda: b"", tls=False))
        probe = of_cache(memory)
        assert probe() is True
        server.process.kill()
        server.process.wait()
        assert probe() is False
        memory.close()


class FakeSql:
    """A database that says one thing."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def run(self, sql: str, **_values: object) -> object:
        if self.error:
            raise self.error
        return [{"?column?": 1}] if sql == "SELECT 1" else []


def test_the_database_is_up_while_it_runs_a_statement() -> None:
    assert of_database(FakeSql())() is True
    assert of_database(FakeSql(ConnectionLostError("refused")))() is False
