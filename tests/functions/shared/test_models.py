"""The table of models: one contract for the real one and for the one that other tests use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from functions.shared.models import LIVE, ChangedError, ModelsTable
from tests.functions.support.cloud import models_table
from tests.functions.support.tables import FakeModels

Make = Callable[..., Any]

ITEM: dict[str, Any] = {
    "version": "v1",
    "modelGroup": "group",
    "status": "Training",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "execution": "execution-1",
    "metrics": {"f1": 0.875, "per_class": {"yes": {"f1": 1}}},
    "sample": {"age": 52, "income": 48000.5, "segment": "b", "active": True, "tags": [1, 2.5]},
}


@pytest.fixture(params=["table", "fake"])
def models(request: pytest.FixtureRequest) -> Any:
    if request.param == "fake":
        return FakeModels()
    request.getfixturevalue("aws")
    return ModelsTable(models_table())


def test_an_item_comes_back_as_it_was_put(models: Any) -> None:
    models.put(ITEM, replaces=None)
    assert models.get("v1") == ITEM
    assert models.get("v2") is None


def test_an_item_is_not_put_twice(models: Any) -> None:
    models.put(ITEM, replaces=None)
    with pytest.raises(ChangedError):
        models.put(ITEM, replaces=None)


def test_an_item_is_replaced_only_while_it_is_as_it_was_read(models: Any) -> None:
    models.put(ITEM, replaces=None)
    models.put({**ITEM, "execution": "execution-2"}, replaces=ITEM)
    with pytest.raises(ChangedError):
        models.put({**ITEM, "execution": "execution-3"}, replaces=ITEM)
    assert models.get("v1")["execution"] == "execution-2"


def test_an_update_needs_the_item_and_the_status_that_is_asked_for(models: Any) -> None:
    with pytest.raises(ChangedError):
        models.update("v1", {"status": "Failed"})
    models.put(ITEM, replaces=None)
    models.update("v1", {"status": "PendingApproval", "verdict": "good"}, status="Training")
    with pytest.raises(ChangedError):
        models.update("v1", {"status": "Live"}, status="Training")
    assert models.get("v1") == {**ITEM, "status": "PendingApproval", "verdict": "good"}


def test_a_group_is_listed_the_newest_first_and_without_tokens(models: Any) -> None:
    for number in range(3):
        item = {**ITEM, "version": f"v{number}", "createdAt": f"2026-01-0{number + 1}T00:00:00Z", "taskToken": "t"}
        models.put(item, replaces=None)
    models.put({**ITEM, "version": "x", "modelGroup": "other"}, replaces=None)
    found = models.of_group("group")
    assert [item["version"] for item in found] == ["v2", "v1", "v0"]
    assert not any("taskToken" in item for item in found)


def test_a_package_leads_to_its_version(models: Any) -> None:
    models.put({**ITEM, "modelPackageArn": "arn:1", "taskToken": "t"}, replaces=None)
    assert models.of_package("arn:1")["taskToken"] == "t"
    assert models.of_package("arn:2") is None


def test_making_a_version_live_archives_the_one_before(models: Any) -> None:
    for version in ("v1", "v2"):
        models.put({**ITEM, "version": version}, replaces=None)
    assert models.live() is None
    models.make_live("v1", None, "s3://b/1", "2026-01-01T00:00:00.000Z")
    models.make_live("v2", "v1", "s3://b/2", "2026-01-02T00:00:00.000Z")
    models.make_live("v2", "v2", "s3://b/2", "2026-01-02T00:00:01.000Z")
    assert models.live()["version"] == "v2"
    assert models.get("v1")["status"] == "Archived"
    assert (models.live()["status"], models.live()["liveSince"]) == ("Live", "2026-01-02T00:00:01.000Z")
    assert models.get(LIVE)["updatedAt"] == "2026-01-02T00:00:01.000Z"


def test_an_unknown_version_does_not_become_live(models: Any) -> None:
    with pytest.raises(ChangedError):
        models.make_live("v1", None, "s3://b/1", "2026-01-01T00:00:00.000Z")
    assert models.live() is None
