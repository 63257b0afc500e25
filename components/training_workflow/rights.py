"""What the workflow's roles may do: the state machine, the jobs and each function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi import Input, Output

from components.ml_endpoint import rights as sagemaker_rights
from components.ml_endpoint.hosting import HostingShape
from components.ml_endpoint.rights import bucket_arn, local_arn
from components.training_workflow.args import TrainingWorkflowArgs
from components.values import Statement, formatted
from functions.shared.places import CODE, METADATA, PRODUCTION, STATISTICS, TEST, TRAIN, TRAINING, UPLOADS, VALIDATION


def allow(sid: str, actions: Sequence[str], resources: Sequence[Input[str]]) -> Statement:
    """A statement without a condition."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def own(args: TrainingWorkflowArgs, service: str, *resources: str) -> list[Input[str]]:
    """ARNs in the stack's region and account."""
    return [local_arn(args["keys"]["data"], service, resource) for resource in resources]


def machine_statements(
    args: TrainingWorkflowArgs,
    *,
    functions: Sequence[Input[str]],
    roles: Sequence[Input[str]],
    topic_arn: Input[str],
) -> list[Statement]:
    """What the state machine's integrations need, `.sync` included."""
    prefix, keys = args["name_prefix"], args["keys"]
    passing = allow("PassRoles", ["iam:PassRole"], roles)
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com"]}}
    return [
        allow("CallFunctions", ["lambda:InvokeFunction"], functions),
        *job_calls(args),
        allow(
            "MakeModels",
            ["sagemaker:AddTags", "sagemaker:CreateEndpointConfig", "sagemaker:CreateModel"],
            own(args, "sagemaker", f"model/{prefix}-*", f"endpoint-config/{prefix}-*"),
        ),
        allow(
            "UpdateEndpoint",
            ["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpoint"],
            own(
                args,
                "sagemaker",
                f"endpoint/{args['endpoint_name']}",
                f"endpoint-config/{prefix}-*",
                f"endpoint-config/{args['hosting']['OwnConfigurations']}",
            ),
        ),
        allow(
            "RegisterModel",
            ["sagemaker:CreateModelPackage"],
            own(args, "sagemaker", f"model-package-group/{prefix}-models", f"model-package/{prefix}-models/*"),
        ),
        # SageMaker looks at the archive and the figures in the caller's name when a version is registered.
        allow(
            "ReadModel",
            ["s3:GetObject"],
            [
                bucket_arn(keys["models"], args["models_bucket"], f"/{place}*")
                for place in (METADATA, PRODUCTION, TRAINING)
            ],
        ),
        allow("KeepModel", ["s3:PutObject"], [bucket_arn(keys["models"], args["models_bucket"], f"/{PRODUCTION}*")]),
        passing,
        allow("MarkVersions", ["dynamodb:UpdateItem"], [table_arn(args)]),
        allow("Notify", ["sns:Publish"], [topic_arn]),
        allow("UseKeys", ["kms:Decrypt", "kms:GenerateDataKey"], [keys["data"], keys["notifications"]]),
        # Whoever updates an endpoint with encrypted volumes lends it the key.
        *sagemaker_rights.use_key(keys["models"]),
        *sagemaker_rights.watch(keys["models"], rollback_names(args["hosting"])),
        *observed(),
    ]


def rollback_names(hosting: HostingShape) -> list[str]:
    """Names of the alarms that roll an update back; none for a serverless endpoint."""
    deployment: Any = hosting["Update"].get("DeploymentConfig", {})
    alarms = deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
    return [alarm["AlarmName"] for alarm in alarms]


