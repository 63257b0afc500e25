"""Lambda and SageMaker: what is good and bad."""

from __future__ import annotations

from typing import Any

from tests.policies.cases.storage import ACCOUNT, CACHE
from tests.policies.rows import Case, but, row, without

FUNCTION = row(
    "aws:lambda/function:Function",
    "predict",
    name="mlplatform-dev-predictions",
    runtime="python3.13",
    tracingConfig={"mode": "Active"},
    kmsKeyArn="key",
    environment={"variables": {"CACHE_HOST": "cache.example", "CACHE_SECRET_ARN": "arn:aws:secretsmanager:x"}},
    vpcConfig={"subnetIds": ["subnet-a", "subnet-b"], "securityGroupIds": ["sg"]},
    loggingConfig={"logFormat": "JSON", "logGroup": "/aws/lambda/mlplatform-dev-predictions"},
)
LOG = row(
    "aws:cloudwatch/logGroup:LogGroup",
    "log",
    name="/aws/lambda/mlplatform-dev-predictions",
    retentionInDays=30,
    kmsKeyId="key",
)
ALIAS = row("aws:lambda/alias:Alias", "live", FUNCTION, functionName="mlplatform-dev-predictions", name="live")
TARGET = row(
    "aws:cloudwatch/eventTarget:EventTarget", "approved", ALIAS, arn=ALIAS.outputs["arn"], deadLetterConfig={"arn": "q"}
)
EVENTS = row(
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "failures",
    FUNCTION,
    ALIAS,
    functionName="mlplatform-dev-predictions",
    destinationConfig={"onFailure": {"destination": "q"}},
)
ZONES = [
    row(
        "aws:ec2/subnet:Subnet", f"subnet-{zone}", id=f"subnet-{zone}", availabilityZone=f"eu-west-1{zone}", vpcId="vpc"
    )
    for zone in "ab"
]
ELSEWHERE = [
    row("aws:ec2/subnet:Subnet", f"far-{zone}", availabilityZone=f"eu-central-1{zone}", vpcId="far") for zone in "ab"
]
CALLED = [FUNCTION, LOG, ALIAS, TARGET, EVENTS]
PERMISSION = [
    row(
        "aws:lambda/permission:Permission",
        "may",
        principal="apigateway.amazonaws.com",
        sourceArn="arn:aws:execute-api:x",
    )
]
LAMBDA = (
    Case(
        "lambda-runtime-supported",
        {"supported": [FUNCTION], "image": but([FUNCTION], "predict", runtime=None, packageType="Image")},
        {"old": but([FUNCTION], "predict", runtime="python3.9"), "none": but([FUNCTION], "predict", runtime=None)},
        "runtime is",
    ),
    Case(
        "lambda-permission-bounded",
        {
            "source": PERMISSION,
            "account": but(PERMISSION, "may", sourceArn=None, sourceAccount=ACCOUNT),
            "role": but(PERMISSION, "may", principal=ACCOUNT, sourceArn=None),
        },
        {
            "service": but(PERMISSION, "may", sourceArn=None),
            "everyone": but(PERMISSION, "may", principal="*", sourceArn=None),
            "open url": but(PERMISSION, "may", functionUrlAuthType="NONE"),
        },
    ),
    Case(
        "lambda-url-signed",
        {"signed": [row("aws:lambda/functionUrl:FunctionUrl", authorizationType="AWS_IAM")]},
        {"open": [row("aws:lambda/functionUrl:FunctionUrl", authorizationType="NONE")]},
    ),
    Case(
        "lambda-traced",
        {"active": [FUNCTION]},
        {"off": but([FUNCTION], "predict", tracingConfig=None)},
        "'PassThrough'; allowed: 'Active'",
    ),
    Case(
        "lambda-log-group-declared",
        {"named": [FUNCTION, LOG], "by the function's name": but([FUNCTION, LOG], "predict", loggingConfig=None)},
        {"none": [FUNCTION], "another": but([FUNCTION, LOG], "log", name="/aws/lambda/other")},
        "no log group has the name",
    ),
    Case(
        "lambda-failures-kept",
        {
            "destination": CALLED,
            "queue": but(without(CALLED, "failures"), "predict", deadLetterConfig={"targetArn": "q"}),
            "not called": [FUNCTION],
        },
        {"lost": without(CALLED, "failures")},
        "approved call it",
    ),
    Case(
        "lambda-in-vpc-for-cache",
        {"inside": [FUNCTION, CACHE[0]], "no cache here": but([FUNCTION], "predict", vpcConfig=None)},
        {"outside": but([FUNCTION, CACHE[0]], "predict", vpcConfig=None)},
        "CACHE_HOST",
    ),
    Case(
        "lambda-several-zones",
        {
            "two": [FUNCTION, *ZONES],
            "one zone": but([FUNCTION, ZONES[0]], "predict", vpcConfig={"subnetIds": ["subnet-a"]}),
            "one zone, another region has two": but(
                [FUNCTION, ZONES[0], *ELSEWHERE], "predict", vpcConfig={"subnetIds": ["subnet-a"]}
            ),
            "another for databases": but(
                but([FUNCTION, *ZONES], ZONES[1].name, tags={"Tier": "data"}),
                "predict",
                vpcConfig={"subnetIds": ["subnet-a"]},
            ),
        },
        {
            "one of two": but([FUNCTION, *ZONES], "predict", vpcConfig={"subnetIds": ["subnet-a"]}),
            "one of two, beside a region": but(
                [FUNCTION, *ZONES, *ELSEWHERE], "predict", vpcConfig={"subnetIds": ["subnet-a"]}
            ),
        },
    ),
    Case(
        "lambda-environment-encrypted", {"own key": [FUNCTION]}, {"shared": but([FUNCTION], "predict", kmsKeyArn=None)}
    ),
    Case(
        "lambda-no-secret-in-environment",
        {"arn": [FUNCTION]},
        {"token": but([FUNCTION], "predict", environment={"variables": {"CACHE_TOKEN": "hunter2hunter2"}})},
        "CACHE_TOKEN",
    ),
)

