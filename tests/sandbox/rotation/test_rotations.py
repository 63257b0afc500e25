"""RotateSecret calls the function that was declared, step by step, and believes nothing but its work."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.lambdas.plan import NoSuchFunctionError
from sandbox.ledger import Ledger, Resource
from sandbox.rotation import Rotations
from sandbox.rotation.runtime import PERMISSION, SCHEDULE

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


@dataclass
class Answered:
    """What a call of a function gives."""

    error: str | None
    payload: bytes = b"{}"


@dataclass
class Rotator:
    """A function in this process that rotates as AWS's templates do."""

    cloud: Cloud
    steps: list[str] = field(default_factory=list)
    fails: str = ""
    forgets: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def find(self, name_or_arn: str, qualifier: str = "") -> Any:
        if name_or_arn.split(":")[6] != "rotate":
            raise NoSuchFunctionError(f"Function not found: {name_or_arn}{qualifier}")

    def invoke_sync(self, name_or_arn: str, payload: bytes, **options: Any) -> Answered:
        assert (name_or_arn, options) == (FUNCTION, {})
        self.gate.wait(10)
        event = json.loads(payload)
        self.steps.append(event["Step"])
        if event["Step"] == self.fails:
            return Answered("Unhandled", json.dumps({"errorMessage": f"{self.fails} broke"}).encode())
        self.work(event["Step"], event["SecretId"], event["ClientRequestToken"])
        return Answered(None)

    def work(self, step: str, secret: str, version: str) -> None:
        client = self.cloud.client("secretsmanager")
        if step == "createSecret":
            with pytest.raises(ClientError, match="ResourceNotFound"):
                client.get_secret_value(SecretId=secret, VersionId=version, VersionStage="AWSPENDING")
            client.put_secret_value(
                SecretId=secret, ClientRequestToken=version, SecretString="new", VersionStages=["AWSPENDING"]
            )
        if step == "finishSecret" and not self.forgets:
            stages = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
            current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
            client.update_secret_version_stage(
                SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=version, RemoveFromVersionId=current
            )


@dataclass
class Place:
    """A secret with a declared rotation."""

    cloud: Cloud
    rotator: Rotator
    rotations: Rotations
    arn: str

    @property
    def client(self) -> Any:
        return self.cloud.client("secretsmanager")

    def value(self, stage: str | None = None) -> str:
        given = {"VersionStage": stage} if stage else {}
        return str(self.client.get_secret_value(SecretId=self.arn, **given)["SecretString"])

    def rotate(self, **more: Any) -> str:
        version = self.client.rotate_secret(SecretId=self.arn, **more)["VersionId"]
        assert self.rotations.settle(10)
        return str(version)

    def refused(self, code: str, **more: Any) -> str:
        with pytest.raises(ClientError) as caught:
            self.client.rotate_secret(**{"SecretId": self.arn, **more})
        assert caught.value.response["Error"]["Code"] == code
        return str(caught.value.response["Error"]["Message"])


def ledger(arn: str, *, permitted: bool = True) -> Ledger:
    made = Ledger()
    rules = {"secretId": arn, "rotationLambdaArn": FUNCTION, "rotationRules": {"automaticallyAfterDays": 30}}
    made.add(Resource("urn:schedule", SCHEDULE, "schedule", inputs=rules, outputs=rules))
    if permitted:
        given = {"function": "rotate", "principal": "secretsmanager.amazonaws.com"}
        made.add(Resource("urn:permission", PERMISSION, "permission", inputs=given, outputs=given))
    return made


@pytest.fixture
def place() -> Iterator[Place]:
    cloud = Cloud()
    cloud.start(0)
    rotator = Rotator(cloud)
    rotations = Rotations(cloud, rotator)
    rotations.install()
    arn = cloud.client("secretsmanager").create_secret(Name="token", SecretString="old")["ARN"]
    rotations.attach(ledger(arn))
    yield Place(cloud, rotator, rotations, arn)
    rotator.gate.set()
    rotations.close()
    cloud.stop()


def test_the_four_steps_give_the_secret_a_new_value_and_keep_the_old_one_as_previous(place: Place) -> None:
    version = place.rotate()
    assert place.rotator.steps == STEPS
    assert (place.value(), place.value("AWSCURRENT"), place.value("AWSPREVIOUS")) == ("new", "new", "old")
    told = place.client.describe_secret(SecretId=place.arn)
    assert set(told["VersionIdsToStages"][version]) == {"AWSCURRENT", "AWSPENDING"}
    assert told["RotationRules"]["AutomaticallyAfterDays"] == 30
    assert told["LastRotatedDate"]


