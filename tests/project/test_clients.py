"""The generated clients: typed, complete, the same each time, and patient as their words say."""

from __future__ import annotations

import ast
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from artifacts.clients import python, typescript
from artifacts.clients.build import files
from artifacts.clients.python import docstring
from artifacts.clients.shapes import camel, operations
from functions.openapi import document
from functions.routes import ROUTES
from tests.functions.support.http import Server, Told

ENVELOPE = {"code": "throttled", "message": "later", "details": [{"field": "a", "message": "b"}], "requestId": "r-1"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("clients")
    for name, content in files().items():
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return found


@pytest.fixture(scope="module")
def module(folder: Path) -> Iterator[Any]:
    place = str(folder / "python")
    sys.path.insert(0, place)
    yield importlib.import_module("mlplatform_client")
    sys.path.remove(place)


def test_both_clients_are_the_same_bytes_each_time() -> None:
    assert files() == files()


def test_every_json_operation_is_a_method_of_both_clients(folder: Path, module: Any) -> None:
    names = {operation.name for operation in operations(document())}
    assert names <= {route.operation for route in ROUTES}
    assert all(callable(getattr(module.Client, name)) for name in names)
    text = (folder / "typescript/src/client.ts").read_text(encoding="utf-8")
    assert all(f"  {camel(name)}(" in text for name in names)


@pytest.mark.parametrize("text", ['such as "1"', 'a """ within', "back\\slash", "plain", '"'])
def test_a_description_may_say_anything(text: str) -> None:
    (line,) = docstring({"description": text}, "    ")
    assert ast.literal_eval(line.strip()) == text


def test_the_python_client_is_strictly_typed(folder: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "--config-file", ""]
    done = subprocess.run(
        [*command, str(folder / "python/mlplatform_client")], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed; install Node.js to compile the client")
def test_the_typescript_client_compiles_strictly(folder: Path) -> None:
    command = ["npm", "exec", "--yes", "--package=typescript@5.6.3", "--", "tsc", "--noEmit", "-p", "."]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder / "typescript")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_call_sends_what_the_document_says(module: Any) -> None:
    with Server(Told(body={"data": []})) as server:
        client = module.Client(f"{server.url}/api/v1/", "token", api_key="key")
        assert client.list_models(page=2) == {"data": []}
        client.approve_model("a/b", {"force": True})
        client.login({"email": "a@example.com", "password": "x"})
        client.close()
    (first, headers, _), (second, _, body), (_, open_headers, _) = server.asked
    assert (first, headers["authorization"], headers["x-api-key"]) == ("/api/v1/models?page=2", "Bearer token", "key")
    assert (second, json.loads(body)) == ("/api/v1/models/a%2Fb/approve", {"force": True})
    assert "authorization" not in open_headers


@contextmanager
def asking(module: Any, *told: Told) -> Iterator[tuple[Any, Server]]:
    """A client of a server that answers so."""
    with Server(*told) as server:
        client = module.Client(server.url)
        server.callers.append(client)
        yield client, server


def test_errors_carry_code_fields_and_request(module: Any) -> None:
    with asking(module, Told(400, {"error": ENVELOPE})) as (client, _), pytest.raises(module.ApiError) as caught:
        client.health()
    error = caught.value
    assert (error.status, error.code, error.request_id) == (400, "throttled", "r-1")
    assert str(error) == "400 throttled: later (a: b)"


def test_an_answer_of_another_form_is_an_error_too(module: Any) -> None:
    with asking(module, Told(502, b"<html>")) as (client, _), pytest.raises(module.ApiError) as caught:
        client.health()
    assert caught.value.code == "unknown"


def test_the_client_comes_back_when_asked_to(module: Any) -> None:
    soon = Told(429, {"error": ENVELOPE}, {"Retry-After": "0"})
    with asking(module, soon, Told(body={"status": "live"})) as (client, server):
        assert client.health() == {"status": "live"}
        assert len(server.asked) == 2


def test_the_client_gives_up_when_later_is_too_late(module: Any) -> None:
    with asking(module, Told(429, {"error": ENVELOPE}, {"Retry-After": "60"})) as (client, server):
        with pytest.raises(module.ApiError):
            client.health()
        assert len(server.asked) == 1


def test_a_call_that_changes_something_is_not_repeated_after_a_failure(module: Any) -> None:
    with asking(module, Told(503, {"error": ENVELOPE}, {"Retry-After": "0"})) as (client, server):
        with pytest.raises(module.ApiError):
            client.approve_model("a", {})
        assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "code"), [(503, "unavailable"), (409, "key_in_use"), (None, "")])
def test_a_call_that_is_done_once_is_repeated_under_one_key(module: Any, status: int | None, code: str) -> None:
    refusal = Told(status, {"error": {**ENVELOPE, "code": code}}, {"Retry-After": "0"})
    with asking(module, refusal, Told(202, {"trainingId": "t"})) as (client, server):
        assert client.start_training({}) == {"trainingId": "t"}
        first, second = ({name.lower(): value for name, value in row[1].items()} for row in server.asked)
        assert first["idempotency-key"] == second["idempotency-key"] != ""


def test_each_call_has_a_key_of_its_own_or_the_callers(module: Any) -> None:
    with asking(module, Told(202, {})) as (client, server):
        client.start_training({})
        client.start_training({})
        client.start_training({}, idempotency_key="mine")
        keys = [row[1].get("idempotency-key") or row[1]["Idempotency-Key"] for row in server.asked]
        assert len(set(keys)) == 3
        assert keys[2] == "mine"


def test_a_route_that_goes_away_is_marked_in_both_clients() -> None:
    api = document()
    row = api["paths"]["/v1/models"]["get"]
    row["deprecated"], row["description"] = True, "Use `/v2/models`; this ends on 2027-06-30."
    assert '"""Deprecated. List' in python.client(api)
    assert "this ends on 2027-06-30. @deprecated" in typescript.client(api)


def test_a_connection_that_was_closed_meanwhile_is_replaced(module: Any) -> None:
    with asking(module, Told(body={"n": 1}, drop_after=True), Told(body={"n": 2})) as (client, _):
        assert [client.health(), client.health()] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("url", ["", "ftp://a", "https://", "example.com/api"])
def test_a_wrong_address_is_named(module: Any, url: str) -> None:
    with pytest.raises(ValueError, match="allowed: an http or https address"):
        module.Client(url)
