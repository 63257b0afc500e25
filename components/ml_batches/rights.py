"""What batch predictions may do: the model's container, and the function that starts transforms."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Input, Output

from components.ml_endpoint import rights as sagemaker_rights
from components.ml_endpoint.rights import local_arn
from components.training_workflow.rights import allow
from components.values import Statement


def model_statements(files: Sequence[Statement], data_key_arn: Input[str], image: Input[str]) -> list[Statement]:
    """What the role of a model needs beside its own rights to be run over files: SageMaker copies in its name."""
    logs = sagemaker_rights.container(data_key_arn, "/aws/sagemaker/TransformJobs", image)
    return [*files, *logs, *sagemaker_rights.use_key(data_key_arn)]


def transforms(
    data_key_arn: Input[str], job_prefix: str, endpoint_name: str, configurations: Sequence[str]
) -> list[Statement]:
    """Starting, watching and ending jobs on the endpoint's model, whatever that is at the time."""

    def own(*resources: str) -> list[Output[str]]:
        return [local_arn(data_key_arn, "sagemaker", resource) for resource in resources]

    actions = ["CreateTransformJob", "DescribeTransformJob", "StopTransformJob"]
    return [
        allow("AskEndpoint", ["sagemaker:InvokeEndpoint"], own(f"endpoint/{endpoint_name}")),
        allow("FindLiveModel", ["sagemaker:DescribeEndpoint"], own(f"endpoint/{endpoint_name}")),
        allow(
            "FindLiveModelsName",
            ["sagemaker:DescribeEndpointConfig"],
            own(*(f"endpoint-config/{pattern}" for pattern in configurations)),
        ),
        allow("RunTransforms", [f"sagemaker:{action}" for action in actions], own(f"transform-job/{job_prefix}*")),
        # Whoever starts a job with encrypted volumes lends it the key.
        *sagemaker_rights.use_key(data_key_arn),
    ]


def table(data_key_arn: Input[str], table_arn: Input[str], *operations: str) -> list[Statement]:
    """Operations on the encrypted record."""
    return [
        allow("KeepRecord", [f"dynamodb:{operation}" for operation in operations], [table_arn]),
        allow("ReadEncrypted", ["kms:Decrypt"], [data_key_arn]),
    ]
