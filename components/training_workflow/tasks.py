"""How a task is written: its integration, what is tried again and where a failure goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from components.training_workflow.plan import State

FAILED: Final = "MarkFailed"
"""Where a failure goes once a version has been claimed."""

# Names differ per integration: the SDK integrations prefix the Java client's exception, the optimized ones their own.
_LAMBDA: Final = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
_SAGEMAKER: Final = ("ThrottlingException", "SageMaker.ResourceLimitExceededException")
_DYNAMODB: Final = (
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
    "DynamoDB.RequestLimitExceededException",
    "DynamoDB.ThrottlingException",
    "DynamoDb.InternalServerErrorException",
    "DynamoDb.ProvisionedThroughputExceededException",
    "DynamoDb.RequestLimitExceededException",
)
_SNS: Final = ("SNS.InternalErrorException", "SNS.ThrottledException", "SNS.KMSThrottlingException")
# An SDK call reports throttling only under its service's general exception.
_SDK: Final = ("SageMaker.SageMakerException", "SageMaker.ResourceLimitExceededException")


def retry(errors: Sequence[str], *, attempts: int = 4, first_s: int = 2, longest_s: int = 60) -> list[dict[str, Any]]:
    """Tries again with growing, jittered pauses."""
    return [
        {
            "ErrorEquals": list(errors),
            "IntervalSeconds": first_s,
            "BackoffRate": 2,
            "MaxAttempts": attempts,
            "MaxDelaySeconds": longest_s,
            "JitterStrategy": "FULL",
        }
    ]


def catch(target: str, path: str = "$.failure", *, errors: Sequence[str] = ("States.ALL",)) -> list[dict[str, Any]]:
    """Sends errors, by default every one, to a state, which finds them beside the input."""
    return [{"ErrorEquals": list(errors), "ResultPath": path, "Next": target}]


def function(alias_arn: str, payload: State, *, timeout_s: int, **rest: Any) -> State:
    """A call of one of the functions."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": alias_arn, "Payload": payload},
        "TimeoutSeconds": timeout_s,
        "Retry": retry(_LAMBDA),
        "Catch": catch(FAILED),
        **rest,
    }


def sagemaker(operation: str, parameters: State, **rest: Any) -> State:
    """An optimized SageMaker integration; with ``.sync`` the state waits until the job has ended."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{operation}",
        "Parameters": parameters,
        "Retry": retry(_SAGEMAKER, attempts=6, first_s=5, longest_s=300),
        "Catch": catch(FAILED),
        **rest,
    }


def sagemaker_sdk(operation: str, parameters: State, **rest: Any) -> State:
    """A SageMaker call that has no optimized integration."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:sagemaker:{operation}",
        "Parameters": parameters,
        "Retry": retry(_SDK, attempts=3, first_s=5),
        "Catch": catch(FAILED),
        **rest,
    }


def update_item(parameters: State, *, token: bool = False, **rest: Any) -> State:
    """A change of one item; with a token the state waits until the token comes back."""
    service = "aws-sdk:dynamodb:updateItem.waitForTaskToken" if token else "dynamodb:updateItem"
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{service}",
        "Parameters": parameters,
        "Retry": retry(_DYNAMODB),
        "Catch": catch(FAILED),
        **rest,
    }


def publish(topic_arn: str, subject: str, message: str, **rest: Any) -> State:
    """A message to people, written by an intrinsic function."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": topic_arn, "Subject": subject, "Message.$": message},
        "ResultPath": None,
        "Retry": retry(_SNS),
        **rest,
    }
