"""The state machine's document: from uploaded data to a live model, or to a failure that somebody hears of."""

from __future__ import annotations

from typing import Any

from components.training_workflow import jobs
from components.training_workflow.plan import Plan, State
from components.training_workflow.promotion import FIRST, promotion
from components.training_workflow.tasks import FAILED, catch, function, publish, retry, sagemaker_sdk, update_item


def definition(plan: Plan) -> dict[str, Any]:
    """The whole document, as plain data."""
    return {
        "Comment": "Trains on new data, has a better model approved, and puts it behind the endpoint",
        "StartAt": "CheckData",
        # The approval is most of it; the jobs have limits of their own.
        "TimeoutSeconds": plan.approval_s + 2 * 24 * 3600,
        "States": {**training(plan), **registration(plan), **promotion(plan, "NotifySuccess"), **endings(plan)},
    }


def training(plan: Plan) -> dict[str, State]:
    """From the data to the judgement on the model."""
    return {
        "CheckData": check_data(plan, "ChooseWork"),
        "ChooseWork": choose_work(),
        "Preprocess": jobs.preprocess(plan, "Train"),
        "Train": jobs.train(plan, "Evaluate"),
        "Evaluate": jobs.evaluate(plan, "Compare"),
        "Compare": compare(plan, "ChooseModel"),
        "ChooseModel": choose(
            "$.comparison.outcome", {"register": "Register", "reject": "NotifyRejected"}, "UnknownOutcome"
        ),
        "UnknownOutcome": unknown_outcome(),
    }


def check_data(plan: Plan, following: str) -> State:
    """Checks the data and claims it; the function's answer is the input of everything that follows."""
    return function(
        plan.functions["intake"],
        {"execution.$": "$$.Execution.Id", "input.$": "$$.Execution.Input"},
        timeout_s=300,
        OutputPath="$.Payload",
        # Nothing has been claimed yet, so there is nothing to mark.
        Catch=catch("NotifyFailure"),
        Next=following,
    )


def choose_work() -> State:
    """New data is trained on, known data is not, and a promotion goes straight to the endpoint."""
    return choose("$.outcome", {"train": "Preprocess", "trained": "AlreadyTrained", "promote": FIRST}, "UnknownOutcome")


def choose(variable: str, ways: dict[str, str], otherwise: str) -> State:
    """One way per value."""
    choices = [{"Variable": variable, "StringEquals": value, "Next": target} for value, target in ways.items()]
    return {"Type": "Choice", "Choices": choices, "Default": otherwise}


def unknown_outcome() -> State:
    """Words for a function and a document that were deployed apart."""
    return {
        "Type": "Pass",
        "Result": {"Error": "UnknownOutcome", "Cause": "a function answered with an outcome that the workflow lacks"},
        "ResultPath": "$.failure",
        "Next": FAILED,
    }


def compare(plan: Plan, following: str) -> State:
    """Judges the model against the threshold and against the live one."""
    return function(
        plan.functions["compare"],
        {
            "version.$": "$.version",
            "evaluation.$": "States.Format('{}/evaluation.json', $.paths.evaluation)",
            "model_data.$": "$.paths.model_data",
        },
        timeout_s=120,
        ResultSelector={
            "outcome.$": "$.Payload.outcome",
            "why.$": "$.Payload.why",
            "metrics.$": "$.Payload.metrics",
        },
        ResultPath="$.comparison",
        Next=following,
    )


def registration(plan: Plan) -> dict[str, State]:
    """From a good model to an approved one."""
    if plan.automatic_approval:
        # The decision's event is already under way: the table has to know the package before it arrives.
        return {"Register": register(plan, "RecordPackage"), "RecordPackage": record_package(plan, FIRST)}
    return {
        "Register": register(plan, "WaitForApproval"),
        "WaitForApproval": wait_for_approval(plan, "ChooseApproval"),
        "ChooseApproval": choose(
            "$.approval.decision", {"Approved": FIRST, "Rejected": "NotifyRejected"}, "UnknownOutcome"
        ),
        "ForgetApproval": forget_approval(plan, "NotifyExpired"),
        "NotifyExpired": notify(
            plan,
            "Model approval has expired",
            "States.Format('Nobody decided on model {} in time; approving it later starts a promotion.', $.version)",
            "Done",
        ),
    }


