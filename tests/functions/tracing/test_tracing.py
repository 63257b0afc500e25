"""Traces: what the X-Ray daemon hears of a call, and what it never hears."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.api import Operation
from functions.shared.aws.calls import AwsError, Service
from functions.shared.aws.sdk import client
from functions.shared.aws.tracing import LARGEST, MOST, OFF, current, part, traced
from functions.shared.cache.breaker import Cache
from functions.shared.cache.resp import Dialer
from functions.shared.errors import ApiError
from functions.shared.logs import Log
from functions.shared.tasks import task
from tests.functions.support.apps import Client
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.http import Server, Told
from tests.functions.support.redis import real_redis

ROOT, PARENT = "1-5e66d96f-7491f09acf5d6d3f0d9f4d2b", "0123456789abcdef"


class Daemon:
    """Takes datagrams, as the one that Lambda runs."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def environ(self, sampled: str = "1") -> dict[str, str]:
        host, port = self._sock.getsockname()
        trace = f"Root={ROOT};Parent={PARENT};Sampled={sampled};Lineage=1:a:0"
        return {"AWS_XRAY_DAEMON_ADDRESS": f"{host}:{port}", "_X_AMZN_TRACE_ID": trace}

    def heard(self) -> dict[str, Any]:
        head, _, body = self._sock.recv(65536).partition(b"\n")
        assert json.loads(head) == {"format": "json", "version": 1}
        return dict(json.loads(body))

    def silent(self) -> bool:
        self._sock.settimeout(0)
        try:
            return not self._sock.recv(65536)
        except BlockingIOError:
            return True


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield Daemon(sock)


def names(document: Mapping[str, Any]) -> list[str]:
    return [row["name"] for row in document.get("subsegments", [])]


def test_a_call_and_its_parts_are_one_document_below_the_segment_that_lambda_made(daemon: Daemon) -> None:
    with traced("handler", daemon.environ()) as whole:
        whole.note(route="POST /v1/ml/predict", cached=False)
        with part("cache"), part("password"):
            time.sleep(0)
        with part("inference", {"namespace": "remote"}) as asked:
            asked.note(model_version="v1")
    found = daemon.heard()
    assert (found["type"], found["trace_id"], found["parent_id"]) == ("subsegment", ROOT, PARENT)
    assert found["annotations"] == {"route": "POST /v1/ml/predict", "cached": False}
    assert names(found) == ["cache", "inference"]
    first, second = found["subsegments"]
    assert names(first) == ["password"]
    assert (second["namespace"], second["annotations"]) == ("remote", {"model_version": "v1"})
    assert found["start_time"] <= first["start_time"] <= first["end_time"] <= second["start_time"]
    assert second["end_time"] <= found["end_time"]
    ids = [found["id"], first["id"], second["id"], first["subsegments"][0]["id"]]
    assert len(set(ids)) == 4
    assert all(re.fullmatch("[0-9a-f]{16}", each) for each in ids)
    assert not {"fault", "error", "throttle"} & found.keys()


@pytest.mark.parametrize(
    ("error", "flags"),
    [
        (ValueError("Ada Lovelace, born 1815"), {"fault": True}),
        (ApiError("unknown_user", why="Ada Lovelace"), {"error": True}),
        (ApiError("throttled"), {"error": True, "throttle": True}),
        (ApiError("model_failed"), {"fault": True}),
        (AwsError(400, "ConditionalCheckFailedException", {}), {"error": True}),
        (AwsError(503, "ServiceUnavailable", {}), {"fault": True}),
    ],
    ids=["ours", "caller's", "throttle", "model", "refused by AWS", "fault of AWS"],
)
def test_an_exception_is_told_by_type_and_place_and_goes_on(
    daemon: Daemon, error: Exception, flags: dict[str, bool]
) -> None:
    with pytest.raises(type(error)), traced("handler", daemon.environ()), part("records"):
        raise error
    found = daemon.heard()["subsegments"][0]
    assert {name: found[name] for name in ("fault", "error", "throttle") if name in found} == flags
    (told,) = found["cause"]["exceptions"]
    assert told["type"] == type(error).__name__
    assert told["stack"][0]["path"] == "test_tracing.py"
    assert "Ada" not in json.dumps(found)
    assert current() is OFF


@pytest.mark.parametrize(
    "trace",
    [
        "",
        "Sampled=1",
        f"Root={ROOT};Sampled=1",
        f"Root={ROOT};Parent={PARENT};Sampled=0",
        f"Root={ROOT};Parent={PARENT}",
    ],
)
def test_a_call_that_is_not_sampled_or_has_no_place_tells_nothing(daemon: Daemon, trace: str) -> None:
    with traced("handler", {**daemon.environ(), "_X_AMZN_TRACE_ID": trace}) as whole, part("cache") as inner:
        assert whole is inner is current() is OFF
        inner.note(cache="hit")
        inner.answered(500)
    assert daemon.silent()


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.0.0.1:none", "no.such.host.invalid:2000"])
def test_a_daemon_that_cannot_be_reached_costs_no_call(address: str) -> None:
    environ = {"AWS_XRAY_DAEMON_ADDRESS": address, "_X_AMZN_TRACE_ID": f"Root={ROOT};Parent={PARENT};Sampled=1"}
    with traced("handler", environ):
        pass


