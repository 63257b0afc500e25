"""Secrets change under load: callers notice nothing, and a rotation that fails leaves everything as it was."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.journeys.support.caller import Caller
from tests.journeys.support.deployed import Deployed, eventually, row_of

pytestmark = pytest.mark.journey
FUNCTION = "/aws/lambda/mlplatform-dev-rotation-cache"


class Secret:
    """A secret of the stack, by the beginning of its name."""

    def __init__(self, deployed: Deployed, begins: str) -> None:
        self.client = deployed.client("secretsmanager")
        rows = self.client.list_secrets()["SecretList"]
        (self.arn,) = [row["ARN"] for row in rows if row["Name"].startswith(begins)]

    def value(self, stage: str = "AWSCURRENT") -> Any:
        return json.loads(self.client.get_secret_value(SecretId=self.arn, VersionStage=stage)["SecretString"])

    def stages(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.client.describe_secret(SecretId=self.arn)["VersionIdsToStages"]
        return found

    def rotate(self) -> str:
        """Starts a rotation and waits until Secrets Manager says that it is over."""
        before = self.client.describe_secret(SecretId=self.arn).get("LastRotatedDate")
        version = self.client.rotate_secret(SecretId=self.arn)["VersionId"]
        eventually(lambda: "AWSCURRENT" in self.stages()[version], 60, f"{version} comes into force")

        def over() -> bool:
            return self.client.describe_secret(SecretId=self.arn).get("LastRotatedDate") not in (None, before)

        eventually(over, 60, "the rotation is over")
        return str(version)


@pytest.fixture
def token(main: Deployed) -> Iterator[Secret]:
    secret = Secret(main, "cache-token")
    yield secret
    for version, labels in secret.stages().items():
        if labels == ["AWSPENDING"]:
            secret.client.update_secret_version_stage(
                SecretId=secret.arn, VersionStage="AWSPENDING", RemoveFromVersionId=version
            )


def accepted(main: Deployed, password: str) -> bool:
    """Whether the real Redis lets somebody in with a password."""
    ledger = json.loads((main.place.home / "ledger.json").read_text(encoding="utf-8"))
    rows = ledger["resources"] if isinstance(ledger, dict) else ledger
    (group,) = [row for row in rows if row["type"] == "aws:elasticache/replicationGroup:ReplicationGroup"]
    authority = str(main.place.home / "cache" / "ca.pem")
    where = group["outputs"]["primaryEndpointAddress"], int(group["outputs"]["port"])
    once = Retry(NoBackoff(), 0)
    with redis.Redis(*where, password=password, ssl=True, ssl_ca_certs=authority, protocol=2, retry=once) as client:
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            return False


def restarted(main: Deployed) -> None:
    """The function that predicts begins anew: it has to sign in to the cache with what the secret holds now."""
    for number, command in main.place.processes().items():
        if command.endswith("awslambdaric functions.predictions.handler.handler"):
            os.kill(number, signal.SIGKILL)


def test_predictions_go_on_before_during_and_after_a_rotation(
    main: Deployed, user: Caller, token: Secret, fresh: float
) -> None:
    old, known = token.value()["token"], [row_of(mean_texture=fresh - at / 1000) for at in range(40)]
    kept = [user.predict(row).content["predictionId"] for row in known]
    rows = [row_of(mean_texture=fresh + at / 1000) for at in range(1, 60)]
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(user.predict, row) for row in rows]
        token.rotate()
        answers = [future.result() for future in sent]
    assert {answer.status for answer in answers} == {200}
    new = token.value()["token"]
    assert (accepted(main, new), accepted(main, old)) == (True, False)
    assert token.value("AWSPREVIOUS")["token"] == old
    # What was kept under the old token is found under the new one, also by a function that knew neither.
    restarted(main)
    # Another row each time: where a first call came before the cache was reached, the model's new answer is kept.
    before = zip(known, kept, strict=True)

    def found_again() -> bool:
        row, identity = next(before)
        answer = user.predict(row)
        return answer.status == 200 and bool(answer.content["predictionId"] == identity)

    eventually(found_again, 30, "the cache answers a new instance")


def test_a_rotation_that_fails_leaves_the_old_token_in_force(
    main: Deployed, user: Caller, token: Secret, fresh: float
) -> None:
    old = token.value()
    broken = token.client.put_secret_value(
        SecretId=token.arn, SecretString=json.dumps({"password": "under another name"}), VersionStages=["AWSPENDING"]
    )["VersionId"]
    # A version is pending already, so it is taken up; its second step cannot be done.
    with pytest.raises(ClientError, match="A previous rotation isn't complete"):
        token.client.rotate_secret(SecretId=token.arn)

    def told() -> list[str]:
        return [line for line in main.log_lines(FUNCTION) if 'has no text \\"token\\"' in line]

    (line, *_) = eventually(told, 30, "the function tells why")
    assert json.loads(line)["level"] == "ERROR"
    assert token.stages()[broken] == ["AWSPENDING"]
    assert token.value() == old
    assert accepted(main, old["token"])
    assert user.predict(row_of(mean_texture=fresh)).status == 200


def test_the_keys_of_callbacks_overlap(main: Deployed) -> None:
    secret = Secret(main, "callbacks-secret")
    before = secret.value()["keys"][0]
    secret.rotate()
    newest, older = secret.value()["keys"][:2]
    assert (older["id"], older["secret"]) == (before["id"], before["secret"])
    assert newest["id"] != older["id"]
    assert ("until" in newest, "until" in older) == (False, True)


def test_the_daily_clock_is_answered_by_the_age_of_the_secret(main: Deployed) -> None:
    name = FUNCTION.rpartition("/")[2]
    answer = main.client("lambda").invoke(FunctionName=name, Payload=json.dumps({"Step": "reportAge"}))
    assert json.loads(answer["Payload"].read()) == {"outcome": "reported"}

    def told() -> list[float]:
        lines = [json.loads(line) for line in main.log_lines(FUNCTION) if '"SecretAgeDays":' in line]
        return [line["SecretAgeDays"] for line in lines]

    assert 0 <= eventually(told, 30, "the age is told")[-1] < 1