MODEL = row(
    "aws:sagemaker/model:Model", "model", name="m-1", enableNetworkIsolation=True, vpcConfig={"subnets": ["a", "b"]}
)
CONFIG = row(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "config",
    MODEL,
    name="c-1",
    kmsKeyArn="key",
    productionVariants=[
        {"variantName": "live", "modelName": "m-1", "initialInstanceCount": 2, "instanceType": "ml.c5.xlarge"}
    ],
    dataCaptureConfig={"enableCapture": True, "kmsKeyId": "key"},
)
ENDPOINT = row(
    "aws:sagemaker/endpoint:Endpoint",
    "endpoint",
    CONFIG,
    name="predict",
    endpointConfigName="c-1",
    deploymentConfig={"autoRollbackConfiguration": {"alarms": [{"alarmName": "mlplatform-dev-errors"}]}},
)
SERVED = [MODEL, CONFIG, ENDPOINT]
SERVERLESS_VARIANT = [
    {"variantName": "live", "modelName": "m-1", "serverlessConfig": {"memorySizeInMb": 2048, "maxConcurrency": 5}}
]
BARE_MODEL = row("aws:sagemaker/model:Model", "model", name="m-1")
SERVERLESS = [
    BARE_MODEL,
    *but([CONFIG], "config", productionVariants=SERVERLESS_VARIANT, kmsKeyArn=None, dataCaptureConfig=None),
    *but([ENDPOINT], "endpoint", deploymentConfig=None),
]
VPC = row("aws:ec2/vpc:Vpc", "vpc")


def variant(instance: str, count: int = 2) -> list[dict[str, Any]]:
    return [{"variantName": "live", "modelName": "m-1", "initialInstanceCount": count, "instanceType": instance}]