def job_calls(args: TrainingWorkflowArgs) -> list[Statement]:
    """Starting a job, waiting for its end by the rule that Step Functions keeps, and stopping it on an abort."""
    prefix = args["name_prefix"]
    found = [
        allow(
            f"Run{kind}Jobs",
            [
                "sagemaker:AddTags",
                f"sagemaker:Create{kind}Job",
                f"sagemaker:Describe{kind}Job",
                f"sagemaker:Stop{kind}Job",
            ],
            own(args, "sagemaker", f"{kind.lower()}-job/{prefix}-*"),
        )
        for kind in ("Processing", "Training")
    ]
    rules = [f"rule/StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in ("Processing", "Training")]
    hear = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    return [*found, allow("HearOfJobs", hear, own(args, "events", *rules))]


def observed() -> list[Statement]:
    """Logs and traces of the state machine; none of these actions has a resource to name."""
    return [
        allow(
            "DeliverLogs",
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            # Log delivery is an account's, not a group's.
            ["*"],
        ),
        allow(
            "SendTraces",
            [
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            # X-Ray has no resource for these.
            ["*"],
        ),
    ]


def job_statements(args: TrainingWorkflowArgs) -> list[Statement]:
    """What training and processing containers may do."""
    data, models = args["keys"]["data"], args["keys"]["models"]
    splits = [f"/{place}*" for place in (TRAIN, VALIDATION, TEST, STATISTICS)]
    found = [
        *sagemaker_rights.read("Uploads", data, args["raw_bucket"], f"/{UPLOADS}*"),
        *sagemaker_rights.read("Splits", data, args["processed_bucket"], *splits),
        sagemaker_rights.write("Splits", data, args["processed_bucket"], *splits),
        *sagemaker_rights.read("Models", models, args["models_bucket"], f"/{CODE}*", f"/{TRAINING}*"),
        sagemaker_rights.write("Models", models, args["models_bucket"], f"/{TRAINING}*"),
        sagemaker_rights.write("Figures", models, args["models_bucket"], f"/{METADATA}*"),
        *sagemaker_rights.container(models, "/aws/sagemaker/TrainingJobs", args["image"]),
        *sagemaker_rights.container(models, "/aws/sagemaker/ProcessingJobs", args["image"]),
        *sagemaker_rights.use_key(models),
        *sagemaker_rights.use_key(data),
    ]
    if args.get("private_jobs", False):
        found += sagemaker_rights.network(models, args["subnet_ids"], args["security_group_ids"])
    return found


def table_arn(args: TrainingWorkflowArgs) -> Output[str]:
    """ARN of the models table."""
    name = Output.from_input(args["models_table"]).apply(lambda table: f"table/{table}")
    return local_arn(args["keys"]["data"], "dynamodb", name)


def intake_statements(args: TrainingWorkflowArgs, machine_name: str) -> list[Statement]:
    """Looking at data, claiming it, and asking whether an older claim still runs."""
    data = args["keys"]["data"]
    return [
        *sagemaker_rights.read("Uploads", data, args["raw_bucket"], f"/{UPLOADS}*"),
        allow("ClaimData", ["dynamodb:GetItem", "dynamodb:PutItem"], [table_arn(args)]),
        allow("SeeExecutions", ["states:DescribeExecution"], own(args, "states", f"execution:{machine_name}:*")),
        allow("ReadEncrypted", ["kms:Decrypt"], [data]),
    ]


def compare_statements(args: TrainingWorkflowArgs) -> list[Statement]:
    """Reading figures and writing the verdict."""
    data, models = args["keys"]["data"], args["keys"]["models"]
    return [
        allow("ReadFigures", ["s3:GetObject"], [bucket_arn(models, args["models_bucket"], f"/{METADATA}*")]),
        allow("JudgeVersions", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [table_arn(args)]),
        allow("ReadEncrypted", ["kms:Decrypt"], [data, models]),
    ]


def release_statements(args: TrainingWorkflowArgs) -> list[Statement]:
    """Asking the endpoint, moving the pointer, telling the cache."""
    keys = args["keys"]
    return [
        allow("AskEndpoint", ["sagemaker:InvokeEndpoint"], own(args, "sagemaker", f"endpoint/{args['endpoint_name']}")),
        allow("MovePointer", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [table_arn(args)]),
        allow("ReadCachePassword", ["secretsmanager:GetSecretValue"], [args["cache"]["secret_arn"]]),
        allow("ReadEncrypted", ["kms:Decrypt"], [keys["data"], keys["secrets"]]),
    ]


def approvals_statements(args: TrainingWorkflowArgs, machine_name: str, queue_arn: Input[str]) -> list[Statement]:
    """Finding the version of a package, answering the execution that waits, or starting one."""
    keys = args["keys"]
    table = table_arn(args)
    return [
        allow("ReadVersions", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [table]),
        allow("FindPackages", ["dynamodb:Query"], [formatted("{0}/index/PackageIndex", table)]),
        allow(
            "AnswerExecutions",
            ["states:SendTaskSuccess", "states:StartExecution"],
            own(args, "states", f"stateMachine:{machine_name}"),
        ),
        allow("KeepLostEvents", ["sqs:SendMessage"], [queue_arn]),
        allow("ReadEncrypted", ["kms:Decrypt"], [keys["data"]]),
        allow("WriteEncrypted", ["kms:Decrypt", "kms:GenerateDataKey"], [keys["notifications"]]),
    ]
