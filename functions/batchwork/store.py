"""Batch transform of SageMaker, on the model that is live when a job begins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.batchwork.large import GONE, BusyError
from functions.shared.aws.sdk import client, code_of
from functions.shared.tasks import WorkError

MOST_AT_ONCE = 4
"""Requests that a job has under way; with 6 MB each they stay below the 100 MB that SageMaker allows."""
PAYLOAD_MB = 6


class SageMakerTransforms:
    """Jobs that each ask one container, started for them, for every file below a prefix."""

    def __init__(self, prefix: str, endpoint: str, key_arn: str, instance_type: str, volume_key_arn: str) -> None:
        self._prefix, self._endpoint, self._key, self._instance = prefix, endpoint, key_arn, instance_type
        self._volume = {"VolumeKmsKeyId": volume_key_arn} if volume_key_arn else {}

    def name(self, batch_id: str) -> str:
        """Name of a batch's job: the same for each try, so that SageMaker refuses a second one."""
        return f"{self._prefix}{UUID(batch_id).hex}"

    def begin(self, name: str, source: str, target: str) -> None:
        """See functions.batchwork.large.Transforms.

        One file is one request, and its answer one file beside: neither split nor joined, rows cannot be mixed up.
        """
        from botocore.exceptions import ClientError

        try:
            client("sagemaker").create_transform_job(
                TransformJobName=name,
                ModelName=self._model(),
                MaxConcurrentTransforms=MOST_AT_ONCE,
                MaxPayloadInMB=PAYLOAD_MB,
                BatchStrategy="SingleRecord",
                ModelClientConfig={"InvocationsTimeoutInSeconds": 600, "InvocationsMaxRetries": 3},
                TransformInput={
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
                    "ContentType": "application/json",
                    "SplitType": "None",
                    "CompressionType": "None",
                },
                TransformOutput={
                    "S3OutputPath": target,
                    "Accept": "application/json",
                    "AssembleWith": "None",
                    "KmsKeyId": self._key,
                },
                TransformResources={"InstanceType": self._instance, "InstanceCount": 1, **self._volume},
            )
        except ClientError as error:
            if code_of(error) == "ResourceLimitExceeded":
                raise BusyError from error
            if code_of(error) != "ResourceInUse":
                raise

    def state(self, name: str) -> str:
        """See functions.batchwork.large.Transforms."""
        from botocore.exceptions import ClientError

        try:
            return str(client("sagemaker").describe_transform_job(TransformJobName=name)["TransformJobStatus"])
        except ClientError as error:
            if missing(error):
                return GONE
            raise

    def stop(self, name: str) -> None:
        """See functions.batchwork.large.Transforms."""
        from botocore.exceptions import ClientError

        try:
            client("sagemaker").stop_transform_job(TransformJobName=name)
        except ClientError as error:
            # A job that has ended cannot be stopped any more.
            if code_of(error) not in ("ValidationException", "ResourceNotFound"):
                raise

    def _model(self) -> str:
        """The model behind the endpoint now."""
        sagemaker = client("sagemaker")
        config = sagemaker.describe_endpoint(EndpointName=self._endpoint)["EndpointConfigName"]
        variants = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
        if not variants:
            raise WorkError(f"endpoint {self._endpoint}: its configuration {config} names no model")
        return str(variants[0]["ModelName"])


def missing(error: Any) -> bool:
    """Whether SageMaker knows no such job: it says so by a code of its own, or by a text."""
    text = str(error.response.get("Error", {}).get("Message", ""))
    return code_of(error) == "ResourceNotFound" or (
        code_of(error) == "ValidationException" and "could not find" in text.lower()
    )
