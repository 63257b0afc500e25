"""A function that the deployment calls: it runs while the program still declares, and its answer is an output."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.cloud import Cloud
from sandbox.lambdas import Functions, NoSuchFunctionError
from sandbox.lambdas.archives import host
from sandbox.ledger import Ledger, Resource
from sandbox.recipes.recipe import RefusedError
from sandbox.seam.create import Creator, Recorder
from sandbox.seam.monitor import Declared

CODE = 'def handler(event, context):\n    return {"pools": event["userPools"], "by": context.invoked_function_arn}\n'
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:keyring"


@pytest.fixture
def functions(tmp_path: Path) -> Iterator[Functions]:
    cloud = Cloud()
    cloud.start(0)
    made = Functions(cloud, tmp_path / "functions")
    made.install()
    yield made
    made.close()
    cloud.stop()


def function(folder: Path) -> Resource:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", CODE)
    (folder / "code.zip").write_bytes(buffer.getvalue())
    architecture, runtime = host()
    inputs = {
        "name": "keyring",
        "handler": "app.handler",
        "runtime": runtime,
        "architectures": [architecture],
        "code": {"path": str(folder / "code.zip")},
        "timeout": 10,
    }
    outputs = {**inputs, "arn": FUNCTION, "version": "1", "id": "keyring"}
    return Resource("urn:function", "aws:lambda/function:Function", "keyring", inputs=inputs, outputs=outputs)


def alias() -> Resource:
    inputs = {"functionName": "keyring", "functionVersion": "1", "name": "live"}
    return Resource("urn:alias", "aws:lambda/alias:Alias", "live", inputs=inputs, outputs={**inputs, "id": "live"})


def invocation(**changes: Any) -> Declared:
    inputs = {"functionName": "keyring", "qualifier": "live", "input": json.dumps({"userPools": ["a"]})} | changes
    return Declared("urn:invocation", "aws:lambda/invocation:Invocation", "keys", inputs, "us-east-1")


def test_a_function_is_called_from_the_moment_it_is_declared(functions: Functions, tmp_path: Path) -> None:
    ledger = Ledger()
    functions.follow(ledger)
    with pytest.raises(NoSuchFunctionError):
        functions.find("keyring")
    ledger.add(function(tmp_path))
    with pytest.raises(NoSuchFunctionError):
        functions.find("keyring", "live")
    ledger.add(alias())
    made = Creator(functions.cloud, None, tmp_path).make(invocation())
    assert json.loads(made.outputs["result"]) == {"pools": ["a"], "by": f"{FUNCTION}:live"}


def test_a_function_that_is_started_ahead_waits_for_its_first_call(functions: Functions, tmp_path: Path) -> None:
    ledger = Ledger()
    functions.follow(ledger)
    ledger.watch(lambda resource: functions.warm(f"{FUNCTION}:live") if resource.name == "live" else None)
    ledger.add(function(tmp_path))
    ledger.add(alias())
    until = time.monotonic() + 20
    log = tmp_path / "functions" / "logs" / "keyring-1.log"
    while not log.exists() and time.monotonic() < until:
        time.sleep(0.02)
    functions.invoke_sync(FUNCTION, b'{"userPools": []}', qualifier="live")
    assert [path.name for path in log.parent.iterdir()] == ["keyring-1.log"]


def test_a_function_that_fails_ends_the_deployment(functions: Functions, tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.add(function(tmp_path))
    ledger.add(alias())
    functions.follow(ledger)
    with pytest.raises(RefusedError, match=r"keyring failed.*KeyError"):
        Creator(functions.cloud, None, tmp_path).make(invocation(input="{}"))


def test_what_is_declared_no_more_is_unknown_after_the_program(functions: Functions, tmp_path: Path) -> None:
    ledger = Ledger()
    ledger.add(function(tmp_path))
    functions.follow(ledger)
    assert functions.find("keyring")
    functions.attach(Ledger())
    with pytest.raises(NoSuchFunctionError):
        functions.find("keyring")


def test_a_stack_that_is_only_looked_at_calls_nothing(tmp_path: Path) -> None:
    assert Recorder(tmp_path).make(invocation()).outputs["result"] == "{}"
