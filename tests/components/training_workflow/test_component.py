"""The TrainingWorkflow component: what it makes, what may do what, and what starts it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.ml_endpoint.hosting import HostingShape
from components.training_workflow import TrainingWorkflow, TrainingWorkflowArgs
from components.training_workflow.triggers import UPLOAD_INPUT, decision_pattern, upload_pattern
from tests.components.recorder import ACCOUNT, REGION, Recorded, Recording, record
from tests.components.training_workflow import asl

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:mlplatform-dev-training"
MODEL_ROLE = f"arn:aws:iam::{ACCOUNT}:role/model"
HOSTING: HostingShape = {
    "OwnConfigurations": "endpoint-configuration-*",
    "Container": {"Image": "image:1", "Environment": {"SAGEMAKER_PROGRAM": "serve.py"}},
    "Model": {"ExecutionRoleArn": MODEL_ROLE, "EnableNetworkIsolation": True},
    "Variant": {"VariantName": "live", "InitialInstanceCount": 1, "InstanceType": "ml.c5.xlarge"},
    "Config": {},
    "Update": {"RetainAllVariantProperties": True},
}


def key(name: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"


def args(**more: Any) -> TrainingWorkflowArgs:
    given: TrainingWorkflowArgs = {
        "name_prefix": "mlplatform-dev",
        "keys": {
            "data": key("data"),
            "models": key("models"),
            "logs": key("logs"),
            "secrets": key("secrets"),
            "notifications": key("notifications"),
        },
        "raw_bucket": "raw-bucket",
        "processed_bucket": "processed-bucket",
        "models_bucket": "models-bucket",
        "models_table": "mlplatform-dev-models",
        "cache": {"host": "cache.example", "port": 6379, "secret_arn": "arn:aws:secretsmanager:::secret:cache"},
        "endpoint_name": "mlplatform-dev-predict",
        "image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
        "hosting": HOSTING,
        "code_path": "dist/training/sourcedir.tar.gz",
        "code_digest": "0123456789abcdef",
    }
    given.update(more)  # type: ignore[typeddict-item]  # any mixture of fields is what the tests are about
    return given


def run(**more: Any) -> Recording:
    return record(lambda: TrainingWorkflow("training", args(**more)).may_start())


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run()


def rights(recording: Recording, name: str) -> dict[str, Any]:
    found = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])["Statement"]
    return {statement["Sid"]: statement for statement in found}


def machine(recording: Recording) -> Recorded:
    return recording.one("aws:sfn/stateMachine:StateMachine")


def test_it_makes_exactly_these_resources(recording: Recording) -> None:
    assert recording.counts() == {
        "aws:cloudwatch/eventRule:EventRule": 2,
        "aws:cloudwatch/eventTarget:EventTarget": 2,
        "aws:cloudwatch/logGroup:LogGroup": 5,
        "aws:iam/role:Role": 8,
        "aws:iam/rolePolicy:RolePolicy": 8,
        "aws:lambda/alias:Alias": 4,
        "aws:lambda/function:Function": 4,
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": 1,
        "aws:lambda/permission:Permission": 1,
        "aws:s3/bucketObjectv2:BucketObjectv2": 1,
        "aws:sagemaker/modelPackageGroup:ModelPackageGroup": 1,
        "aws:scheduler/schedule:Schedule": 1,
        "aws:sfn/stateMachine:StateMachine": 1,
        "aws:sns/topic:Topic": 1,
        "aws:sns/topicPolicy:TopicPolicy": 1,
        "aws:sqs/queue:Queue": 1,
        "aws:sqs/queuePolicy:QueuePolicy": 1,
        "mlplatform:index:Function": 4,
        "mlplatform:index:LostEvents": 1,
        "mlplatform:index:TrainingTriggers": 1,
        "mlplatform:index:TrainingWorkflow": 1,
    }


def test_everything_is_below_the_component(recording: Recording) -> None:
    assert [resource.name for resource in recording.resources if not resource.parent] == ["training"]


def test_the_machine_is_standard_logged_and_traced(recording: Recording) -> None:
    inputs = machine(recording).inputs
    assert (inputs["name"], inputs["type"]) == ("mlplatform-dev-training", "STANDARD")
    assert inputs["tracingConfiguration"] == {"enabled": True}
    log = recording.one("aws:cloudwatch/logGroup:LogGroup", "training-log")
    assert log.inputs["kmsKeyId"] == key("logs")
    assert inputs["loggingConfiguration"]["level"] == "ALL"
    assert inputs["loggingConfiguration"]["includeExecutionData"] is False
    assert inputs["loggingConfiguration"]["logDestination"].endswith(":*")


def test_the_machines_rights_stand_before_the_machine(recording: Recording) -> None:
    assert recording.one("aws:iam/rolePolicy:RolePolicy", "training-rights").urn in machine(recording).dependencies


def test_the_document_is_complete_and_refers_to_the_functions_aliases(recording: Recording) -> None:
    document = json.loads(machine(recording).inputs["definition"])
    assert asl.reachable(document) == set(document["States"])
    for state, capability in {"CheckData": "intake", "Compare": "compare", "Release": "release"}.items():
        name = document["States"][state]["Parameters"]["FunctionName"]
        assert name == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:mlplatform-dev-{capability}:live"


def test_the_document_uses_the_uploaded_code(recording: Recording) -> None:
    code = recording.one("aws:s3/bucketObjectv2:BucketObjectv2")
    assert code.inputs["source"] == {"path": "dist/training/sourcedir.tar.gz"}
    assert code.retain_on_delete
    assert f"s3://models-bucket/{code.inputs['key']}" in machine(recording).inputs["definition"]


def test_the_document_takes_each_setting() -> None:
    first = machine(run()).inputs["definition"]
    changes: dict[str, Any] = {
        "target_column": "label",
        "metric": "accuracy",
        "algorithms": ["xgboost"],
        "processing_instance_type": "ml.m5.4xlarge",
        "training_instance_type": "ml.m5.4xlarge",
        "max_runtime_s": 600,
        "max_wait_s": 9000,
        "spot": False,
        "automatic_approval": True,
        "tags": {"Team": "one"},
        "private_jobs": True,
    }
    for field, value in changes.items():
        more = {field: value, "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
        assert machine(run(**more)).inputs["definition"] != first, field


def test_sync_tasks_may_keep_the_rules_that_tell_of_their_end(recording: Recording) -> None:
    hear = rights(recording, "training-rights")["HearOfJobs"]
    assert hear["Action"] == ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    assert hear["Resource"] == [
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule",
        f"arn:aws:events:{REGION}:{ACCOUNT}:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule",
    ]


def test_the_machine_may_stop_what_it_starts(recording: Recording) -> None:
    for kind in ("Processing", "Training"):
        statement = rights(recording, "training-rights")[f"Run{kind}Jobs"]
        assert {f"sagemaker:{verb}{kind}Job" for verb in ("Create", "Describe", "Stop")} <= set(statement["Action"])
        assert statement["Resource"] == [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind.lower()}-job/mlplatform-dev-*"]


def test_roles_are_passed_to_sagemaker_only(recording: Recording) -> None:
    passing = rights(recording, "training-rights")["PassRoles"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com"]}}
    assert MODEL_ROLE in passing["Resource"]
    assert len(passing["Resource"]) == 2
    assert "*" not in passing["Resource"]


def test_a_failed_release_may_go_back_to_the_programs_own_configuration(recording: Recording) -> None:
    resources = rights(recording, "training-rights")["UpdateEndpoint"]["Resource"]
    names = [
        "endpoint-config/endpoint-configuration-*",
        "endpoint-config/mlplatform-dev-*",
        "endpoint/mlplatform-dev-predict",
    ]
    assert resources == [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{name}" for name in names]


def test_the_machine_alone_puts_models_into_service(recording: Recording) -> None:
    kept = rights(recording, "training-rights")["KeepModel"]
    assert (kept["Action"], kept["Resource"]) == (["s3:PutObject"], ["arn:aws:s3:::models-bucket/production/*"])
    written = [
        row["Resource"] for row in rights(recording, "training-jobs-rights").values() if "s3:PutObject" in row["Action"]
    ]
    assert written
    assert not [arn for arns in written for arn in arns if "/production/" in arn or arn.endswith("models-bucket/*")]


def test_the_machine_may_look_at_the_alarms_of_an_update() -> None:
    update = {"DeploymentConfig": {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "slow"}]}}}
    statement = rights(run(hosting={**HOSTING, "Update": update}), "training-rights")["WatchAlarms"]
    assert statement["Action"] == ["cloudwatch:DescribeAlarms"]
    assert statement["Resource"] == [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:slow"]


def test_models_are_made_by_the_integration_that_knows_the_whole_api(recording: Recording) -> None:
    states = json.loads(machine(recording).inputs["definition"])["States"]
    for name, operation in {"CreateModel": "createModel", "CreateEndpointConfig": "createEndpointConfig"}.items():
        assert states[name]["Resource"] == f"arn:aws:states:::aws-sdk:sagemaker:{operation}"


def test_only_what_has_no_resource_is_allowed_on_everything(recording: Recording) -> None:
    everywhere = {
        (policy.name, statement["Sid"])
        for policy in recording.of_type("aws:iam/rolePolicy:RolePolicy")
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        if "*" in statement["Resource"]
    }
    functions = {(f"training-{name}-rights", "SendTraces") for name in ("intake", "compare", "release", "approvals")}
    assert everywhere == {
        *functions,
        ("training-rights", "DeliverLogs"),
        ("training-rights", "SendTraces"),
        ("training-jobs-rights", "PutMetrics"),
        ("training-jobs-rights", "SignInToRegistry"),
    }


def test_no_action_is_a_wildcard(recording: Recording) -> None:
    for policy in recording.of_type("aws:iam/rolePolicy:RolePolicy"):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            assert not [action for action in statement["Action"] if "*" in action], policy.name


@pytest.mark.parametrize(
    ("capability", "sids"),
    [
        ("intake", {"ReadUploads", "ListUploads", "ClaimData", "SeeExecutions", "ReadEncrypted"}),
        ("compare", {"ReadFigures", "JudgeVersions", "ReadEncrypted"}),
        ("release", {"AskEndpoint", "MovePointer", "ReadCachePassword", "ReadEncrypted"}),
        (
            "approvals",
            {"ReadVersions", "FindPackages", "AnswerExecutions", "KeepLostEvents", "ReadEncrypted", "WriteEncrypted"},
        ),
    ],
)
def test_each_function_may_do_its_part(recording: Recording, capability: str, sids: set[str]) -> None:
    own = {"WriteOwnLog", "SendTraces", "DecryptEnvironment"}
    assert set(rights(recording, f"training-{capability}-rights")) == own | sids


def test_environments_are_what_the_functions_settings_want(recording: Recording) -> None:
    found = {
        resource.inputs["name"].removeprefix("mlplatform-dev-"): resource.inputs["environment"]["variables"]
        for resource in recording.of_type("aws:lambda/function:Function")
    }
    assert found["intake"]["CODE_DIGEST"] == "0123456789abcdef"
    assert found["intake"]["MAX_SIZE_MB"] == "1024"
    assert json.loads(found["intake"]["TRAINING_SETTINGS"])["metric"] == "f1"
    assert found["compare"] == {"METRIC": "f1", "MODELS_TABLE": "mlplatform-dev-models", "THRESHOLD": "0.7"}
    assert found["release"]["CACHE_PORT"] == "6379"
    assert found["approvals"]["STATE_MACHINE_ARN"] == MACHINE


def test_the_machine_is_named_as_the_functions_are_told(recording: Recording) -> None:
    assert recording.value["Resource"] == [MACHINE]


def test_only_the_release_is_placed_in_the_network() -> None:
    recording = run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"])
    placed = [
        found.name for found in recording.of_type("aws:lambda/function:Function") if found.inputs.get("vpcConfig")
    ]
    assert placed == ["training-release-function"]


def test_private_jobs_bring_the_rights_that_a_network_needs() -> None:
    recording = run(subnet_ids=["subnet-1"], security_group_ids=["sg-1"], private_jobs=True)
    subnet = f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/subnet-1"
    found = rights(recording, "training-jobs-rights")
    assert subnet in found["PlaceInNetwork"]["Resource"]
    assert found["HandOverInterfaces"]["Condition"] == {"ArnEquals": {"ec2:Subnet": [subnet]}}
    train = json.loads(machine(recording).inputs["definition"])["States"]["Train"]["Parameters"]
    assert train["VpcConfig"] == {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}


def test_an_upload_starts_the_machine_with_bucket_and_key(recording: Recording) -> None:
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget", "training-starts-upload-target").inputs
    assert target["arn"] == MACHINE
    assert target["inputTransformer"]["inputTemplate"] == UPLOAD_INPUT
    filled = UPLOAD_INPUT.replace("<bucket>", '"b"').replace("<key>", '"uploads/x.csv"')
    assert json.loads(filled) == {"reason": "upload", "bucket": "b", "key": "uploads/x.csv"}
    assert set(target["inputTransformer"]["inputPaths"]) == {"bucket", "key"}
    assert target["deadLetterConfig"]["arn"].endswith(":mlplatform-dev-lost-events")


def test_only_files_below_uploads_count() -> None:
    detail = json.loads(upload_pattern("raw-bucket"))["detail"]
    assert detail["bucket"] == {"name": ["raw-bucket"]}
    assert detail["object"] == {"key": [{"prefix": "uploads/"}], "size": [{"numeric": [">", 0]}]}


def test_a_decision_on_our_group_reaches_the_approvals_function(recording: Recording) -> None:
    rule = recording.one("aws:cloudwatch/eventRule:EventRule", "training-starts-decision")
    assert rule.inputs["eventPattern"] == decision_pattern("mlplatform-dev-models")
    permission = recording.one("aws:lambda/permission:Permission").inputs
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["qualifier"] == "live"
    assert permission["sourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/mlplatform-dev-model-decision"
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget", "training-starts-decision-target").inputs
    assert target["arn"].endswith(":function:mlplatform-dev-approvals:live")


def test_the_calendar_starts_a_training_on_the_newest_data() -> None:
    schedule = run(schedule="rate(7 days)").one("aws:scheduler/schedule:Schedule").inputs
    assert schedule["scheduleExpression"] == "rate(7 days)"
    assert json.loads(schedule["target"]["input"]) == {"reason": "schedule"}
    assert schedule["target"]["arn"] == MACHINE


def test_starters_may_only_start_this_machine(recording: Recording) -> None:
    for name in ("training-starts-upload-rights", "training-starts-monthly-rights"):
        assert rights(recording, name)["StartTraining"]["Resource"] == [MACHINE]
    assert set(rights(recording, "training-starts-upload-rights")) == {"StartTraining"}


def test_lost_events_are_encrypted_and_kept_for_two_weeks(recording: Recording) -> None:
    queue = recording.one("aws:sqs/queue:Queue").inputs
    assert (queue["kmsMasterKeyId"], queue["messageRetentionSeconds"]) == (key("notifications"), 1_209_600)
    statements = json.loads(recording.one("aws:sqs/queuePolicy:QueuePolicy").inputs["policy"])["Statement"]
    allowed = next(row for row in statements if row["Effect"] == "Allow")
    assert len(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == 2


def test_addresses_hear_how_trainings_ended() -> None:
    recording = run(emails=["a@example.org", "b@example.org"])
    assert [row.inputs["endpoint"] for row in recording.of_type("aws:sns/topicSubscription:TopicSubscription")] == [
        "a@example.org",
        "b@example.org",
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"metric": "rmse"}, "metric is 'rmse'; allowed: accuracy"),
        ({"threshold": 1.5}, "threshold is 1.5; allowed: 0 to 1"),
        ({"algorithms": ["svm"]}, "algorithms is ['svm']"),
        ({"algorithms": []}, "algorithms is []"),
        ({"max_runtime_s": 10}, "max_runtime_s is 10"),
        ({"max_wait_s": 100}, "max_wait_s is 100"),
        ({"subnet_ids": ["s"]}, "given together"),
        ({"private_jobs": True}, "private_jobs needs subnet_ids"),
        ({"tags": {str(number): "" for number in range(51)}}, "tags has 51 entries"),
    ],
)
def test_what_would_not_work_is_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match="TrainingWorkflow 'training'") as caught:
        run(**more)
    assert words in str(caught.value)


def test_the_first_preview_of_an_empty_account_runs() -> None:
    assert machine(record(lambda: TrainingWorkflow("training", args()), preview=True)).inputs["type"] == "STANDARD"


def test_alarms_and_widgets_cover_executions_and_every_function() -> None:
    def program() -> Any:
        workflow = TrainingWorkflow("training", args())
        return {
            "alarms": [(alarm.name, alarm.runbook) for alarm in workflow.alarms()],
            "widgets": [widget.title for widget in workflow.widgets()],
            "approve": workflow.may_approve(),
        }

    value = record(program).value
    names = [name for name, _ in value["alarms"]]
    assert len(names) == len(set(names)) == 5 + 4 * 3
    assert ("training-failed", "training-failed") in [tuple(row) for row in value["alarms"]]
    assert len(value["widgets"]) == 3 + 4 * 2
    assert value["approve"]["Resource"] == [
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/mlplatform-dev-models/*"
    ]
