"""The states that put a version behind the endpoint, watch the update, and take it back when the version fails."""

from __future__ import annotations

from typing import Any, Final

from components.training_workflow.plan import Plan, State
from components.training_workflow.tasks import FAILED, catch, function, retry, sagemaker_sdk, update_item

BUSY: Final = ("Creating", "Updating", "SystemUpdating", "RollingBack")
"""Endpoint states that pass by themselves."""
_REFUSED: Final = ("SageMaker.SageMakerException",)
_TRIES: Final = 10

FIRST: Final = "MarkDeploying"
"""Where a promotion begins."""


def promotion(plan: Plan, following: str) -> dict[str, State]:
    """Every state from the approved version to the live one."""
    return {
        FIRST: mark_deploying(plan, "KeepModel"),
        "KeepModel": keep_model("CreateModel"),
        "CreateModel": create_model(plan, "CreateEndpointConfig"),
        "CreateEndpointConfig": create_configuration(plan, "BeginUpdate"),
        "BeginUpdate": {"Type": "Pass", "Result": {"count": 0}, "ResultPath": "$.updates", "Next": "DescribePrevious"},
        "DescribePrevious": describe(plan, "$.previous", "PreviousReady"),
        # Two promotions at once follow each other: the second waits until the first has settled.
        "PreviousReady": settled(
            "$.previous.status", "WaitForPrevious", [in_service("$.previous.status", "UpdateEndpoint")]
        ),
        "WaitForPrevious": wait(5, "DescribePrevious"),
        "UpdateEndpoint": {
            **update_endpoint(plan, "$.config_name", "DescribeUpdate"),
            "Catch": [*catch("CountUpdate", errors=_REFUSED), *catch(FAILED)],
        },
        "CountUpdate": count_update("UpdateAgain"),
        "UpdateAgain": update_again("WaitForPrevious"),
        "DescribeUpdate": describe(plan, "$.update", "UpdateEnded"),
        "UpdateEnded": settled("$.update.status", "WaitForUpdate", [updated("Release")]),
        "WaitForUpdate": wait(2, "DescribeUpdate"),
        "EndpointFailed": endpoint_failed(),
        "Release": release(plan, following),
        "RestorePrevious": restore(plan, "DescribeRestore"),
        "DescribeRestore": describe(plan, "$.restore", "RestoreEnded", target=FAILED, path="$.restoreFailure"),
        "RestoreEnded": {**settled("$.restore.status", "WaitForRestore", []), "Default": FAILED},
        "WaitForRestore": wait(5, "DescribeRestore"),
    }


def count_update(following: str) -> State:
    """Counts how often the endpoint would not be updated."""
    return {
        "Type": "Pass",
        "Parameters": {"count.$": "States.MathAdd($.updates.count, 1)"},
        "ResultPath": "$.updates",
        "Next": following,
    }


def update_again(following: str) -> State:
    """Begins again with the configuration that serves by then: another promotion may have been quicker.

    SageMaker refuses an update that it cannot make in the same words, so the number of tries is bounded.
    """
    once_more = {"Variable": "$.updates.count", "NumericLessThan": _TRIES, "Next": following}
    return {"Type": "Choice", "Choices": [once_more], "Default": FAILED}


def mark_deploying(plan: Plan, following: str) -> State:
    """Tells everybody who reads the table; the token of an approval has served its purpose."""
    return update_item(
        {
            "TableName": plan.models_table,
            "Key": {"version": {"S.$": "$.version"}},
            "UpdateExpression": "SET #status = :deploying, #execution = :execution REMOVE #token",
            "ExpressionAttributeNames": {"#status": "status", "#execution": "execution", "#token": "taskToken"},
            "ExpressionAttributeValues": {
                ":deploying": {"S": "Deploying"},
                ":execution": {"S.$": "$$.Execution.Id"},
            },
        },
        ResultPath=None,
        Next=following,
    )


def keep_model(following: str) -> State:
    """Copies the archive to where jobs cannot write: the endpoint reads it again whenever it grows.

    S3 copies up to 5 GB in one call. The bucket encrypts the copy, and tags are left behind, which would take a right.
    """
    parameters = {
        "Bucket.$": "$.keep.bucket",
        "Key.$": "$.keep.key",
        "CopySource.$": "$.keep.source",
        "TaggingDirective": "REPLACE",
    }
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:copyObject",
        "Parameters": parameters,
        "ResultPath": None,
        "TimeoutSeconds": 300,
        "Retry": retry(["S3.S3Exception", "S3.SdkClientException", "States.Timeout"], attempts=3, first_s=5),
        "Catch": catch(FAILED),
        "Next": following,
    }


