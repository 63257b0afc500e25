"""Decisions on models: who may, on which, and what a worse one needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.support.caller import Caller, demo, signed_up
from tests.journeys.support.deployed import Deployed, Uploads, eventually, row_of

pytestmark = pytest.mark.journey


def models(caller: Caller) -> dict[str, dict[str, Any]]:
    return {row["version"]: row for row in caller.call("GET", "/models?limit=100").content["data"]}


def test_better_model_goes_live_and_a_worse_one_only_by_force(spare: Deployed, uploads: Uploads) -> None:
    approver = demo(spare)
    worse = spare.version(uploads.noisy, "PendingApproval")
    better = spare.version(uploads.clean, "PendingApproval")
    figures = {version: row["metrics"].get("f1") for version, row in models(approver).items()}
    assert figures[worse] < figures[better]

    signed_up(spare).call("PUT", f"/models/{better}/approve", {"force": True}).refused(403, "missing_group")
    assert models(approver)[better]["status"] == "PendingApproval"

    answer = approver.call("PUT", f"/models/{better}/approve", {})
    assert (answer.status, answer.content) == (200, {"version": better, "status": "Approved", "forced": False})
    spare.version(uploads.clean, "Live")
    assert approver.call("GET", "/ml/model-info").content["modelVersion"] == better
    assert approver.predict(row_of(), Cache_Control="no-cache").content["modelVersion"] == better

    details = approver.call("PUT", f"/models/{worse}/approve", {"force": False}).refused(409, "worse_than_live")
    assert details == [
        {
            "field": "metrics.f1",
            "message": f"is {figures[worse]}; the live model {better} has {figures[better]}",
        }
    ]
    assert models(approver)[worse]["status"] == "PendingApproval"

    forced = approver.call("PUT", f"/models/{worse}/approve", {"force": True})
    assert (forced.status, forced.content) == (200, {"version": worse, "status": "Approved", "forced": True})
    spare.version(uploads.noisy, "Live")
    subject = approver.user_id
    rows = models(approver)
    assert {version: rows[version]["status"] for version in (worse, better)} == {worse: "Live", better: "Archived"}
    assert rows[worse]["decidedBy"] == subject
    # No answer of the model before it is given any more, from the cache neither.
    answered = eventually(
        lambda: approver.predict(row_of()).content["modelVersion"] == worse, 10, "the new model answers"
    )
    assert answered
    (detail,) = approver.call("PUT", f"/models/{worse}/approve", {"force": True}).refused(409, "not_pending")
    assert detail == {"field": "status", "message": "is Live; only PendingApproval can be approved"}


def test_unknown_model_cannot_be_approved(user: Caller) -> None:
    details = user.call("PUT", "/models/000000000000/approve", {"force": True}).refused(404, "unknown_model")
    assert details == [{"field": "version", "message": "GET /v1/models lists what there is"}]
    for version in ("%23live", "a'b"):
        user.call("PUT", f"/models/{version}/approve", {"force": True}).refused(404, "not_found")


def test_archived_and_failed_models_cannot_be_approved(main: Deployed, user: Caller, uploads: Uploads) -> None:
    failed = main.version(uploads.bad["text"], "Failed")
    for version, status in (("baseline", "Archived"), (failed, "Failed"), (main.state.model_version, "Live")):
        (detail,) = user.call("PUT", f"/models/{version}/approve", {"force": True}).refused(409, "not_pending")
        assert detail["message"] == f"is {status}; only PendingApproval can be approved"


@pytest.mark.parametrize("body", [{"force": "yes"}, {"force": 1}, {"forced": True}, [True]])
def test_decision_that_does_not_fit(user: Caller, body: Any) -> None:
    user.call("PUT", "/models/x/approve", body).refused(400, "invalid_request")


def test_approving_is_for_approvers(stranger: Caller) -> None:
    stranger.call("PUT", "/models/x/approve", {"force": True}).refused(403, "missing_group")
