"""Batch predictions as AWS gets them: queues, sources, rules, rights, alarms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.ml_batches import MlBatches, MlBatchesArgs
from components.ml_batches.component import CALLBACK_TIMEOUT_S, WORK_TIMEOUT_S
from functions.batchwork.settings import Settings as WorkSettings
from functions.shared.settings import load
from tests.components.recorder import ACCOUNT, REGION, Recording, record

IMAGE = f"683313688378.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:3.0-5"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/mlplatform-dev-batches"
READ_FILES: Any = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::p/results/batch/*"]}
SIGN: Any = {"Sid": "Sign", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": ["arn:s"]}


def key(name: str) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}"


def run(**more: Any) -> Recording:
    args: Any = {
        "name_prefix": "mlplatform-dev",
        "keys": {name: key(name) for name in ("data", "logs", "notifications")},
        "batches_table": "mlplatform-dev-batches",
        "batches_table_arn": TABLE,
        "bucket": "p",
        "files": [READ_FILES],
        "endpoint_name": "mlplatform-dev-predict",
        "configurations": ["mlplatform-dev-*"],
        "model_role": "model-role",
        "image": IMAGE,
        "secret_arn": "arn:s",
        "signing": [SIGN],
        **more,
    }

    def program() -> dict[str, Any]:
        given: MlBatchesArgs = args
        made = MlBatches("batches", given)
        alarms = {row.name: (row.runbook, row.severity) for row in made.alarms()}
        functions = {row.name for part in (made.worker, made.teller) for row in part.alarms()}
        return {"door": made.door(), "alarms": {name: row for name, row in alarms.items() if name not in functions}}

    return record(program)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return run()


def statements(recording: Recording, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(recording.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])[
        "Statement"
    ]
    return found


@pytest.mark.parametrize(
    ("queue", "timeout_s", "tries"), [("work", WORK_TIMEOUT_S, 5), ("callbacks", CALLBACK_TIMEOUT_S, 8)]
)
def test_a_queue_hides_a_message_for_six_time_limits_and_gives_up_on_it(
    recording: Recording, queue: str, timeout_s: int, tries: int
) -> None:
    found = recording.one("aws:sqs/queue:Queue", f"batches-{queue}-queue").inputs
    dead = recording.one("aws:sqs/queue:Queue", f"batches-{queue}-dead").inputs
    assert found["visibilityTimeoutSeconds"] == 6 * timeout_s
    redrive = json.loads(found["redrivePolicy"])
    assert redrive["maxReceiveCount"] == tries
    assert redrive["deadLetterTargetArn"].endswith(f":{dead['name']}")
    assert {found["kmsMasterKeyId"], dead["kmsMasterKeyId"]} == {key("notifications")}
    assert dead["messageRetentionSeconds"] == 14 * 86_400


def test_functions_answer_for_each_message_and_so_many_run_at_once(recording: Recording) -> None:
    sources = {row.name: row.inputs for row in recording.of_type("aws:lambda/eventSourceMapping:EventSourceMapping")}
    work, callbacks = sources["batches-work-source"], sources["batches-callbacks-source"]
    assert work["functionResponseTypes"] == callbacks["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (work["batchSize"], callbacks["batchSize"]) == (1, 10)
    assert work["scalingConfig"] == {"maximumConcurrency": 5}
    assert work["functionName"].endswith(":live")


def test_only_the_stacks_own_rules_may_send_and_nobody_without_tls(recording: Recording) -> None:
    for queue in ("work", "work-dead"):
        policy = json.loads(
            recording.one("aws:sqs/queuePolicy:QueuePolicy", f"batches-{queue}-policy").inputs["policy"]
        )
        by_sid = {row["Sid"]: row for row in policy["Statement"]}
        sources = by_sid["RulesMaySend"]["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert [arn.rsplit("/", 1)[1] for arn in sources] == [
            "mlplatform-dev-batches-ended",
            "mlplatform-dev-batches-sweep",
        ]
        assert by_sid["DenyWithoutTls"]["Effect"] == "Deny"
    policy = recording.one("aws:sqs/queuePolicy:QueuePolicy", "batches-callbacks-policy").inputs["policy"]
    assert [row["Sid"] for row in json.loads(policy)["Statement"]] == ["DenyWithoutTls"]


def test_ends_of_the_stacks_own_transforms_reach_the_queue(recording: Recording) -> None:
    rule = recording.one("aws:cloudwatch/eventRule:EventRule", "batches-ended").inputs
    assert json.loads(rule["eventPattern"]) == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Transform Job State Change"],
        "detail": {
            "TransformJobName": [{"prefix": "mlplatform-dev-batch-"}],
            "TransformJobStatus": ["Completed", "Failed", "Stopped"],
        },
    }
    target = recording.one("aws:cloudwatch/eventTarget:EventTarget", "batches-ended-target").inputs
    assert target["arn"].endswith(":mlplatform-dev-batches")
    assert target["deadLetterConfig"]["arn"].endswith(":mlplatform-dev-batches-dead")
    assert target["inputTransformer"] == {
        "inputPaths": {"job": "$.detail.TransformJobName"}, "inputTemplate": '{"job":<job>}',
    }  # fmt: skip
    sweep = recording.one("aws:cloudwatch/eventTarget:EventTarget", "batches-sweep-target").inputs
    assert json.loads(sweep["input"]) == {"sweep": True}


def test_the_worker_may_run_its_own_transforms_and_ask_one_endpoint(recording: Recording) -> None:
    by_action = {action: row for row in statements(recording, "batches-batchwork-rights") for action in row["Action"]}
    sagemaker = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
    for action in ("CreateTransformJob", "DescribeTransformJob", "StopTransformJob"):
        assert by_action[f"sagemaker:{action}"]["Resource"] == [f"{sagemaker}:transform-job/mlplatform-dev-batch-*"]
    for action in ("InvokeEndpoint", "DescribeEndpoint"):
        assert by_action[f"sagemaker:{action}"]["Resource"] == [f"{sagemaker}:endpoint/mlplatform-dev-predict"]
    assert "dynamodb:PutItem" not in by_action
    assert by_action["kms:CreateGrant"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": ["true"]}}


def test_whoever_calls_strangers_may_neither_read_files_nor_records(recording: Recording) -> None:
    actions = {action for row in statements(recording, "batches-callbacks-rights") for action in row["Action"]}
    assert not [action for action in actions if action.startswith(("s3:", "sagemaker:", "lambda:", "ec2:"))]
    assert {action for action in actions if action.startswith("dynamodb:")} == {"dynamodb:UpdateItem"}
    assert not {"ssm:GetParameter", "sts:AssumeRole"} & actions


def test_functions_stand_outside_of_the_network(recording: Recording) -> None:
    functions = recording.of_type("aws:lambda/function:Function")
    assert [row.inputs["name"] for row in functions] == ["mlplatform-dev-batchwork", "mlplatform-dev-callbacks"]
    assert all("vpcConfig" not in row.inputs for row in functions)


def test_the_models_role_may_read_and_write_the_files_of_batches(recording: Recording) -> None:
    policy = recording.one("aws:iam/rolePolicy:RolePolicy", "batches-model-rights")
    assert policy.inputs["role"] == "model-role"
    found = json.loads(policy.inputs["policy"])["Statement"]
    assert {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": READ_FILES["Resource"]} in found
    assert any("log-group:/aws/sagemaker/TransformJobs*" in str(row["Resource"]) for row in found)


def test_settings_reach_the_functions() -> None:
    found = run(most_transforms=3, instance_type="ml.m5d.xlarge", callback_tries=2, workers=9)
    variables = found.one("aws:lambda/function:Function", "batches-batchwork-function").inputs["environment"][
        "variables"
    ]
    settings = load(WorkSettings, variables)
    # Instances with disks of their own encrypt them, and SageMaker refuses a key for them.
    assert (settings.most_transforms, settings.volume_key_arn) == (3, "")
    source = found.one("aws:lambda/eventSourceMapping:EventSourceMapping", "batches-work-source").inputs
    assert source["scalingConfig"] == {"maximumConcurrency": 9}
    queue = found.one("aws:sqs/queue:Queue", "batches-callbacks-queue").inputs
    assert json.loads(queue["redrivePolicy"])["maxReceiveCount"] == 2


def test_the_volume_of_a_transform_is_encrypted_by_the_key_of_data(recording: Recording) -> None:
    found = recording.one("aws:lambda/function:Function", "batches-batchwork-function").inputs["environment"]
    assert load(WorkSettings, found["variables"]).volume_key_arn == key("data")


def test_alarms_say_what_to_do(recording: Recording) -> None:
    assert recording.value["alarms"] == {
        "batches-dead": ("batches-stuck", "critical"),
        "batches-late": ("batches-stuck", "warning"),
        "batches-failed": ("batches-failed", "warning"),
        "callbacks-dead": ("callbacks-lost", "warning"),
        "callbacks-late": ("callbacks-lost", "warning"),
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"endpoint_rows": 10_001}, "endpoint_rows is 10001; allowed: 0 to 10000"),
        ({"most_transforms": 0}, "most_transforms is 0; allowed: 1 to 100"),
        ({"workers": 1}, "workers is 1; allowed: 2 to 1000"),
        ({"callback_tries": 11}, "callback_tries is 11; allowed: 1 to 10"),
        ({"keep_days": 0}, "keep_days is 0; allowed: 1 to 3650"),
        ({"largest_body_kb": 8}, "largest_body_kb is 8; allowed: 16 to 5120"),
        ({"name_prefix": "a" * 25}, "allowed: 24 characters"),
    ],
)
def test_what_would_not_work_is_refused(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        run(**change)