def create_model(plan: Plan, following: str) -> State:
    """The version as a SageMaker model."""
    parameters = {
        "ModelName.$": "$.model_name",
        "PrimaryContainer": {**plan.hosting["Container"], "ModelDataUrl.$": "$.paths.served"},
        **plan.hosting["Model"],
        "Tags": plan.tag_list,
    }
    return sagemaker_sdk("createModel", parameters, ResultPath=None, Next=following)


def create_configuration(plan: Plan, following: str) -> State:
    """The configuration that puts the model on the endpoint, in all else like the one before.

    By the SDK integration, which knows the whole API: the optimized one refuses members that are younger than itself,
    such as those of serverless variants, and with them the whole state machine.
    """
    parameters = {
        "EndpointConfigName.$": "$.config_name",
        "ProductionVariants": [{**plan.hosting["Variant"], "ModelName.$": "$.model_name"}],
        **plan.hosting["Config"],
        "Tags": plan.tag_list,
    }
    return sagemaker_sdk("createEndpointConfig", parameters, ResultPath=None, Next=following)


def describe(plan: Plan, result: str, following: str, *, target: str = FAILED, path: str = "$.failure") -> State:
    """The endpoint's state and configuration now."""
    return sagemaker_sdk(
        "describeEndpoint",
        {"EndpointName": plan.endpoint_name},
        ResultSelector={"status.$": "$.EndpointStatus", "config.$": "$.EndpointConfigName"},
        ResultPath=result,
        Catch=catch(target, path),
        Next=following,
    )


def update_endpoint(plan: Plan, configuration: str, following: str) -> State:
    """Starts the update; SageMaker shifts the traffic and rolls back on its alarms."""
    parameters = {
        "EndpointName": plan.endpoint_name,
        "EndpointConfigName.$": configuration,
        **plan.hosting["Update"],
    }
    return sagemaker_sdk(
        "updateEndpoint",
        parameters,
        ResultPath=None,
        Retry=retry(["SageMaker.ResourceLimitExceededException"], attempts=6, first_s=10, longest_s=300),
        Next=following,
    )


def settled(status: str, waiting: str, outcomes: list[dict[str, Any]]) -> State:
    """Chooses what follows an endpoint that no longer changes; none of the outcomes means that it failed."""
    busy = {"Or": [{"Variable": status, "StringEquals": name} for name in BUSY], "Next": waiting}
    return {"Type": "Choice", "Choices": [busy, *outcomes], "Default": "EndpointFailed"}


def in_service(status: str, following: str) -> dict[str, Any]:
    """The outcome of an endpoint that serves."""
    return {"Variable": status, "StringEquals": "InService", "Next": following}


def updated(following: str) -> dict[str, Any]:
    """The outcome of an update that held: after a rollback the endpoint serves too, but with the old configuration."""
    return {
        "And": [
            {"Variable": "$.update.status", "StringEquals": "InService"},
            {"Variable": "$.update.config", "StringEqualsPath": "$.config_name"},
        ],
        "Next": following,
    }


def wait(seconds: int, following: str) -> State:
    """A pause before looking again."""
    return {"Type": "Wait", "Seconds": seconds, "Next": following}


def endpoint_failed() -> State:
    """Words for an endpoint that does not serve the new version; no task failed, so nothing else has said it."""
    return {
        "Type": "Pass",
        "Result": {
            "Error": "EndpointUpdateFailed",
            "Cause": "the endpoint failed, or an alarm rolled the update back; see the endpoint's events and logs",
        },
        "ResultPath": "$.failure",
        "Next": FAILED,
    }


def release(plan: Plan, following: str) -> State:
    """The smoke test on the endpoint; passed, it makes the version live."""
    return function(
        plan.functions["release"],
        {"version.$": "$.version", "model_data.$": "$.paths.served", "previous_config.$": "$.previous.config"},
        timeout_s=180,
        ResultSelector={"version.$": "$.Payload.version", "previousVersion.$": "$.Payload.previousVersion"},
        ResultPath="$.released",
        Catch=catch("RestorePrevious"),
        Next=following,
    )


def restore(plan: Plan, following: str) -> State:
    """Puts back the configuration that served before; if that fails too, the alarms of the endpoint tell."""
    back = update_endpoint(plan, "$.previous.config", following)
    return {**back, "Catch": catch(FAILED, "$.restoreFailure")}
