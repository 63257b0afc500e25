"""Uploads that train, uploads that must not, and trainings started by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.journeys.support.caller import Caller
from tests.journeys.support.data_sets import BAD, wine
from tests.journeys.support.deployed import Deployed, Uploads, eventually

pytestmark = pytest.mark.journey


def ended(deployed: Deployed, key: str, count: int = 1) -> list[dict[str, Any]]:
    """The executions about a file, once there are so many and none runs any more."""

    def done() -> list[dict[str, Any]]:
        found = deployed.executions(key)
        return found if len(found) >= count and all(row["status"] != "RUNNING" for row in found) else []

    return eventually(done, 150, f"{count} executions about {key} end")


def figure(item: dict[str, Any]) -> float:
    """What decides about a model."""
    return float(item["metrics"]["M"]["f1"]["N"])


def live(deployed: Deployed) -> dict[str, Any]:
    key = {"version": {"S": deployed.state.model_version}}
    item: dict[str, Any] = deployed.client("dynamodb").get_item(TableName=deployed.table("models"), Key=key)["Item"]
    return item


def test_upload_starts_a_training_that_is_judged_by_the_rules(main: Deployed, user: Caller, uploads: Uploads) -> None:
    item = main.judged(uploads.wine)
    first = live(main)
    (execution,) = main.executions(uploads.wine)
    assert json.loads(execution["input"]) == {
        "reason": "upload",
        "bucket": main.state.outputs["raw_bucket"],
        "key": uploads.wine,
    }
    if figure(item) > figure(first):
        assert item["status"]["S"] == "PendingApproval"
        assert item["verdict"]["S"].endswith(f"of the live model {main.state.model_version}")
        assert execution["status"] == "RUNNING"
        package = main.client("sagemaker").describe_model_package(ModelPackageName=item["modelPackageArn"]["S"])
        assert package["ModelApprovalStatus"] == "PendingManualApproval"
        assert package["ModelPackageGroupName"] == "mlplatform-dev-models"
    else:
        assert item["status"]["S"] == "Rejected"
        assert "does not beat" in item["verdict"]["S"]
        assert ended(main, uploads.wine)[0]["status"] == "SUCCEEDED"
    listed = {row["version"]: row for row in user.call("GET", "/models?limit=100").content["data"]}
    shown = listed[item["version"]["S"]]
    assert set(shown) == {"version", "status", "createdAt", "reason", "algorithm", "metrics", "decidedBy", "failure"}
    assert (shown["status"], shown["reason"], shown["decidedBy"]) == (item["status"]["S"], "upload", "")
    assert shown["metrics"]["f1"] == pytest.approx(figure(item))
    assert "taskToken" not in json.dumps(listed)


def test_same_data_again_does_not_train_twice(main: Deployed, uploads: Uploads) -> None:
    before = main.judged(uploads.wine)
    jobs = main.client("sagemaker").list_training_jobs(NameContains=before["version"]["S"])["TrainingJobSummaries"]
    assert len(jobs) == 1
    again = main.upload("wine-again.csv", wine())
    (execution,) = ended(main, again)
    assert execution["status"] == "SUCCEEDED"
    after = main.client("sagemaker").list_training_jobs(NameContains=before["version"]["S"])["TrainingJobSummaries"]
    assert [row["TrainingJobName"] for row in after] == [row["TrainingJobName"] for row in jobs]
    assert main.item(again) is None
    assert main.judged(uploads.wine) == before


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_file_fails_with_its_reason_and_a_notification(
    main: Deployed, user: Caller, uploads: Uploads, name: str
) -> None:
    (execution,) = ended(main, uploads.bad[name])
    assert (execution["status"], execution["error"]) == ("FAILED", "TrainingFailed")
    says = BAD[name][1]
    assert says in execution["cause"]
    item = main.item(uploads.bad[name])
    if item is not None:
        # The data was claimed before a job looked at all of it.
        assert item["status"]["S"] == "Failed"
        assert says in item["failure"]["S"]
        listed = {row["version"]: row for row in user.call("GET", "/models?limit=100").content["data"]}
        told = listed[item["version"]["S"]]["failure"]
        assert says in told
        assert "{" not in told
    sent = eventually(
        lambda: [text for text in heard(main, uploads) if execution["name"] in text], 15, "a notification"
    )
    assert any(says in text for text in sent)


def heard(main: Deployed, uploads: Uploads, seen: list[str] | None = None) -> list[str]:
    """Every notification so far; each stays in the queue for the other tests."""
    found = _HEARD if seen is None else seen
    while True:
        answer = main.client("sqs").receive_message(QueueUrl=uploads.notifications, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            found.append(json.loads(message["Body"])["Message"])
            main.client("sqs").delete_message(QueueUrl=uploads.notifications, ReceiptHandle=message["ReceiptHandle"])
        if not messages:
            return found


_HEARD: list[str] = []


def test_empty_file_starts_nothing_and_is_refused_by_hand(main: Deployed, user: Caller) -> None:
    key = main.upload("empty.csv", b"")
    started = user.call("POST", "/training/start", {"key": key})
    assert started.status == 202
    (execution,) = ended(main, key)
    assert json.loads(execution["input"])["reason"] == "manual"
    assert execution["status"] == "FAILED"
    assert "is empty; upload a CSV file with a header and at least one row" in execution["cause"]


def test_training_by_hand_is_started_once_for_one_idempotency_key(
    main: Deployed, user: Caller, uploads: Uploads
) -> None:
    version = main.judged(uploads.wine)["version"]["S"]
    key = main.upload("by-hand/wine.csv", wine())
    ended(main, key)
    headers = {"Idempotency-Key": "wine-by-hand"}
    started = user.call("POST", "/training/start", {"key": key}, headers=headers)
    assert started.status == 202, started.text
    assert set(started.content) == {"trainingId", "status", "startedAt"}
    assert started.content["status"] == "RUNNING"
    rows = ended(main, key, count=2)
    assert sorted(json.loads(row["input"])["reason"] for row in rows) == ["manual", "upload"]
    assert {row["status"] for row in rows} == {"SUCCEEDED"}
    assert [row["name"] for row in rows if row["name"].startswith("manual-")] == [started.content["trainingId"]]
    other = user.call("POST", "/training/start", {"key": uploads.wine}, headers=headers)
    other.refused(409, "key_reused")
    jobs = main.client("sagemaker").list_training_jobs(NameContains=version)["TrainingJobSummaries"]
    assert len(jobs) == 1


def test_training_on_a_file_that_does_not_exist(main: Deployed, user: Caller) -> None:
    assert user.call("POST", "/training/start", {"key": "uploads/none.csv"}).status == 202
    (execution,) = ended(main, "uploads/none.csv")
    assert execution["status"] == "FAILED"
    assert "there is no such file in the raw bucket; upload it or name another" in execution["cause"]


def test_training_is_for_scientists_and_for_uploads(user: Caller, stranger: Caller) -> None:
    stranger.call("POST", "/training/start", {}).refused(403, "missing_group")
    user.call("POST", "/training/start", {"key": "secrets/keys.csv"}).refused(400, "invalid_request")
    user.call("POST", "/training/start", {"key": 7}).refused(400, "invalid_request")


def test_pages_of_models(main: Deployed, user: Caller, uploads: Uploads) -> None:
    main.judged(uploads.wine)
    whole = user.call("GET", "/models?limit=100").content
    assert set(whole) == {"data", "pagination"}
    versions = [row["version"] for row in whole["data"]]
    assert main.state.model_version in versions
    assert versions[-1] == "baseline"
    assert [row["createdAt"] for row in whole["data"]] == sorted(
        (row["createdAt"] for row in whole["data"]), reverse=True
    )
    count = len(versions)
    # Where the list began, for pages that stay where they are.
    assert whole["pagination"].pop("start")
    assert whole["pagination"] == {
        "page": 1,
        "limit": 100,
        "total": count,
        "totalPages": 1,
        "hasNext": False,
        "hasPrevious": False,
    }
    second = user.call("GET", "/models?page=2&limit=1").content
    assert [row["version"] for row in second["data"]] == versions[1:2]
    assert bool(second["pagination"].pop("next", "")) == (count > 2)
    second["pagination"].pop("start", None)
    assert second["pagination"] == {
        "page": 2,
        "limit": 1,
        "total": count,
        "totalPages": count,
        "hasNext": count > 2,
        "hasPrevious": True,
    }
    beyond = user.call("GET", f"/models?page={count + 2}&limit=1").content
    assert (beyond["data"], beyond["pagination"]["hasNext"]) == ([], False)
