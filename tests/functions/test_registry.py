"""The list of models and the approval of one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.registry.handler import operations
from functions.registry.logic import shown, why_failed
from functions.registry.store import ModelRegistry
from functions.shared.aws.sdk import client
from functions.shared.errors import ApiError
from tests.functions.support.apps import POOL, Client
from tests.functions.support.cloud import GROUP
from tests.functions.support.tables import FakeModels


class FakePackages:
    """Keeps what is approved."""

    def __init__(self, fails: ApiError | None = None) -> None:
        self.approved: list[tuple[str, str]] = []
        self.fails = fails

    def approve(self, arn: str, why: str) -> None:
        if self.fails:
            raise self.fails
        self.approved.append((arn, why))


def item(version: str, status: str = "PendingApproval", f1: float = 0.9, **more: Any) -> dict[str, Any]:
    return {
        "version": version,
        "modelGroup": GROUP,
        "status": status,
        "createdAt": f"2026-01-01T00:00:00.{version[-1]}00Z",
        "metric": "f1",
        "metrics": {"f1": f1, "per_class": {"yes": {}}},
        "modelPackageArn": f"arn:{version}",
        "taskToken": "secret-token",
    } | more


def client_of(*items: dict[str, Any], live: str = "", packages: FakePackages | None = None) -> tuple[Client, Any, Any]:
    models, registry = FakeModels(*items, live=live), FakePackages() if packages is None else packages
    return Client(operations(models, registry, GROUP)), models, registry


def approve(caller: Client, version: str, body: Any = None) -> Any:
    resource = "/v1/models/{version}/approve"
    return caller.call("PUT", resource, groups=["approvers"], path={"version": version}, body=body)


def test_a_list_comes_in_pages_the_newest_first() -> None:
    caller, _, _ = client_of(*(item(f"v{number}") for number in range(5)))
    found = caller.call("GET", "/v1/models", query={"page": "2", "limit": "2"})
    assert [row["version"] for row in found.body["data"]] == ["v2", "v1"]
    following = found.body["pagination"].pop("next")
    assert found.body["pagination"].pop("start")
    assert found.body["pagination"] == {
        "page": 2, "limit": 2, "total": 5, "totalPages": 3, "hasNext": True, "hasPrevious": True,
    }  # fmt: skip

    last = caller.call("GET", "/v1/models", query={"cursor": following, "limit": "2"})
    assert ([row["version"] for row in last.body["data"]], last.body["pagination"]["page"]) == (["v0"], 3)


def test_a_list_that_is_followed_shows_each_model_once_whatever_is_trained_meanwhile() -> None:
    caller, models, _ = client_of(*(item(f"v{number}") for number in range(5)))
    seen, query = list[str](), {"limit": "2"}
    while True:
        page = caller.call("GET", "/v1/models", query=query).body
        seen += [row["version"] for row in page["data"]]
        if not page["pagination"]["hasNext"]:
            break
        models.items["v9"] = item("v9", createdAt="2026-02-01T00:00:00.000Z")
        query = {"limit": "2", "cursor": page["pagination"]["next"]}
    assert seen == ["v4", "v3", "v2", "v1", "v0"]


def test_an_empty_list_is_a_page_too() -> None:
    found = client_of()[0].call("GET", "/v1/models")
    assert found.body["data"] == []
    assert found.body["pagination"]["totalPages"] == 0
    assert not found.body["pagination"]["hasPrevious"]


def test_a_token_never_leaves_the_table() -> None:
    caller, _, _ = client_of(item("v1"))
    assert "secret-token" not in str(caller.call("GET", "/v1/models").body)


def test_an_approval_is_written_down_and_carried_to_the_registry() -> None:
    caller, models, packages = client_of(item("v1"))
    found = approve(caller, "v1")
    assert (found.status, found.body) == (200, {"version": "v1", "status": "Approved", "forced": False})
    assert models.get("v1")["decidedBy"] == POOL.subject
    assert packages.approved == [("arn:v1", f"by {POOL.subject}")]


def test_approving_needs_the_group() -> None:
    caller, _, packages = client_of(item("v1"))
    found = caller.call("PUT", "/v1/models/{version}/approve", groups=["users"], path={"version": "v1"})
    assert (found.status, packages.approved) == (403, [])


@pytest.mark.parametrize(("version", "code"), [("unknown", "unknown_model"), ("#live", "not_found")])
def test_an_unknown_version_is_not_found(version: str, code: str) -> None:
    caller, _, _ = client_of(item("v1"), live="v1")
    assert approve(caller, version).code == code


@pytest.mark.parametrize("status", ["Training", "Live", "Archived", "Rejected", "Failed", "Deploying"])
def test_only_a_pending_version_can_be_approved(status: str) -> None:
    caller, _, packages = client_of(item("v1", status))
    found = approve(caller, "v1")
    assert (found.status, found.code) == (409, "not_pending")
    assert status in found.fields["status"]
    assert packages.approved == []


def test_a_worse_model_is_refused_unless_forced() -> None:
    caller, models, packages = client_of(item("v1", "Live", 0.95), item("v2", f1=0.9), live="v1")
    refused = approve(caller, "v2", {"force": False})
    assert (refused.status, refused.code) == (409, "worse_than_live")
    assert refused.fields == {"metrics.f1": "is 0.9; the live model v1 has 0.95"}
    assert packages.approved == []
    assert approve(caller, "v2", {"force": True}).body["forced"] is True
    assert models.get("v2")["forced"] is True


@pytest.mark.parametrize(("live", "f1"), [("baseline", 1.0), ("v1", 0.9), ("v1", 0.1)])
def test_an_equal_model_and_any_beside_the_baseline_can_be_approved(live: str, f1: float) -> None:
    caller, _, _ = client_of(item(live, "Live", f1), item("v2", f1=0.9), live=live)
    assert approve(caller, "v2").status == 200


def test_a_model_without_the_figure_counts_as_worse() -> None:
    caller, _, _ = client_of(item("v1", "Live"), item("v2", metrics={}), live="v1")
    assert approve(caller, "v2").code == "worse_than_live"


def test_an_approval_that_the_registry_did_not_take_can_be_repeated() -> None:
    packages = FakePackages(ApiError("unavailable"))
    caller, _, _ = client_of(item("v1"), packages=packages)
    assert approve(caller, "v1").status == 503
    packages.fails = None
    assert approve(caller, "v1").status == 200


def test_force_is_true_or_false_and_nothing_else() -> None:
    caller, _, _ = client_of(item("v1"))
    assert approve(caller, "v1", {"force": "yes"}).status == 400


@pytest.mark.usefixtures("aws")
def test_the_registry_approves_a_package() -> None:
    sagemaker = client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
    arn = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP, ModelApprovalStatus="PendingManualApproval", ModelPackageDescription="v1"
    )["ModelPackageArn"]
    ModelRegistry().approve(arn, "by somebody")
    assert sagemaker.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"] == "Approved"


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (
            {"Error": "States.TaskFailed", "Cause": json.dumps({"FailureReason": "column 'target' is missing"})},
            "column 'target' is missing",
        ),
        ({"Error": "DataError", "Cause": json.dumps({"errorMessage": "empty", "stackTrace": ["x"]})}, "empty"),
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout"),
        ({"Error": "States.Timeout"}, "States.Timeout"),
        ({"Error": "States.TaskFailed", "Cause": "plain words"}, "plain words"),
        ({"Error": "States.TaskFailed", "Cause": "[1]"}, "[1]"),
    ],
    ids=["job", "function", "no cause", "no cause at all", "text", "a list"],
)
def test_a_failed_model_tells_the_reason_within_the_state_machines_error(failure: dict[str, str], told: str) -> None:
    failed = item("a" * 12, status="Failed", failure=json.dumps(failure))
    assert shown(failed).failure == told


def test_a_failure_is_told_in_at_most_a_thousand_characters() -> None:
    assert len(why_failed(json.dumps({"Cause": "x" * 5000}))) == 1000
