"""Models, endpoints, their scaling, and state machines."""

from __future__ import annotations

from sandbox.recipes.recipe import Answer, Recipe, Work, hands

_ARN = "arn:aws:sagemaker:{region}:{account}:"
_RUNS_HERE = "moto forgets it; the sandbox's own endpoint processes read what is declared"


def _logging(work: Work) -> None:
    declared = work.inputs.get("loggingConfiguration")
    if not declared:
        return
    configuration = {
        "level": declared.get("level", "OFF"),
        "includeExecutionData": bool(declared.get("includeExecutionData")),
    }
    if declared.get("logDestination"):
        configuration["destinations"] = [{"cloudWatchLogsLogGroup": {"logGroupArn": declared["logDestination"]}}]
    work.parameters["loggingConfiguration"] = configuration
    work.dropped["loggingConfiguration"] = "moto writes no execution log"


ROWS = {
    "aws:sagemaker/model:Model": Recipe(
        call="sagemaker.create_model",
        rename={"name": "ModelName"},
        lost={"enableNetworkIsolation": "moto stores false; a local process has the network of this machine"},
        outputs={"arn": _ARN + "model/{name}"},
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": Recipe(
        call="sagemaker.create_endpoint_config",
        rename={"name": "EndpointConfigName", "kmsKeyArn": "KmsKeyId"},
        lost={"shadowProductionVariants": _RUNS_HERE, "executionRoleArn": _RUNS_HERE},
        outputs={"arn": _ARN + "endpoint-config/{name}"},
    ),
    "aws:sagemaker/endpoint:Endpoint": Recipe(
        call="sagemaker.create_endpoint",
        rename={"name": "EndpointName"},
        lost={"deploymentConfig": _RUNS_HERE},
        outputs={"arn": _ARN + "endpoint/{name}"},
    ),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": Recipe(
        call="sagemaker.create_model_package_group",
        id="{modelPackageGroupName}",
        outputs={"arn": _ARN + "model-package-group/{modelPackageGroupName}"},
    ),
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": Recipe(
        recorded="moto keeps no policies of model package groups",
        id="{modelPackageGroupName}",
    ),
    "aws:appautoscaling/target:Target": Recipe(
        call="application-autoscaling.register_scalable_target",
        lost={"maxCapacity": "one local process serves an endpoint, whatever its load"},
        id="{resourceId}",
        outputs={
            "arn": Answer(
                "ScalableTargetARN", "arn:aws:application-autoscaling:{region}:{account}:scalable-target/{hash:12}"
            )
        },
    ),
    "aws:appautoscaling/policy:Policy": Recipe(
        call="application-autoscaling.put_scaling_policy",
        rename={"name": "PolicyName"},
        outputs={
            "arn": Answer(
                "PolicyARN",
                "arn:aws:autoscaling:{region}:{account}:scalingPolicy:{hash:36}:resource/{serviceNamespace}/{resourceId}:policyName/{name}",
            ),
        },
    ),
    "aws:sfn/stateMachine:StateMachine": Recipe(
        call="stepfunctions.create_state_machine",
        by_hand=hands("loggingConfiguration"),
        shape=_logging,
        id=Answer("stateMachineArn", "arn:aws:states:{region}:{account}:stateMachine:{name}"),
        outputs={"arn": "{id}", "status": lambda _work: "ACTIVE"},
    ),
    "aws:sfn/activity:Activity": Recipe(
        call="stepfunctions.create_activity",
        id=Answer("activityArn", "arn:aws:states:{region}:{account}:activity:{name}"),
        outputs={"arn": "{id}"},
    ),
}
