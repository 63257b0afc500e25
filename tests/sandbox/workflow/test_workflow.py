"""State machines run with AWS's integrations, names and endings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.cloud import Cloud
from sandbox.containers import Containers
from sandbox.events import Events
from sandbox.workflow import Workflows
from tests.sandbox.containers.support import (
    BUCKET,
    ROLE,
    archive,
    eventually,
    keys,
    put,
    training_request,
)


@pytest.fixture
def workflows(cloud: Cloud, tmp_path: Path) -> Iterator[Workflows]:
    workflows = Workflows(cloud, tmp_path)
    workflows.install()
    workflows.attach(None)
    yield workflows
    workflows.close()


@pytest.fixture
def containers(cloud: Cloud, tmp_path: Path) -> Iterator[Containers]:
    containers = Containers(cloud, tmp_path, grace_s=0.5)
    containers.install()
    yield containers
    containers.close()


def task(resource: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, "End": True, **more}


def machine(cloud: Cloud, states: dict[str, Any], name: str = "machine", **more: Any) -> str:
    definition = json.dumps({"StartAt": next(iter(states)), "States": states})
    client = cloud.client("stepfunctions")
    arn: str = client.create_state_machine(name=name, definition=definition, roleArn=ROLE, **more)["stateMachineArn"]
    return arn


def start(cloud: Cloud, arn: str, text: Any = None, **more: Any) -> str:
    answer = cloud.client("stepfunctions").start_execution(stateMachineArn=arn, input=json.dumps(text or {}), **more)
    return str(answer["executionArn"])


def ended(cloud: Cloud, execution: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = cloud.client("stepfunctions").describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    found: dict[str, Any] = eventually(look)
    return found


def run(cloud: Cloud, state: dict[str, Any], text: Any = None) -> dict[str, Any]:
    return ended(cloud, start(cloud, machine(cloud, {"Only": state}), text))


def job(cloud: Cloud, script: str, **more: Any) -> dict[str, Any]:
    source = put(cloud, "code/sourcedir.tar.gz", archive({"train.py": script}))
    return task("sagemaker:createTrainingJob.sync", training_request("job", source), **more)


def test_a_training_job_is_waited_for_and_its_description_is_the_result(
    cloud: Cloud, workflows: Workflows, containers: Containers
) -> None:
    found = run(cloud, job(cloud, "print(1)"))
    assert found["status"] == "SUCCEEDED", found.get("cause")
    result = json.loads(found["output"])
    assert result["TrainingJobStatus"] == "Completed"
    assert result["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/out/job/output/model.tar.gz"
    assert result["TrainingEndTime"].endswith("Z")


def test_a_failed_job_is_caught_as_task_failed_with_its_description_as_cause(
    cloud: Cloud, workflows: Workflows, containers: Containers
) -> None:
    caught = [{"ErrorEquals": ["States.TaskFailed"], "Next": "Mend", "ResultPath": "$.error"}]
    states = {
        "Train": job(cloud, "raise SystemExit('bad')", Catch=caught),
        "Mend": {"Type": "Pass", "End": True},
    }
    found = ended(cloud, start(cloud, machine(cloud, states)))
    assert found["status"] == "SUCCEEDED", found.get("cause")
    error = json.loads(found["output"])["error"]
    assert error["Error"] == "States.TaskFailed"
    assert "bad" in json.loads(error["Cause"])["FailureReason"]


def test_a_processing_job_is_waited_for(cloud: Cloud, workflows: Workflows, containers: Containers) -> None:
    uri = put(cloud, "in/a.txt", "hello")
    request = {
        "ProcessingJobName": "prepare",
        "RoleArn": ROLE,
        "AppSpecification": {
            "ImageUri": "image",
            "ContainerEntrypoint": [
                "/bin/bash",
                "-c",
                'cat /opt/ml/processing/input/*.txt > "$2/out.txt"',
                "--",
                "--to",
            ],
            "ContainerArguments": ["/opt/ml/processing/output"],
        },
        "ProcessingInputs": [
            {
                "InputName": "data",
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": "/opt/ml/processing/input",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/processed",
                        "LocalPath": "/opt/ml/processing/output",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}
        },
    }
    found = run(cloud, task("sagemaker:createProcessingJob.sync", request))
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert keys(cloud, "processed/") == ["processed/out.txt"]


def test_stopping_an_execution_stops_the_job_that_it_waits_for(
    cloud: Cloud, workflows: Workflows, containers: Containers
) -> None:
    execution = start(cloud, machine(cloud, {"Train": job(cloud, "import time; time.sleep(60)")}))
    sagemaker = cloud.client("sagemaker")
    eventually(
        lambda: "job" in [row["TrainingJobName"] for row in sagemaker.list_training_jobs()["TrainingJobSummaries"]]
    )
    cloud.client("stepfunctions").stop_execution(executionArn=execution, error="Enough", cause="by hand")
    found = ended(cloud, execution)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Enough", "by hand")
    status = eventually(
        lambda: sagemaker.describe_training_job(TrainingJobName="job")["TrainingJobStatus"] in {"Stopped", "Stopping"}
    )
    assert status


def test_a_state_that_times_out_stops_its_job(cloud: Cloud, workflows: Workflows, containers: Containers) -> None:
    found = run(cloud, job(cloud, "import time; time.sleep(60)", TimeoutSeconds=1))
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    sagemaker = cloud.client("sagemaker")
    eventually(lambda: sagemaker.describe_training_job(TrainingJobName="job")["TrainingJobStatus"] == "Stopped")


def table(cloud: Cloud) -> None:
    cloud.client("dynamodb").create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


ERRORS = [
    (
        task("aws-sdk:sagemaker:describeEndpoint", {"EndpointName": "none"}),
        "SageMaker.SageMakerException",
    ),
    (
        task("sagemaker:createEndpoint", {"EndpointName": "e", "EndpointConfigName": "none"}),
        "SageMaker.AmazonSageMakerException",
    ),
    (
        task("aws-sdk:sagemakerruntime:invokeEndpoint", {"EndpointName": "none", "Body": {"a": 1}}),
        "SageMakerRuntime.ValidationErrorException",
    ),
    (
        task(
            "dynamodb:putItem",
            {"TableName": "t", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"},
        ),
        "DynamoDB.ConditionalCheckFailedException",
    ),
    (
        task(
            "aws-sdk:dynamodb:putItem",
            {"TableName": "t", "Item": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"},
        ),
        "DynamoDb.ConditionalCheckFailedException",
    ),
    (
        task("lambda:invoke", {"FunctionName": "none", "Payload": {}}),
        "Lambda.ResourceNotFoundException",
    ),
]


@pytest.mark.parametrize(("state", "error"), ERRORS, ids=[error for _, error in ERRORS])
def test_errors_have_the_names_that_aws_gives(
    cloud: Cloud, workflows: Workflows, containers: Containers, state: dict[str, Any], error: str
) -> None:
    table(cloud)
    found = run(cloud, state)
    assert (found["status"], found["error"]) == ("FAILED", error), found.get("cause")


def test_a_task_token_is_written_to_a_table_and_answered_once(cloud: Cloud, workflows: Workflows) -> None:
    table(cloud)
    state = task(
        "aws-sdk:dynamodb:updateItem.waitForTaskToken",
        {
            "TableName": "t",
            "Key": {"id": {"S": "v1"}},
            "UpdateExpression": "SET taskToken = :t",
            "ExpressionAttributeValues": {":t": {"S.$": "$$.Task.Token"}},
        },
    )
    execution = start(cloud, machine(cloud, {"Wait": state}))
    dynamodb = cloud.client("dynamodb")
    item = eventually(lambda: dynamodb.get_item(TableName="t", Key={"id": {"S": "v1"}}).get("Item"))
    token = item["taskToken"]["S"]
    client = cloud.client("stepfunctions")
    client.send_task_success(taskToken=token, output='{"approved": true}')
    assert json.loads(ended(cloud, execution)["output"]) == {"approved": True}
    for used, code in ((token, "TaskTimedOut"), ("never given", "InvalidToken")):
        with pytest.raises(ClientError) as caught:
            client.send_task_success(taskToken=used, output="{}")
        assert caught.value.response["Error"]["Code"] == code


def test_stopping_ends_an_execution_that_waits_for_a_token(cloud: Cloud, workflows: Workflows) -> None:
    table(cloud)
    state = task(
        "aws-sdk:dynamodb:updateItem.waitForTaskToken",
        {
            "TableName": "t",
            "Key": {"id": {"S": "v1"}},
            "UpdateExpression": "SET a = :a",
            "ExpressionAttributeValues": {":a": {"S": "x"}},
        },
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Other"}],
    )
    execution = start(cloud, machine(cloud, {"Wait": {**state}, "Other": {"Type": "Pass", "End": True}}))
    eventually(lambda: cloud.client("dynamodb").scan(TableName="t")["Items"])
    cloud.client("stepfunctions").stop_execution(executionArn=execution)
    assert ended(cloud, execution)["status"] == "ABORTED"


def test_answers_of_calls_have_capital_names_text_bodies_and_iso_times(cloud: Cloud, workflows: Workflows) -> None:
    put(cloud, "a.txt", "hello")
    states = {
        "Read": task("aws-sdk:s3:getObject", {"Bucket": BUCKET, "Key": "a.txt"}, ResultPath="$.read", Next="List"),
        "List": task("aws-sdk:sfn:listStateMachines", {}, ResultPath="$.machines"),
    }
    states["Read"].pop("End")
    found = ended(cloud, start(cloud, machine(cloud, states)))
    assert found["status"] == "SUCCEEDED", found.get("cause")
    output = json.loads(found["output"])
    assert output["read"]["Body"] == "hello"
    assert output["read"]["LastModified"].endswith("Z")
    assert output["machines"]["StateMachines"][0]["Name"] == "machine"


def test_an_execution_started_by_a_state_is_waited_for(cloud: Cloud, workflows: Workflows) -> None:
    inside = machine(cloud, {"Only": {"Type": "Pass", "Result": {"n": 7}, "End": True}}, name="inner")
    state = task("states:startExecution.sync:2", {"StateMachineArn": inside, "Input": {"x": 1}}, OutputPath="$.Output")
    found = run(cloud, state)
    assert found["status"] == "SUCCEEDED", found.get("cause")
    assert json.loads(found["output"]) == {"n": 7}


def test_executions_without_a_name_get_one_each(cloud: Cloud, workflows: Workflows) -> None:
    arn = machine(cloud, {"Only": {"Type": "Pass", "End": True}})
    names = {start(cloud, arn).rsplit(":", 1)[1] for _ in range(3)}
    assert len(names) == 3
    assert all(len(name) == 36 for name in names)
    listed = cloud.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]
    assert {row["name"] for row in listed} == names


def test_the_history_is_told_by_the_api_and_in_the_log_group(cloud: Cloud, workflows: Workflows) -> None:
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws/vendedlogs/states/machine")
    arn = f"arn:aws:logs:{cloud.region}:{cloud.account}:log-group:/aws/vendedlogs/states/machine:*"
    configuration = {
        "level": "ALL",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
    }
    states = {"Only": {"Type": "Pass", "Result": {"secret": 1}, "End": True}}
    execution = start(cloud, machine(cloud, states, loggingConfiguration=configuration))
    ended(cloud, execution)
    history = cloud.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    kinds = [event["type"] for event in history]
    assert kinds == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    rows = logs.filter_log_events(logGroupName="/aws/vendedlogs/states/machine")["events"]
    assert [json.loads(row["message"])["type"] for row in rows] == kinds
    assert not [row for row in rows if "secret" in row["message"]]


def test_a_change_of_status_is_an_event(cloud: Cloud, workflows: Workflows, tmp_path: Path) -> None:
    events = Events(cloud, tmp_path, tick_s=None)
    events.install()
    try:
        client = cloud.client("sqs")
        url = client.create_queue(QueueName="q")["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"]}}
        cloud.client("events").put_rule(Name="r", EventPattern=json.dumps(pattern))
        cloud.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
        execution = start(cloud, machine(cloud, {"Only": {"Type": "Fail", "Error": "Mine", "Cause": "words"}}))
        assert ended(cloud, execution)["status"] == "FAILED"
        message = eventually(lambda: client.receive_message(QueueUrl=url).get("Messages"))[0]
        event = json.loads(message["Body"])
        assert event["detail-type"] == "Step Functions Execution Status Change"
        assert event["detail"]["executionArn"] == execution
        assert event["detail"]["stopDate"] >= event["detail"]["startDate"] > 1_700_000_000_000
    finally:
        events.close()


END = {"Type": "Pass", "End": True}
REFUSED = [
    ({"A": {**END, "Assign": {"x": 1}}}, "state 'A': the sandbox has no variables"),
    ({"A": {**END, "QueryLanguage": "JSONata"}}, "state 'A': the sandbox evaluates JSONPath only"),
    ({"A": {"Type": "Pass", "Next": "B"}}, "state 'A': leads to 'B'"),
    ({"A": task("http:invoke", {})}, "state 'A': arn:aws:states:::http:invoke"),
    ({"A": task("glue:startJobRun.sync", {})}, "state 'A'"),
    ({"A": task("aws-sdk:sagemaker:createNothing", {})}, "has no operation 'createNothing'"),
    ({"A": task("aws-sdk:nothing:create", {})}, "service 'nothing' is unknown"),
    ({"A": task("aws-sdk:sagemaker:createModel.sync", {"ModelName": "m"})}, "cannot wait by .sync"),
    ({"A": task("sagemaker:createModel", {"ModelNames": "m"})}, "no parameter 'ModelNames'"),
    ({"A": task("aws-sdk:sagemaker:updateEndpoint", {"EndpointName": "m"})}, "needs parameter 'EndpointConfigName'"),
    (
        {"A": {"Type": "Parallel", "End": True, "Branches": [{"StartAt": "X", "States": {"Y": END}}]}},
        "branch 0 of state 'A'",
    ),
]


@pytest.mark.parametrize(("states", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_cannot_run_is_refused_with_the_state_named(
    cloud: Cloud, workflows: Workflows, states: dict[str, Any], words: str
) -> None:
    with pytest.raises(ClientError) as caught:
        machine(cloud, states)
    assert caught.value.response["Error"]["Code"] == "InvalidDefinition"
    assert words in caught.value.response["Error"]["Message"]


def test_close_stops_what_runs_and_puts_moto_back(cloud: Cloud, tmp_path: Path) -> None:
    from moto.stepfunctions.parser.asl.eval.environment import Environment

    before = Environment.set_error
    workflows = Workflows(cloud, tmp_path)
    workflows.install()
    execution = start(cloud, machine(cloud, {"Only": {"Type": "Wait", "Seconds": 600, "End": True}}))
    running = workflows.running()
    assert [found.execution_arn for found in running] == [execution]
    workflows.close()
    assert running[0].status == "ABORTED"
    assert Environment.set_error is before