SCALED = [
    row("aws:appautoscaling/target:Target", "scale", resourceId="endpoint/predict/variant/live"),
    row("aws:appautoscaling/policy:Policy", "follow", resourceId="endpoint/predict/variant/live"),
]
SCALE = [row("aws:appautoscaling/target:Target", "scale", serviceNamespace="sagemaker", minCapacity=2)]
NOTEBOOK = [
    row(
        "aws:sagemaker/notebookInstance:NotebookInstance",
        "book",
        directInternetAccess="Disabled",
        rootAccess="Disabled",
        subnetId="s",
        kmsKeyId="k",
    )
]
DOMAIN = [row("aws:sagemaker/domain:Domain", "domain", appNetworkAccessType="VpcOnly", kmsKeyId="k")]
SAGEMAKER = (
    Case(
        "sagemaker-model-isolated",
        {"isolated": SERVED, "serverless": SERVERLESS},
        {"open": but(SERVED, "model", enableNetworkIsolation=False), "unused": [BARE_MODEL]},
    ),
    Case(
        "sagemaker-model-in-own-network",
        {
            "inside": [*SERVED, VPC],
            "no network": but(SERVED, "model", vpcConfig=None),
            "serverless": [*SERVERLESS, VPC],
        },
        {"outside": [*but(SERVED, "model", vpcConfig=None), VPC]},
    ),
    Case(
        "sagemaker-volume-encrypted",
        {
            "key": SERVED,
            "local storage": but(SERVED, "config", kmsKeyArn=None, productionVariants=variant("ml.m5d.large")),
            "serverless": SERVERLESS,
        },
        {
            "none": but(SERVED, "config", kmsKeyArn=None),
            "refused": but(SERVED, "config", productionVariants=variant("ml.g5.xlarge")),
        },
        "kmsKeyArn is",
    ),
    Case(
        "sagemaker-capture-encrypted",
        {"key": SERVED, "off": SERVERLESS},
        {"shared": but(SERVED, "config", dataCaptureConfig={"enableCapture": True})},
    ),
    Case(
        "sagemaker-several-instances",
        {
            "two": [*SERVED, *ZONES],
            "one zone": but([*SERVED, ZONES[0]], "config", productionVariants=variant("ml.c5.xlarge", 1)),
        },
        {"one": but([*SERVED, *ZONES], "config", productionVariants=variant("ml.c5.xlarge", 1))},
        "is 1; allowed: 2 or more",
    ),
    Case(
        "sagemaker-scaling-keeps-two",
        {"two": [*SCALE, *ZONES], "one zone": but([*SCALE, ZONES[0]], "scale", minCapacity=1)},
        {"one": but([*SCALE, *ZONES], "scale", minCapacity=1)},
    ),
    Case(
        "sagemaker-requests-captured",
        {"on": SERVED, "serverless": SERVERLESS},
        {
            "off": but(SERVED, "config", dataCaptureConfig={"enableCapture": False, "kmsKeyId": "key"}),
            "none": but(SERVED, "config", dataCaptureConfig=None),
        },
    ),
    Case(
        "sagemaker-endpoint-scales",
        {
            "scaled": [*SERVED, *SCALED],
            "serverless": SERVERLESS,
            "by itself": but(
                SERVED,
                "config",
                productionVariants=[{**variant("ml.c5.xlarge")[0], "managedInstanceScaling": {"a": 1}}],
            ),
        },
        {
            "nothing": SERVED,
            "another endpoint": [*SERVED, *but(SCALED, "scale", resourceId="endpoint/other/variant/live")],
            "no policy": [*SERVED, SCALED[0]],
        },
        "is about its variants",
    ),
    Case(
        "sagemaker-notebook-stops",
        {"stops": but(NOTEBOOK, "book", lifecycleConfigName="stops")},
        {"stays": NOTEBOOK},
    ),
    Case(
        "sagemaker-update-rolls-back",
        {"alarms": SERVED, "serverless": SERVERLESS},
        {"none": but(SERVED, "endpoint", deploymentConfig=None)},
    ),
    Case(
        "sagemaker-notebook-closed",
        {"closed": NOTEBOOK},
        {
            "internet": but(NOTEBOOK, "book", directInternetAccess=None),
            "root": but(NOTEBOOK, "book", rootAccess="Enabled"),
            "no key": but(NOTEBOOK, "book", kmsKeyId=None),
        },
    ),
    Case(
        "sagemaker-domain-closed",
        {"closed": DOMAIN},
        {"internet": but(DOMAIN, "domain", appNetworkAccessType=None), "no key": but(DOMAIN, "domain", kmsKeyId=None)},
    ),
)

MACHINE = row("aws:sfn/stateMachine:StateMachine", "machine", name="train", definition='{"createTrainingJob": 1}')
ARN = MACHINE.outputs["arn"]
STARTS = row("aws:cloudwatch/eventTarget:EventTarget", "starts", MACHINE, arn=ARN)
MONTHLY = row("aws:scheduler/schedule:Schedule", "monthly", MACHINE, target={"arn": ARN})
ERRORS = row("aws:cloudwatch/metricAlarm:MetricAlarm", "errors", FUNCTION, dimensions={"FunctionName": "predict"})
SHARE = row(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "share",
    FUNCTION,
    metricQueries=[{"expression": "a"}, {"metric": {"dimensions": {"FunctionName": "predict"}}}],
)
NAMED = but([FUNCTION], "predict", name="predict")
OPERATION = (
    Case(
        "alarm-for-each",
        {
            "one metric": [*NAMED, ERRORS],
            "a formula": [*NAMED, SHARE],
            "by ARN": [MACHINE, *but([ERRORS], "errors", dimensions={"StateMachineArn": "arn:aws:states:x:1:s:train"})],
        },
        {"none": NAMED, "another": [*NAMED, *but([ERRORS], "errors", dimensions={"FunctionName": "other"})]},
        "no alarm watches it",
    ),
    Case(
        "workflow-starts-by-itself",
        {
            "event": [MACHINE, STARTS],
            "schedule": [MACHINE, MONTHLY],
            "trains nothing": but([MACHINE], "machine", definition="{}"),
        },
        {"never": [MACHINE]},
        "starts it",
    ),
)

GUARDRAIL = [
    row(
        "aws:bedrock/guardrail:Guardrail",
        "insights",
        kmsKeyArn="key",
        contentPolicyConfig={
            "filtersConfigs": [{"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"}]
        },
    )
]
BEDROCK = (
    Case(
        "guardrail-watches-for-attacks",
        {"watches": GUARDRAIL},
        {
            "nothing": but(GUARDRAIL, "insights", contentPolicyConfig=None),
            "off": but(
                GUARDRAIL,
                "insights",
                contentPolicyConfig={"filtersConfigs": [{"type": "PROMPT_ATTACK", "inputStrength": "NONE"}]},
            ),
        },
        "for PROMPT_ATTACK",
    ),
    Case(
        "guardrail-encrypted",
        {"own key": GUARDRAIL},
        {"the service's key": but(GUARDRAIL, "insights", kmsKeyArn=None)},
    ),
)

CASES = (*BEDROCK, *LAMBDA, *OPERATION, *SAGEMAKER)
