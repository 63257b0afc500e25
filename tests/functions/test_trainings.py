"""Trainings by hand, and the system's own routes."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from artifacts.functions import docs
from functions.openapi import document
from functions.shared.api import answer
from functions.shared.aws.sdk import client
from functions.shared.errors import ApiError
from functions.shared.settings import SettingsError
from functions.system.handler import build
from functions.trainings.handler import operations
from functions.trainings.store import Executions
from tests.functions.support.apps import POOL, Client
from tests.functions.support.calls import ENVIRONMENT, event
from tests.functions.support.cloud import state_machine


class FakeStarter:
    """Keeps what is started."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []

    def start(self, name: str, given: dict[str, Any]) -> str:
        self.started.append((name, given))
        return "2026-01-31T11:30:00Z"


def start(starter: Any, body: Any = None, **more: Any) -> Any:
    caller = Client(operations(starter))
    return caller.call("POST", "/v1/training/start", **{"groups": ["scientists"], "body": body, **more})


def test_a_start_is_accepted_and_names_who_asked() -> None:
    starter = FakeStarter()
    found = start(starter, {"key": "uploads/a.csv"})
    assert found.status == 202
    assert found.body == {
        "trainingId": starter.started[0][0], "status": "RUNNING", "startedAt": "2026-01-31T11:30:00Z",
    }  # fmt: skip
    assert starter.started[0][1] == {"reason": "manual", "requestedBy": POOL.subject, "key": "uploads/a.csv"}


def test_only_scientists_start_trainings() -> None:
    assert start(FakeStarter(), groups=["users"]).code == "missing_group"


@pytest.mark.parametrize("key", ["other/a.csv", "uploads/a.txt", "uploads/.csv/", "", 7])
def test_a_key_outside_the_uploads_is_refused(key: Any) -> None:
    starter = FakeStarter()
    found = start(starter, {"key": key})
    assert (found.status, list(found.fields), starter.started) == (400, ["key"], [])


def test_the_same_idempotency_key_is_the_same_training_and_another_users_is_not() -> None:
    starter = FakeStarter()
    caller = Client(operations(starter))
    answers = [
        caller.call(
            "POST",
            "/v1/training/start",
            headers={"Idempotency-Key": "once"},
            token=POOL.token(sub=subject, groups=["scientists"]),
        )
        for subject in ("ada", "ada", "bob")
    ]
    first, second, third = (answer.body["trainingId"] for answer in answers)
    assert first == second != third
    assert [name for name, _ in starter.started] == [first, third]


def test_without_an_idempotency_key_each_start_is_its_own() -> None:
    starter = FakeStarter()
    start(starter)
    start(starter)
    assert starter.started[0][0] != starter.started[1][0]


def test_an_endless_idempotency_key_is_refused() -> None:
    found = start(FakeStarter(), headers={"Idempotency-Key": "x" * 256})
    assert (found.status, list(found.fields)) == (400, ["Idempotency-Key"])


@pytest.mark.usefixtures("aws")
def test_an_execution_carries_name_and_input() -> None:
    arn = state_machine()
    moment = Executions(arn).start("manual-1", {"reason": "manual"})
    assert (len(moment), moment[-1]) == (20, "Z")
    execution = client("stepfunctions").list_executions(stateMachineArn=arn)["executions"][0]
    assert execution["name"] == "manual-1"
    with pytest.raises(ApiError, match="already_started"):
        Executions(arn).start("manual-1", {"reason": "manual", "key": "uploads/other.csv"})


def test_health_answers_without_a_token(tmp_path: Path) -> None:
    found = system(tmp_path).call("GET", "/v1/health", token=None)
    assert (found.status, found.body["status"], found.body["environment"]) == (200, "live", "test")


def test_the_document_is_served_as_it_was_built(tmp_path: Path) -> None:
    assert system(tmp_path).call("GET", "/v1/openapi.json", token=None).body == document()


def test_the_page_brings_the_policy_that_lets_its_style_through_and_nothing_else(tmp_path: Path) -> None:
    app = build(ENVIRONMENT, system_files(tmp_path))
    found = answer(app, event("GET", "/v1/docs"), time.perf_counter())
    assert found["headers"]["Content-Type"] == "text/html; charset=utf-8"
    assert "sha256-" in found["headers"]["Content-Security-Policy"]
    assert "unsafe" not in found["headers"]["Content-Security-Policy"]
    assert found["body"].startswith("<!doctype html>")


def test_a_missing_setting_stops_the_function_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ENVIRONMENT: missing"):
        build({"AWS_LAMBDA_FUNCTION_NAME": "f"}, tmp_path)


def system_files(folder: Path) -> Path:
    page = folder / "openapi.json"
    page.write_text(json.dumps(document()), encoding="utf-8")
    (folder / "docs.json").write_bytes(docs())
    return page


def system(folder: Path) -> Client:
    return Client(build(ENVIRONMENT, system_files(folder)).operations)
