"""The first model: a data set is uploaded, the deployed workflow trains, and the demo user approves the result."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.client import Reply, call
from sandbox.ledger import Resource

if TYPE_CHECKING:
    from sandbox.state import State
    from sandbox.up import Sandbox

T = TypeVar("T")
DATA = Path("dist/data/breast_cancer.csv")
KEY = "uploads/breast_cancer.csv"
TARGET = "target"
TRAIN_S = 240.0
"""How long the workflow may take to come to a result."""
DEPLOY_S = 90.0
"""How long the approved model may take to answer."""
PAUSE_S = 0.2
_FUNCTION = re.compile(r"arn:aws:lambda:[\w-]+:\d+:function:[\w-]+(?::[\w-]+)?")
_ASKED = ("/models", "/models/{version}/approve", "/ml/predict")


class FirstModelError(RuntimeError):
    """No model came out of the first training; the text gives the reason that the workflow gave."""


def train(sandbox: Sandbox, state: State) -> str:
    """Uploads, waits, approves and asks; gives the version that answers predictions."""
    step, client = sandbox.progress.step, sandbox.cloud.client
    with step("upload of a data set"):
        data = sandbox.options.root / DATA
        if not data.is_file():
            raise FirstModelError(f"{data} is missing; run `make package`")
        client("s3").put_object(Bucket=state.outputs["raw_bucket"], Key=KEY, Body=data.read_bytes())
    machine = state.outputs["state_machine_arn"]
    with step("training and evaluation"):
        execution = _wait(
            lambda: _execution(client("stepfunctions"), machine), 20, "no execution of the workflow started"
        )
        version = _wait(
            lambda: _pending(sandbox, state, execution),
            TRAIN_S,
            f"the training did not end; logs are in {sandbox.home.path}",
        )
    with step("approval and deployment"):
        approved = _call(state, "PUT", f"/models/{version}/approve", {"force": False})
        if approved.status != 200:
            raise FirstModelError(f"model {version} was not approved: {approved.status} {approved.text}")
        _wait(lambda: _live(sandbox, state, execution, version), DEPLOY_S, f"model {version} did not become live")
    with step("first prediction"):
        row, answers = sample(data), [""]
        _wait(
            lambda: _answers(state, version, row, answers),
            30,
            f"no prediction came from model {version}",
            lambda: f"; the last answer was {answers[-1]}; logs are in {sandbox.home.path}",
        )
    return version


def called(resource: Resource) -> Iterator[str]:
    """The functions that the first model calls by way of a resource, to be started while the program still runs."""
    if resource.type == "aws:sfn/stateMachine:StateMachine":
        yield from sorted(set(_FUNCTION.findall(str(resource.inputs["definition"]))))
    elif resource.type == "aws:apigateway/restApi:RestApi":
        paths = json.loads(resource.inputs["body"])["paths"]
        yield from sorted({_FUNCTION.findall(json.dumps(paths[path]))[0] for path in _ASKED if path in paths})


def sample(data: Path) -> dict[str, Any]:
    """The first row of a data set without its target, as a prediction's input."""
    with data.open(newline="", encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    return {name: _number(value) for name, value in row.items() if name != TARGET}


def _number(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


def _execution(stepfunctions: Any, machine: str) -> str:
    found = stepfunctions.list_executions(stateMachineArn=machine)["executions"]
    return str(found[0]["executionArn"]) if found else ""


def _pending(sandbox: Sandbox, state: State, execution: str) -> str:
    """The version that waits for approval; empty while the training runs."""
    # The cheap question first: each call of the API takes time from the training that it waits for.
    packages = sandbox.cloud.client("sagemaker").list_model_packages(
        ModelPackageGroupName=state.outputs["model_package_group"], ModelApprovalStatus="PendingManualApproval"
    )["ModelPackageSummaryList"]
    if packages:
        waiting = [row for row in _models(state) if row["status"] == "PendingApproval"]
        return str(waiting[0]["version"]) if waiting else ""
    _check(sandbox, state, execution)
    return ""


def _live(sandbox: Sandbox, state: State, execution: str, version: str) -> bool:
    if _check(sandbox, state, execution) == "RUNNING":
        return False
    return any(row["version"] == version and row["status"] == "Live" for row in _models(state))


def _models(state: State) -> list[dict[str, Any]]:
    answer = _call(state, "GET", "/models?limit=100")
    if answer.status != 200:
        raise FirstModelError(f"GET /models answered {answer.status}: {answer.text}")
    rows: list[dict[str, Any]] = answer.content["data"]
    return rows


def _check(sandbox: Sandbox, state: State, execution: str) -> str:
    """The workflow's status; raises with its own reason once it ended without a model."""
    described = sandbox.cloud.client("stepfunctions").describe_execution(executionArn=execution)
    if described["status"] == "RUNNING":
        return "RUNNING"
    ended = [row for row in _models(state) if row["status"] in {"Failed", "Rejected"}]
    reasons = [f"{row['version']} {row['status']}: {row.get('reason') or 'no reason given'}" for row in ended]
    text = "; ".join([described.get("error", ""), described.get("cause", ""), *reasons]).strip("; ")
    if described["status"] != "SUCCEEDED" or ended:
        raise FirstModelError(f"the workflow ended {described['status']}: {text}; logs are in {sandbox.home.path}")
    return str(described["status"])


def _answers(state: State, version: str, row: dict[str, Any], answers: list[str]) -> bool:
    """Whether this version answers; what else is answered is put down."""
    answer = _call(state, "POST", "/ml/predict", {"input": row})
    answers[:] = [f"{answer.status} {answer.text}"]
    if answer.status in {502, 503, 504}:
        return False
    if answer.status != 200:
        raise FirstModelError(f"the first prediction answered {answer.status}: {answer.text}")
    return bool(answer.content["modelVersion"] == version)


def _call(state: State, method: str, path: str, body: Any = None) -> Reply:
    return call(state.api_url + path, method, body, state.access_token)


def _wait(ready: Callable[[], T], limit_s: float, why: str, further: Callable[[], str] = str) -> T:
    """The first answer that is true; FirstModelError with the reason, and what is known then, when there is none."""
    deadline = time.monotonic() + limit_s
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > deadline:
            raise FirstModelError(f"{why} within {limit_s:.0f} s{further()}")
        time.sleep(PAUSE_S)