def test_a_call_of_very_many_parts_counts_those_that_it_leaves_out(daemon: Daemon) -> None:
    with traced("handler", daemon.environ()):
        for _ in range(MOST + 7):
            with part("row"):
                pass
    found = daemon.heard()
    assert len(found["subsegments"]) == MOST
    assert found["metadata"]["default"] == {"partsLeftOut": 7}


def test_a_document_too_large_for_a_datagram_goes_without_its_parts(daemon: Daemon) -> None:
    with traced("handler", daemon.environ()), part("database", {"sql": {"sanitized_query": "x" * LARGEST}}):
        pass
    found = daemon.heard()
    assert "subsegments" not in found
    assert found["metadata"]["default"] == {"partsLeftOut": 1}


def test_another_thread_is_no_part_of_the_call(daemon: Daemon) -> None:
    seen: list[object] = []
    with traced("handler", daemon.environ()):
        other = threading.Thread(target=lambda: seen.append(part("cache")))
        other.start()
        other.join()
    assert seen == [OFF]
    assert "subsegments" not in daemon.heard()


@given(name=st.text(max_size=300))
def test_any_name_becomes_one_that_x_ray_takes(name: str) -> None:
    made = traced(name, {"AWS_XRAY_DAEMON_ADDRESS": "x", "_X_AMZN_TRACE_ID": f"Root={ROOT};Parent={PARENT};Sampled=1"})
    document: Mapping[str, Any] = vars(made)["document"]
    assert re.fullmatch(r"[\w .:/%&#=+\\@-]{0,200}", document["name"], re.ASCII)


def test_redis_and_aws_are_parts_by_what_they_are_asked(daemon: Daemon) -> None:
    with real_redis() as redis, Server(Told(body={"Item": {}}), Told(400, {"__type": "Refused"})) as server:
        cache = Cache(Dialer("127.0.0.1", redis.port, password=lambda: b"", tls=False))
        table = Service("dynamodb", {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.url}, timeout_s=5)
        server.callers += [cache, table]
        with traced("handler", daemon.environ()):
            cache.get("p:guest@example.org")
            table.call("GetItem", {"Key": {"email": {"S": "guest@example.org"}}})
            with pytest.raises(AwsError):
                table.call("PutItem", {})
    found = daemon.heard()
    assert names(found) == ["cache", "dynamodb", "dynamodb"]
    assert [row["namespace"] for row in found["subsegments"]] == ["remote", "aws", "aws"]
    assert [row.get("aws", {}).get("operation") for row in found["subsegments"]] == [None, "GetItem", "PutItem"]
    assert found["subsegments"][2]["error"] is True
    assert "guest" not in json.dumps(found)


@pytest.mark.usefixtures("aws")
def test_calls_of_the_sdk_are_parts_with_their_status(daemon: Daemon) -> None:
    tables = client("dynamodb")
    with traced("handler", daemon.environ()):
        tables.list_tables()
        with pytest.raises(tables.exceptions.ResourceNotFoundException):
            tables.describe_table(TableName="guests")
    one, other = daemon.heard()["subsegments"]
    assert (one["name"], one["aws"]["operation"], one["http"]["response"]["status"]) == ("dynamodb", "ListTables", 200)
    assert (other["aws"]["operation"], other["error"]) == ("DescribeTable", True)
    assert "cause" not in other
    assert "guest" not in json.dumps([one, other])


def test_a_request_is_found_by_how_it_was_answered(daemon: Daemon) -> None:
    def refuse(request: Any) -> None:
        request.notes.update(cache="miss", modelVersion="v7", input="secret")
        raise ApiError("model_rejected_input")

    with traced("handler", daemon.environ()):
        Client({"POST /v1/ml/predict": Operation(refuse)}).call(
            "POST", "/v1/ml/predict", headers={"X-Correlation-Id": "order-7"}
        )
    found = daemon.heard()
    assert found["annotations"] == {
        "cache": "miss",
        "code": "model_rejected_input",
        "correlation_id": "order-7",
        "model_version": "v7",
        "route": "POST /v1/ml/predict",
    }
    assert (found["http"]["response"]["status"], found["error"]) == (400, True)


def test_a_step_tells_how_long_it_was_built(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in daemon.environ().items():
        monkeypatch.setenv(name, value)
    handler = task(lambda: (lambda _: {"outcome": "train"}, Log("step")))
    handler({}, None)
    handler({}, None)
    assert [names(daemon.heard()), names(daemon.heard())] == [["build"], []]