def register(plan: Plan, following: str) -> State:
    """Adds the version to the model registry, with its figures and its origin."""
    containers = [{**plan.hosting["Container"], "ModelDataUrl.$": "$.paths.model_data"}]
    figures = {
        "ContentType": "application/json",
        "S3Uri.$": "States.Format('{}/evaluation.json', $.paths.evaluation)",
    }
    parameters = {
        "ModelPackageGroupName": plan.model_package_group,
        "ModelPackageDescription.$": "States.Format('Version {}, trained on {}', $.version, $.data.uri)",
        "ModelApprovalStatus": "Approved" if plan.automatic_approval else "PendingManualApproval",
        "InferenceSpecification": {
            "Containers": containers,
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": figures}},
        "CustomerMetadataProperties": {
            "version.$": "$.version",
            "fingerprint.$": "$.fingerprint",
            "execution.$": "$$.Execution.Id",
            "trainingJob.$": "$.jobs.train",
        },
    }
    return sagemaker_sdk(
        "createModelPackage",
        parameters,
        ResultSelector={"arn.$": "$.ModelPackageArn"},
        ResultPath="$.package",
        # A call that went through would add the package again, so only what surely did not is repeated.
        Retry=retry(["SageMaker.ResourceLimitExceededException"], first_s=5),
        Next=following,
    )


def record_package(plan: Plan, following: str) -> State:
    """Notes the package of a version that is approved from the start."""
    parameters = {
        "TableName": plan.models_table,
        "Key": {"version": {"S.$": "$.version"}},
        "UpdateExpression": "SET #status = :deploying, #package = :package",
        "ExpressionAttributeNames": {"#status": "status", "#package": "modelPackageArn"},
        "ExpressionAttributeValues": {":deploying": {"S": "Deploying"}, ":package": {"S.$": "$.package.arn"}},
    }
    return update_item(parameters, ResultPath=None, Next=following)


def wait_for_approval(plan: Plan, following: str) -> State:
    """Leaves its token with the version; the approvals function sends it back with the decision."""
    parameters = {
        "TableName": plan.models_table,
        "Key": {"version": {"S.$": "$.version"}},
        "UpdateExpression": "SET #status = :pending, #token = :token, #package = :package",
        "ExpressionAttributeNames": {"#status": "status", "#token": "taskToken", "#package": "modelPackageArn"},
        "ExpressionAttributeValues": {
            ":pending": {"S": "PendingApproval"},
            ":token": {"S.$": "$$.Task.Token"},
            ":package": {"S.$": "$.package.arn"},
        },
    }
    expired = {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.expired", "Next": "ForgetApproval"}
    return update_item(
        parameters,
        token=True,
        TimeoutSeconds=plan.approval_s,
        ResultPath="$.approval",
        Catch=[expired, *catch(FAILED)],
        Next=following,
    )


def forget_approval(plan: Plan, following: str) -> State:
    """Takes back a token that nobody waits for any more; the version stays pending and can still be approved."""
    parameters = {
        "TableName": plan.models_table,
        "Key": {"version": {"S.$": "$.version"}},
        "UpdateExpression": "REMOVE #token",
        "ExpressionAttributeNames": {"#token": "taskToken"},
    }
    return update_item(parameters, ResultPath=None, Next=following)


def endings(plan: Plan) -> dict[str, State]:
    """How an execution ends, and who hears of it."""
    return {
        "NotifySuccess": notify(
            plan, "A model is live", "States.Format('Model {} is live on the endpoint.', $.version)", "Done"
        ),
        "NotifyRejected": notify(
            plan, "A model was not taken", "States.Format('Model {} was rejected.', $.version)", "Done"
        ),
        "AlreadyTrained": {"Type": "Succeed"},
        "Done": {"Type": "Succeed"},
        FAILED: mark_failed(plan, "NotifyFailure"),
        "NotifyFailure": publish(
            plan.topic_arn,
            "A training has failed",
            "States.Format('{} failed: {}', $$.Execution.Name, States.JsonToString($.failure))",
            Catch=catch("Failed", "$.notifyFailure"),
            Next="Failed",
        ),
        "Failed": {
            "Type": "Fail",
            "Error": "TrainingFailed",
            "CausePath": "States.JsonToString($.failure)",
        },
    }


def notify(plan: Plan, subject: str, message: str, following: str) -> State:
    """News of an end that is no failure; a message that cannot be sent does not make it one."""
    return publish(plan.topic_arn, subject, message, Catch=catch(following, "$.notifyFailure"), Next=following)


def mark_failed(plan: Plan, following: str) -> State:
    """Gives the claim back, so that the same data can be tried again."""
    parameters = {
        "TableName": plan.models_table,
        "Key": {"version": {"S.$": "$.version"}},
        "UpdateExpression": "SET #status = :failed, #failure = :failure REMOVE #token",
        "ExpressionAttributeNames": {"#status": "status", "#failure": "failure", "#token": "taskToken"},
        "ExpressionAttributeValues": {
            ":failed": {"S": "Failed"},
            ":failure": {"S.$": "States.JsonToString($.failure)"},
        },
    }
    return update_item(parameters, ResultPath=None, Catch=catch(following, "$.markFailure"), Next=following)
