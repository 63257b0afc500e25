"""Compare, release and approvals: what each step of a training decides."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.stub import Stubber

from functions.approvals.logic import Approvals
from functions.approvals.store import StateMachine
from functions.compare.logic import compare
from functions.compare.store import evaluation
from functions.release.logic import ATTEMPTS, Release
from functions.shared.aws.sdk import client
from functions.shared.logs import Log
from functions.shared.models import LIVE
from functions.shared.tasks import WorkError, task
from tests.functions.support.cloud import GROUP, state_machine
from tests.functions.support.models import Memory
from tests.functions.support.tables import FakeModels

FIGURES: dict[str, Any] = {
    "accuracy": 0.8,
    "precision": 0.8,
    "recall": 0.8,
    "f1": 0.8,
    "roc_auc": None,
    "per_class": {"yes": {}},
}
NEW = {"version": "v2", "modelGroup": GROUP, "status": "Training", "execution": "e"}
ROW = {"age": 52}


def judged(models: FakeModels, **changes: Any) -> dict[str, Any]:
    found = {**FIGURES, "algorithm": "xgboost", "sample": ROW, **changes}
    return compare(models, found, "v2", "s3://trained/model.tar.gz", metric="f1", threshold=0.7)


def test_the_first_good_model_is_registered_with_its_figures() -> None:
    models = FakeModels(NEW)
    found = judged(models)
    assert (found["outcome"], found["metrics"]["f1"]) == ("register", 0.8)
    item = models.items["v2"]
    assert (item["metric"], item["algorithm"], item["sample"]) == ("f1", "xgboost", ROW)
    assert item["modelDataUrl"] == "s3://trained/model.tar.gz"
    assert "roc_auc" not in item["metrics"]


@pytest.mark.parametrize(
    ("live", "theirs", "measured"),
    [
        ("v1", 0.86, {"ModelAccuracy": 80.0, "AccuracyDrop": 6.0}),
        ("v1", 0.7, {"ModelAccuracy": 80.0, "AccuracyDrop": 0.0}),
        ("v1", None, {"ModelAccuracy": 80.0}),
        ("baseline", 0.99, {"ModelAccuracy": 80.0}),
    ],
)
def test_a_drop_is_measured_in_points_against_the_live_model_but_not_the_baseline(
    live: str, theirs: float | None, measured: dict[str, float]
) -> None:
    figures = {"f1": 0.5} | ({} if theirs is None else {"accuracy": theirs})
    models = FakeModels(NEW, {"version": live, "status": "Live", "metrics": figures}, live=live)
    assert judged(models)["measured"] == pytest.approx(measured)


def test_what_a_step_measures_goes_into_the_log_and_not_to_the_next_step() -> None:
    out = io.StringIO()
    log = Log("compare", metrics={"ModelAccuracy": "Percent"}, out=out)
    result = task(lambda: (lambda _event: {"outcome": "register", "measured": {"ModelAccuracy": 80.0}}, log))({}, None)
    assert result == {"outcome": "register"}
    assert json.loads(out.getvalue())["ModelAccuracy"] == 80.0


@pytest.mark.parametrize(
    ("live", "theirs", "outcome"),
    [("baseline", 0.99, "register"), ("v1", 0.79, "register"), ("v1", 0.8, "reject"), ("v1", 0.9, "reject")],
)
def test_a_model_has_to_beat_the_live_one_but_not_the_baseline(live: str, theirs: float, outcome: str) -> None:
    models = FakeModels(NEW, {"version": live, "status": "Live", "metrics": {"f1": theirs}}, live=live)
    found = judged(models)
    assert found["outcome"] == outcome
    assert models.items["v2"]["status"] == ("Rejected" if outcome == "reject" else "Training")


def test_a_model_below_the_threshold_is_rejected() -> None:
    assert judged(FakeModels(NEW), f1=0.69)["why"] == "f1 0.6900 is below the threshold 0.7000"


@pytest.mark.parametrize("figure", [None, "0.9", True, float("nan"), 1.5, -1])
def test_an_evaluation_without_the_figure_is_an_error(figure: Any) -> None:
    with pytest.raises(WorkError, match=r"evaluation\.f1: .* is not a number from 0 to 1"):
        judged(FakeModels(NEW), f1=figure)


@pytest.mark.usefixtures("aws")
def test_an_evaluation_is_read_from_s3() -> None:
    client("s3").create_bucket(Bucket="trained")
    client("s3").put_object(Bucket="trained", Key="metadata/evaluation.json", Body=json.dumps(FIGURES))
    client("s3").put_object(Bucket="trained", Key="bad.json", Body=b"[1]")
    assert evaluation("s3://trained/metadata/evaluation.json")["f1"] == 0.8
    for uri, says in {"s3://trained/bad.json": "is not an object", "trained/bad.json": "is no address"}.items():
        with pytest.raises(WorkError, match=says):
            evaluation(uri)


class FakeEndpoint:
    """Answers with one version after another."""

    def __init__(self, *versions: str) -> None:
        self.versions, self.rows = list(versions), 0

    def ask(self, row: Mapping[str, Any]) -> str:
        assert row == ROW
        self.rows += 1
        version = self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]
        if version == "down":
            raise WorkError("endpoint: does not answer")
        return version


def released(models: FakeModels, endpoint: FakeEndpoint, memory: Memory) -> dict[str, Any]:
    release = Release(models, endpoint, memory, "predict", 60, lambda _: None)
    return release.run("v2", "s3://trained/production/v2/model.tar.gz", "2026-01-31T12:00:00.000Z")


def deployed(**live: Any) -> FakeModels:
    return FakeModels({**NEW, "status": "Deploying", "sample": ROW}, {"version": "v1", "status": "Live"}, **live)


def test_a_tested_version_becomes_live_and_the_cache_hears_of_it() -> None:
    models, memory = deployed(live="v1"), Memory()
    found = released(models, FakeEndpoint("v1", "down", "v2"), memory)
    assert (found["version"], found["previousVersion"]) == ("v2", "v1")
    assert [models.items[version]["status"] for version in ("v1", "v2")] == ["Archived", "Live"]
    assert models.items[LIVE]["liveVersion"] == "v2"
    assert models.items["v2"]["modelDataUrl"] == "s3://trained/production/v2/model.tar.gz"
    # Its card, should it have been live before, says no more since when.
    assert memory.values == {"live:predict": b"v2", "reference:predict:model:v2": b""}


def test_the_first_version_has_no_previous_one() -> None:
    assert released(deployed(), FakeEndpoint("v2"), Memory())["previousVersion"] == ""


def test_a_cache_out_of_reach_does_not_hold_up_a_release() -> None:
    memory = Memory()
    memory.available = False
    assert released(deployed(), FakeEndpoint("v2"), memory)["why"] == "live; cache not told"


@pytest.mark.parametrize(("answers", "says"), [("v1", "'v1' answers in place of 'v2'"), ("down", "does not answer")])
def test_a_version_that_does_not_answer_does_not_become_live(answers: str, says: str) -> None:
    models, endpoint = deployed(live="v1"), FakeEndpoint(answers)
    with pytest.raises(WorkError, match=says):
        released(models, endpoint, Memory())
    assert endpoint.rows == ATTEMPTS
    assert models.items[LIVE]["liveVersion"] == "v1"


def test_a_version_without_a_sample_cannot_be_tested() -> None:
    with pytest.raises(WorkError, match="has no sample"):
        released(FakeModels(NEW), FakeEndpoint("v2"), Memory())


class FakeWorkflow:
    """Keeps what it is told."""

    def __init__(self, *, waits: bool = True) -> None:
        self.waits = waits
        self.answers: list[tuple[str, Any]] = []
        self.started: dict[str, Any] = {}

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        self.answers.append((token, dict(output)))
        return self.waits

    def start(self, name: str, given: Mapping[str, Any]) -> None:
        self.started.setdefault(name, dict(given))


PENDING = {**NEW, "status": "PendingApproval", "modelPackageArn": "arn:2", "taskToken": "token", "forced": True}


def event(decision: str = "Approved", **detail: Any) -> dict[str, Any]:
    found = {"ModelPackageGroupName": GROUP, "ModelPackageArn": "arn:2", "ModelApprovalStatus": decision, **detail}
    return {"id": "event-1", "detail-type": "SageMaker Model Package State Change", "detail": found}


def react(models: FakeModels, workflow: FakeWorkflow, given: dict[str, Any]) -> str:
    return str(Approvals(models, workflow, GROUP).run(given)["outcome"])


def test_an_approval_goes_to_the_training_that_waits() -> None:
    workflow = FakeWorkflow()
    assert react(FakeModels(PENDING), workflow, event()) == "resumed"
    assert workflow.answers == [("token", {"decision": "Approved", "version": "v2"})]
    assert workflow.started == {}


@pytest.mark.parametrize("change", [{"taskToken": ""}, {"status": "Archived"}, {"status": "Rejected"}])
def test_an_approval_that_nobody_waits_for_starts_one_promotion(change: dict[str, str]) -> None:
    workflow, models = FakeWorkflow(), FakeModels({**PENDING, **change})
    assert [react(models, workflow, event()), react(models, workflow, event())] == ["promoted", "promoted"]
    assert list(workflow.started.values()) == [{"reason": "promotion", "promote": "v2", "force": True}]


def test_an_approval_after_the_wait_has_ended_starts_a_promotion() -> None:
    workflow = FakeWorkflow(waits=False)
    assert react(FakeModels(PENDING), workflow, event()) == "promoted"
    assert len(next(iter(workflow.started))) <= 80


def test_a_rejection_ends_the_training_that_waits() -> None:
    workflow, models = FakeWorkflow(), FakeModels(PENDING)
    assert [react(models, workflow, event("Rejected")) for _ in range(2)] == ["rejected", "rejected"]
    assert models.items["v2"]["status"] == "Rejected"
    assert workflow.answers[0] == ("token", {"decision": "Rejected", "version": "v2"})


@pytest.mark.parametrize("status", ["Live", "Archived"])
def test_a_version_that_was_live_is_not_rejected_afterwards(status: str) -> None:
    models = FakeModels({**PENDING, "status": status})
    assert react(models, FakeWorkflow(), event("Rejected")) == "ignored"
    assert models.items["v2"]["status"] == status


@pytest.mark.parametrize(
    "given", [event("PendingManualApproval"), event(ModelPackageGroupName="other"), event(ModelApprovalStatus=None)]
)
def test_other_events_are_ignored(given: dict[str, Any]) -> None:
    assert react(FakeModels(PENDING), FakeWorkflow(), given) == "ignored"


def test_a_package_that_is_not_in_the_table_yet_is_delivered_again() -> None:
    with pytest.raises(WorkError, match="may still be on its way"):
        react(FakeModels(), FakeWorkflow(), event())


@pytest.mark.usefixtures("aws")
def test_an_execution_is_started_once_for_its_name() -> None:
    arn = state_machine()
    for more in ({}, {"again": True}):
        StateMachine(arn).start("promote-v2-1", {"reason": "promotion", **more})
    assert len(client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]) == 1


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_nobody_waits_for_is_no_error(code: str) -> None:
    with Stubber(client("stepfunctions")) as answers:
        answers.add_client_error("send_task_success", code)
        assert StateMachine("arn").answer("token", {"decision": "Approved"}) is False


@pytest.mark.usefixtures("aws")
def test_a_token_that_is_waited_for_gets_the_decision() -> None:
    with Stubber(client("stepfunctions")) as answers:
        sent = {"taskToken": "token", "output": '{"decision": "Approved"}'}
        answers.add_response("send_task_success", {}, sent)
        assert StateMachine("arn").answer("token", {"decision": "Approved"})