def test_a_second_rotation_begins_after_the_first_has_ended(place: Place) -> None:
    first, second = place.rotate(), place.rotate()
    assert first != second
    assert place.rotator.steps == STEPS * 2
    stages = place.client.describe_secret(SecretId=place.arn)["VersionIdsToStages"]
    assert set(stages[second]) == {"AWSCURRENT", "AWSPENDING"}
    assert stages[first] == ["AWSPREVIOUS"]


@pytest.mark.parametrize("step", STEPS)
def test_a_failing_step_leaves_the_old_value_in_force(place: Place, step: str) -> None:
    place.rotator.fails = step
    version = place.rotate()
    assert place.rotator.steps == STEPS[: STEPS.index(step) + 1]
    assert (place.value(), place.value("AWSCURRENT")) == ("old", "old")
    stages = place.client.describe_secret(SecretId=place.arn)["VersionIdsToStages"]
    assert stages[version] == ["AWSPENDING"]
    assert place.rotations.failures == [f"token: {step}: {step} broke"]


def test_a_rotation_that_was_left_half_done_is_taken_up_with_the_same_version(place: Place) -> None:
    place.rotator.fails = "testSecret"
    version = place.rotate()
    place.rotator.fails, place.rotator.steps = "createSecret", []
    assert "A previous rotation isn't complete" in place.refused("InvalidRequestException")
    assert place.rotations.settle(10)
    assert place.rotator.steps == ["createSecret"]
    assert place.value("AWSPENDING") == "new"
    stages = place.client.describe_secret(SecretId=place.arn)["VersionIdsToStages"]
    assert stages[version] == ["AWSPENDING"]


def test_while_a_rotation_runs_another_one_is_refused(place: Place) -> None:
    place.rotator.gate.clear()
    place.client.rotate_secret(SecretId=place.arn)
    assert "A previous rotation isn't complete" in place.refused("InvalidRequestException")
    place.rotator.gate.set()
    assert place.rotations.settle(10)
    assert place.rotator.steps == STEPS


def test_a_function_that_moves_no_label_has_not_rotated(place: Place) -> None:
    place.rotator.forgets = True
    place.rotate()
    assert place.value() == "old"
    assert "AWSCURRENT is not at" in place.rotations.failures[0]


def test_without_rotating_at_once_the_function_is_only_tried_out(place: Place) -> None:
    before = place.client.describe_secret(SecretId=place.arn)["VersionIdsToStages"]
    place.rotate(RotateImmediately=False, RotationRules={"AutomaticallyAfterDays": 7})
    assert place.rotator.steps == ["testSecret"]
    told = place.client.describe_secret(SecretId=place.arn)
    assert told["VersionIdsToStages"] == before
    assert told["RotationRules"]["AutomaticallyAfterDays"] == 7
    place.rotator.fails = "testSecret"
    assert "testSecret broke" in place.refused("InvalidRequestException", RotateImmediately=False)


def test_a_function_that_secrets_manager_may_not_call_is_not_called(place: Place) -> None:
    place.rotations.attach(ledger(place.arn, permitted=False))
    assert "grants access to the principal secretsmanager.amazonaws.com" in place.refused("AccessDeniedException")
    assert place.rotator.steps == []


def _bare(place: Place) -> dict[str, Any]:
    return {"SecretId": place.client.create_secret(Name="bare", SecretString="x")["ARN"]}


def _deleted(place: Place) -> dict[str, Any]:
    place.client.delete_secret(SecretId=place.arn)
    return {}


def _replica(place: Place) -> dict[str, Any]:
    rows = [{"Region": "us-east-1"}]
    made = place.cloud.client("secretsmanager", "us-west-2").create_secret(
        Name="copied", SecretString="x", AddReplicaRegions=rows
    )
    return {"SecretId": made["ARN"].replace("us-west-2", "us-east-1"), "RotationLambdaARN": FUNCTION}


@pytest.mark.parametrize(
    ("prepare", "code", "says"),
    [
        (lambda _: {"SecretId": "none"}, "ResourceNotFoundException", "can't find the specified secret"),
        (_bare, "InvalidRequestException", "No Lambda rotation function ARN"),
        (_deleted, "InvalidRequestException", "scheduled for deletion"),
        (_replica, "InvalidRequestException", "replica secret"),
        (lambda _: {"RotationLambdaARN": FUNCTION[:-6] + "other"}, "ResourceNotFoundException", "Function not found"),
        (lambda _: {"RotationLambdaARN": FUNCTION + ":live"}, "AccessDeniedException", "cannot invoke"),
    ],
    ids=["unknown", "no function", "deleted", "replica", "unknown function", "another version"],
)
def test_what_cannot_be_rotated_is_refused(
    place: Place, prepare: Callable[[Place], dict[str, Any]], code: str, says: str
) -> None:
    assert says in place.refused(code, **prepare(place))
    assert place.rotator.steps == []
