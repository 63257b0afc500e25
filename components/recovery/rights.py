"""What the follower's function may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import Input, Output

from components.ml_endpoint import rights as sagemaker_rights
from components.ml_endpoint.rights import bucket_arn, local_arn
from components.tables.hearing import may_hear
from components.training_workflow.rights import allow, rollback_names
from components.values import Statement

if TYPE_CHECKING:
    from components.recovery.follower import FollowerArgs


def follower_statements(args: FollowerArgs) -> list[Statement]:
    """Reading the pointer and its stream, making and serving the model, switching triggers, leaving what failed."""
    keys = args["keys"]
    return [
        *_table(args),
        *_model(args),
        *_triggers(args),
        allow("UseKeys", ["kms:Decrypt", "kms:GenerateDataKey"], [keys["data"], keys["notifications"]]),
        # Whoever updates an endpoint with encrypted volumes lends it the key.
        *sagemaker_rights.use_key(keys["models"]),
        *sagemaker_rights.watch(keys["models"], rollback_names(args["hosting"])),
    ]


def _own(args: FollowerArgs, service: str, *resources: Input[str]) -> list[Input[str]]:
    return [local_arn(args["keys"]["data"], service, resource) for resource in resources]


def _table(args: FollowerArgs) -> list[Statement]:
    table = Output.from_input(args["models_table"]).apply(lambda name: f"table/{name}")
    return [
        allow("ReadModels", ["dynamodb:GetItem"], _own(args, "dynamodb", table)),
        *may_hear(args["models_stream_arn"], args["lost_events_arn"]),
    ]


def _model(args: FollowerArgs) -> list[Statement]:
    prefix, hosting = args["name_prefix"], args["hosting"]
    configurations, bucket, key = hosting["OwnConfigurations"], args["models_bucket"], args["keys"]["data"]
    models = configurations.replace("-configuration-", "-model-")
    group = Output.from_input(args["model_package_group"])
    passing = allow("PassModelRole", ["iam:PassRole"], [hosting["Model"]["ExecutionRoleArn"]])
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": ["sagemaker.amazonaws.com"]}}
    return [
        # Listing makes the difference between an archive that is missing and one that must not be read.
        allow("ListArchives", ["s3:ListBucket"], [bucket_arn(key, bucket)]),
        allow("ReadArchives", ["s3:GetObject"], [bucket_arn(key, bucket, "/*")]),
        allow(
            "DescribeServing",
            ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
            _own(
                args,
                "sagemaker",
                f"endpoint/{args['endpoint_name']}",
                *(f"endpoint-config/{pattern}" for pattern in (f"{prefix}-*", configurations)),
                *(f"model/{pattern}" for pattern in (f"{prefix}-*", models)),
            ),
        ),
        allow(
            "MakeModels",
            ["sagemaker:AddTags", "sagemaker:CreateEndpointConfig", "sagemaker:CreateModel"],
            _own(args, "sagemaker", f"model/{prefix}-*", f"endpoint-config/{prefix}-*"),
        ),
        allow(
            "UpdateEndpoint",
            ["sagemaker:UpdateEndpoint"],
            _own(args, "sagemaker", f"endpoint/{args['endpoint_name']}", f"endpoint-config/{prefix}-*"),
        ),
        allow(
            "RegisterModel",
            ["sagemaker:CreateModelPackage"],
            _own(
                args,
                "sagemaker",
                group.apply(lambda name: f"model-package-group/{name}"),
                group.apply(lambda name: f"model-package/{name}/*"),
            ),
        ),
        allow("ListVersions", ["sagemaker:ListModelPackages"], ["*"]),
        passing,
    ]


def _triggers(args: FollowerArgs) -> list[Statement]:
    triggers = args["triggers"]
    passing = allow("PassScheduleRole", ["iam:PassRole"], [triggers["schedule_role_arn"]])
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": ["scheduler.amazonaws.com"]}}
    return [
        allow(
            "SwitchRules",
            ["events:DescribeRule", "events:DisableRule", "events:EnableRule"],
            _own(args, "events", *(f"rule/{rule}" for rule in triggers["rules"])),
        ),
        allow(
            "SwitchSchedule",
            ["scheduler:GetSchedule", "scheduler:UpdateSchedule"],
            _own(args, "scheduler", f"schedule/default/{triggers['schedule']}"),
        ),
        passing,
    ]
