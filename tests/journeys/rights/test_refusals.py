"""Roles that lack a right: what AWS would refuse is refused here, and everybody who has to know is told."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.rights.calls.runtime import FILE
from tests.journeys.support.caller import demo
from tests.journeys.support.deployed import Deployed, eventually, row_of
from tests.journeys.support.rights import EXPECTED, told

pytestmark = pytest.mark.journey
DATA = b"a,b,target\n" + b"".join(b"%d,%d,%d\n" % (at, at % 7, at % 2) for at in range(200))


def role_named(deployed: Deployed, name: str) -> str:
    """The physical name of a role of the program."""
    rows = {row["principal"] for row in told(deployed)["granted"] if row["role"] == name}
    assert len(rows) == 1
    return str(rows.pop()).rpartition("/")[2]


@contextlib.contextmanager
def denied(deployed: Deployed, role: str, action: str) -> Iterator[None]:
    """An explicit denial for a role, as an organization's administrator may write it."""
    iam, name = deployed.client("iam"), role_named(deployed, role)
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    EXPECTED.add((role, action))
    iam.put_role_policy(RoleName=name, PolicyName="journey", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="journey")


@contextlib.contextmanager
def without(deployed: Deployed, role: str, sid: str, action: str) -> Iterator[None]:
    """A role whose policy has lost one statement."""
    iam, name = deployed.client("iam"), role_named(deployed, role)
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        if any(row["Sid"] == sid for row in document["Statement"]):
            break
    less = {**document, "Statement": [row for row in document["Statement"] if row["Sid"] != sid]}
    EXPECTED.add((role, action))
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(less))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def refusals(deployed: Deployed, role: str, action: str) -> list[dict[str, Any]]:
    """What the sandbox wrote down of an action of a role."""
    return [row for row in told(deployed)["refused"] if (row["role"], row["action"]) == (role, action)]


def test_a_function_without_a_right_is_refused_as_on_aws_and_its_log_tells(spare: Deployed) -> None:
    caller, role, action = demo(spare), "api-registry-role", "dynamodb:Query"
    assert caller.call("GET", "/models").status == 200
    with without(spare, role, "ListModels", action):
        answer = caller.call("GET", "/models")
    answer.refused(500, "internal")
    assert "dynamodb" not in answer.text
    assert "arn:aws" not in answer.text
    rows = refusals(spare, role, action)
    assert [row["why"] for row in rows] == ["no allow"]
    assert "because no identity-based policy allows the dynamodb:Query action" in rows[0]["text"]
    group = "/aws/lambda/mlplatform-dev-registry"
    eventually(lambda: any("AccessDenied" in line for line in spare.log_lines(group)), 20, "the log tells the refusal")
    assert caller.call("GET", "/models").status == 200


def test_an_explicit_denial_wins_over_what_the_program_grants(spare: Deployed, fresh: float) -> None:
    caller, role, action = demo(spare), "api-predictions-role", "sagemaker:InvokeEndpoint"
    with denied(spare, role, action):
        answer = caller.predict(row_of(mean_texture=fresh))
    answer.refused(500, "internal")
    rows = refusals(spare, role, action)
    assert [row["why"] for row in rows] == ["explicit deny"]
    assert caller.predict(row_of(mean_texture=fresh)).status == 200


def test_a_state_machine_without_a_right_fails_and_says_which(spare: Deployed) -> None:
    role, action = "training-role", "lambda:InvokeFunction"
    with denied(spare, role, action):
        key = spare.upload("refused.csv", DATA)
        rows = eventually(lambda: [row for row in spare.executions(key) if row["status"] != "RUNNING"], 60, "it ends")
    assert [row["status"] for row in rows] == ["FAILED"]
    assert "lambda:InvokeFunction" in rows[0]["cause"]


def test_a_key_that_leaves_a_job_out_keeps_its_data_closed(spare: Deployed) -> None:
    """Whoever encrypts an upload by a key of their own has to let the workflow use it."""
    kms, s3, role, action = spare.client("kms"), spare.client("s3"), "training-intake-role", "kms:Decrypt"
    mine = {
        "Effect": "Allow",
        "Action": "kms:*",
        "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/x"},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [mine]})
    key = kms.create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    EXPECTED.add((role, action))
    name, closed = "uploads/closed.csv", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.put_object(Bucket=spare.state.outputs["raw_bucket"], Key=name, Body=DATA, **closed)
    rows = eventually(lambda: [row for row in spare.executions(name) if row["status"] != "RUNNING"], 60, "it ends")
    assert [row["status"] for row in rows] == ["FAILED"]
    found = [row for row in refusals(spare, role, action) if row["resource"] == key]
    assert [row["why"] for row in found] == ["key policy"]


def test_a_function_that_may_not_log_runs_in_silence(spare: Deployed) -> None:
    """As on AWS, where a role without rights to its log group costs the log and nothing else."""
    role, action, group = "api-dashboard-role", "logs:CreateLogStream", "/aws/lambda/mlplatform-dev-dashboard"
    with denied(spare, role, action):
        # A stream is made by a new instance; one that has run before goes on with its own.
        for number, command in spare.place.processes().items():
            if "functions.dashboard.handler" in command:
                os.kill(number, signal.SIGKILL)
        before = len(spare.log_lines(group))
        assert demo(spare).call("GET", "/dashboard/stats").status == 200
        eventually(lambda: refusals(spare, role, action), 20, "the refusal is written down")
    assert len(spare.log_lines(group)) == before


def test_the_command_tells_refusals_and_what_nothing_used(spare: Deployed) -> None:
    done = spare.place.run(spare.place.command("rights"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("stack dev: ")
    assert "\ngranted, never used:\n" in done.stdout
    done = spare.place.run(spare.place.command("rights", "--json"))
    shown = json.loads(done.stdout)
    assert {"granted", "used", "refused", "unused"} <= set(shown)
    assert not (spare.place.home / FILE).exists(), "it is left when the sandbox ends"
