"""A state machine is made with a role that can do what Step Functions tries, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.rights.calls.runtime import Rights
from sandbox.workflow import Workflows
from sandbox.workflow.rights import HEARING, LOG_DELIVERY, awaited

ROLE = "arn:aws:iam::123456789012:role/machine"
RULE = "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
LOGS = {"Effect": "Allow", "Action": list(LOG_DELIVERY), "Resource": "*"}
RULES = {"Effect": "Allow", "Action": list(HEARING), "Resource": RULE}
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:machine"
JOB = {
    "TrainingJobName": "job",
    "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
    "RoleArn": ROLE,
    "OutputDataConfig": {"S3OutputPath": "s3://models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}
BEGIN = "arn:aws:states:::sagemaker:createTrainingJob"
TRAIN = {"Type": "Task", "Resource": f"{BEGIN}.sync", "Parameters": JOB, "End": True}
LOGGED = {
    "level": "ALL",
    "includeExecutionData": False,
    "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{GROUP}:*"}}],
}


@pytest.fixture
def rights(cloud: Cloud, tmp_path: Path) -> Iterator[Rights]:
    """A cloud that judges, with a role that may do all of it."""
    workflows, found = Workflows(cloud, tmp_path), Rights(cloud, tmp_path)
    workflows.install()
    found.install()
    cloud.client("logs").create_log_group(logGroupName="machine")
    cloud.client("iam").create_role(RoleName="machine", AssumeRolePolicyDocument=document(TRUST))
    grant(cloud, LOGS, RULES)
    yield found
    found.close()
    workflows.close()


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def grant(cloud: Cloud, *statements: dict[str, Any]) -> None:
    cloud.client("iam").put_role_policy(RoleName="machine", PolicyName="own", PolicyDocument=document(*statements))


def made(cloud: Cloud, name: str = "machine", **more: Any) -> str:
    definition = json.dumps({"StartAt": "Train", "States": {"Train": TRAIN}})
    answer = cloud.client("stepfunctions").create_state_machine(
        name=name, definition=definition, roleArn=ROLE, **{"loggingConfiguration": LOGGED, **more}
    )
    return str(answer["stateMachineArn"])


def refusal(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    found = caught.value.response["Error"]
    return found["Code"], found["Message"]


def test_a_role_with_the_rights_of_the_guide_makes_a_machine_and_uses_each_of_them(
    cloud: Cloud, rights: Rights
) -> None:
    made(cloud)
    used = {row["action"] for row in rights.told()["used"] if row["principal"] == ROLE}
    assert used == {*LOG_DELIVERY, *HEARING}
    assert rights.told()["refused"] == []


@pytest.mark.parametrize("lacking", LOG_DELIVERY)
def test_no_machine_is_made_that_cannot_write_its_log(cloud: Cloud, rights: Rights, lacking: str) -> None:
    grant(cloud, {**LOGS, "Action": [action for action in LOG_DELIVERY if action != lacking]}, RULES)
    with pytest.raises(ClientError) as caught:
        made(cloud)
    words = "The state machine IAM Role is not authorized to access the Log Destination"
    assert refusal(caught) == ("AccessDeniedException", words)
    assert [row["action"] for row in rights.told()["refused"]] == [lacking]
    assert made(cloud, loggingConfiguration={"level": "OFF"})


def test_no_machine_is_made_that_cannot_hear_of_its_jobs(cloud: Cloud, rights: Rights) -> None:
    grant(cloud, LOGS, {**RULES, "Resource": RULE.replace("Training", "Processing")})
    with pytest.raises(ClientError) as caught:
        made(cloud)
    assert refusal(caught) == ("AccessDeniedException", f"'{ROLE}' is not authorized to create managed-rule.")
    assert [(row["action"], row["resource"]) for row in rights.told()["refused"]] == [(HEARING[0], RULE)]


def test_no_machine_is_made_with_a_role_that_trusts_another_service(cloud: Cloud, rights: Rights) -> None:
    other = {**TRUST, "Principal": {"Service": "lambda.amazonaws.com"}}
    cloud.client("iam").update_assume_role_policy(RoleName="machine", PolicyDocument=document(other))
    with pytest.raises(ClientError, match="nor the regional one is authorized to assume the provided role"):
        made(cloud)
    assert [row["action"] for row in rights.told()["refused"]] == ["sts:AssumeRole"]


def test_a_machine_keeps_its_old_state_where_a_change_is_refused(cloud: Cloud, rights: Rights) -> None:
    client, arn = cloud.client("stepfunctions"), made(cloud, loggingConfiguration={"level": "OFF"})
    grant(cloud, RULES)
    with pytest.raises(ClientError, match="not authorized to access the Log Destination"):
        client.update_state_machine(stateMachineArn=arn, loggingConfiguration=LOGGED)
    assert client.describe_state_machine(stateMachineArn=arn)["loggingConfiguration"]["level"] == "OFF"
    client.update_state_machine(
        stateMachineArn=arn, definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
    )
    assert "Succeed" in client.describe_state_machine(stateMachineArn=arn)["definition"]


def test_tasks_that_are_waited_for_are_found_however_deep() -> None:
    inner = {"StartAt": "Train", "States": {"Train": TRAIN}}
    fanned = {"Type": "Map", "ItemProcessor": inner, "End": True}
    assert awaited(json.dumps({"StartAt": "Each", "States": {"Each": fanned}})) == [RULE.rpartition("/")[2]]
    begun = {**TRAIN, "Resource": BEGIN}
    assert awaited(json.dumps({"StartAt": "Train", "States": {"Train": begun}})) == []
