"""Lambda, SageMaker, network, messaging, operation: what is good and bad."""

from __future__ import annotations

from typing import Any

from policies.rules.operations import REQUIRED_TAGS
from tests.policies.cases.storage import ACCOUNT, allow, document
from tests.policies.rows import Case, Row, but, row, without

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
ZONES = [row("aws:ec2/subnet:Subnet", f"subnet-{zone}", availabilityZone=f"eu-west-1{zone}") for zone in "ab"]
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
        {"inside": [FUNCTION]},
        {"outside": but([FUNCTION], "predict", vpcConfig=None)},
        "CACHE_HOST",
    ),
    Case(
        "lambda-several-zones",
        {
            "two": [FUNCTION, *ZONES],
            "one zone": but([FUNCTION, ZONES[0]], "predict", vpcConfig={"subnetIds": ["subnet-a"]}),
        },
        {"one of two": but([FUNCTION, *ZONES], "predict", vpcConfig={"subnetIds": ["subnet-a"]})},
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

GROUP = row("aws:ec2/securityGroup:SecurityGroup", "group")


def ingress(port: int, source: str = "0.0.0.0/0", **more: Any) -> Row:
    rule = {"securityGroupId": "group-id", "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": source}
    return row("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", GROUP, **{**rule, **more})


BALANCER = row("aws:lb/loadBalancer:LoadBalancer", "balancer", GROUP, securityGroups=["group-id"])
DEFAULT = row("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default", VPC, vpcId="vpc-id")
FLOWS = row("aws:ec2/flowLog:FlowLog", "flows", VPC, vpcId="vpc-id", trafficType="ALL")
SUBNET = [row("aws:ec2/subnet:Subnet", "private")]
INLINE = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}
OLD = row(
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "old",
    GROUP,
    type="ingress",
    securityGroupId="group-id",
    protocol="tcp",
    fromPort=22,
    toPort=22,
    cidrBlocks=["0.0.0.0/0"],
)
SSH = {"protocol": "tcp", "fromPort": 0, "toPort": 1024, "cidrBlock": "0.0.0.0/0", "action": "allow"}
ACL = [row("aws:ec2/networkAcl:NetworkAcl", "acl", ingress=[{**SSH, "fromPort": 443, "toPort": 443}])]
NETWORK = (
    Case(
        "network-ingress-closed",
        {
            "private": [GROUP, ingress(6379, "10.0.0.0/16")],
            "https to a balancer": [GROUP, BALANCER, ingress(443)],
            "egress": but([GROUP, OLD], "old", type="egress"),
        },
        {
            "redis": [GROUP, ingress(6379)],
            "https to a function": [GROUP, ingress(443)],
            "v6": [GROUP, BALANCER, ingress(22, "10.0.0.0/8", cidrIpv6="::/0")],
            "a range over 443": [GROUP, BALANCER, ingress(443, toPort=444)],
            "inline": but([GROUP, BALANCER], "group", ingress=[INLINE]),
            "old": [GROUP, OLD],
        },
        "it lets in",
    ),
    Case(
        "network-default-group-closed",
        {"empty": [VPC, DEFAULT]},
        {"none": [VPC], "open": but([VPC, DEFAULT], "default", egress=[INLINE])},
    ),
    Case(
        "network-flows-logged",
        {"all": [VPC, FLOWS]},
        {"none": [VPC], "accepted only": but([VPC, FLOWS], "flows", trafficType="ACCEPT")},
        "flow log",
    ),
    Case(
        "network-no-public-addresses", {"private": SUBNET}, {"public": but(SUBNET, "private", mapPublicIpOnLaunch=True)}
    ),
    Case(
        "network-acl-closed",
        {"https": ACL, "denied": but(ACL, "acl", ingress=[{**SSH, "action": "deny"}])},
        {"ssh": but(ACL, "acl", ingress=[SSH]), "all": but(ACL, "acl", ingress=[{**SSH, "protocol": "-1"}])},
    ),
)

TOPIC = row("aws:sns/topic:Topic", "topic", kmsMasterKeyId="key-id")
PLAIN = {
    "Effect": "Deny",
    "Action": "sns:Publish",
    "Principal": "*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
FROM_ALARMS = allow("sns:Publish", {"Service": "cloudwatch.amazonaws.com"}, StringEquals={"aws:SourceAccount": ACCOUNT})
TOPIC_POLICY = row(
    "aws:sns/topicPolicy:TopicPolicy",
    "topic-policy",
    TOPIC,
    arn=TOPIC.outputs["arn"],
    policy=document(PLAIN, FROM_ALARMS),
)
TOPICS = [TOPIC, TOPIC_POLICY]
QUEUE = row("aws:sqs/queue:Queue", "dead", sqsManagedSseEnabled=True)
QUEUE_POLICY = row(
    "aws:sqs/queuePolicy:QueuePolicy",
    "queue-policy",
    QUEUE,
    queueUrl="dead-id",
    policy=document({**PLAIN, "Action": "sqs:*"}),
)
EVENT = row(
    "aws:cloudwatch/eventTarget:EventTarget",
    "upload",
    QUEUE,
    arn="machine",
    deadLetterConfig={"arn": QUEUE.outputs["arn"]},
)
SCHEDULE = [
    row("aws:scheduler/schedule:Schedule", "monthly", target={"arn": "machine", "deadLetterConfig": {"arn": "q"}})
]
MESSAGING = (
    Case(
        "sns-encrypted",
        {"own": TOPICS},
        {
            "none": but(TOPICS, "topic", kmsMasterKeyId=None),
            "shared": but(TOPICS, "topic", kmsMasterKeyId="alias/aws/sns"),
        },
        "kmsMasterKeyId",
    ),
    Case(
        "sqs-encrypted",
        {"managed": [QUEUE], "key": but([QUEUE], "dead", kmsMasterKeyId="k", sqsManagedSseEnabled=False)},
        {"off": but([QUEUE], "dead", sqsManagedSseEnabled=False)},
    ),
    Case(
        "messaging-policy-bounded",
        {"bounded": TOPICS, "queue": [QUEUE, QUEUE_POLICY]},
        {
            "everyone": but(TOPICS, "topic-policy", policy=document(allow("sns:Publish", "*"))),
            "a service": but(
                TOPICS, "topic-policy", policy=document(allow("sns:Publish", {"Service": "events.amazonaws.com"}))
            ),
        },
    ),
    Case(
        "sns-tls-only",
        {"denied": TOPICS},
        {"no policy": [TOPIC], "no denial": but(TOPICS, "topic-policy", policy=document(FROM_ALARMS))},
    ),
    Case(
        "sqs-tls-only",
        {
            "denied": [QUEUE, QUEUE_POLICY],
            "inline": but([QUEUE], "dead", policy=document({**PLAIN, "Action": "sqs:*"})),
        },
        {"no policy": [QUEUE]},
    ),
    Case(
        "sqs-gives-up",
        {"redrive": but([QUEUE], "dead", redrivePolicy="{}1"), "is one": [QUEUE, EVENT]},
        {"for ever": [QUEUE]},
    ),
    Case(
        "events-target-keeps-failures",
        {"queue": [QUEUE, EVENT]},
        {"none": but([QUEUE, EVENT], "upload", deadLetterConfig=None)},
    ),
    Case("schedule-keeps-failures", {"queue": SCHEDULE}, {"none": but(SCHEDULE, "monthly", target={"arn": "machine"})}),
)

MACHINE = [
    row(
        "aws:sfn/stateMachine:StateMachine",
        "machine",
        loggingConfiguration={"level": "ERROR"},
        tracingConfiguration={"enabled": True},
    )
]
ALARM = row("aws:cloudwatch/metricAlarm:MetricAlarm", "errors", name="mlplatform-dev-errors", alarmActions=["topic"])
SILENT = but([ALARM], "errors", alarmActions=None)
COMPOSITE = row("aws:cloudwatch/compositeAlarm:CompositeAlarm", "down", alarmRule='ALARM("mlplatform-dev-errors")')
TAGS = dict.fromkeys(REQUIRED_TAGS, "x")
OPERATIONS = (
    Case(
        "logs-end",
        {"kept a month": [LOG]},
        {"for ever": but([LOG], "log", retentionInDays=0), "not set": but([LOG], "log", retentionInDays=None)},
    ),
    Case("logs-encrypted-by-own-key", {"own": [LOG]}, {"shared": but([LOG], "log", kmsKeyId=None)}),
    Case("workflow-logged", {"errors": MACHINE}, {"off": but(MACHINE, "machine", loggingConfiguration=None)}),
    Case("workflow-traced", {"on": MACHINE}, {"off": but(MACHINE, "machine", tracingConfiguration=None)}),
    Case(
        "alarm-acts",
        {"tells": [ALARM], "rolls back": [*SILENT, ENDPOINT], "composite": [*SILENT, COMPOSITE]},
        {"silent": SILENT, "off": but([ALARM], "errors", actionsEnabled=False)},
    ),
    Case(
        "tags-present",
        {
            "own": [row("aws:sns/topic:Topic", tags=TAGS)],
            "default": [row("aws:sns/topic:Topic", tagsAll=TAGS)],
            "both": [row("aws:sns/topic:Topic", tags={"Owner": "me"}, tagsAll=TAGS)],
        },
        {
            "none": [row("aws:sns/topic:Topic")],
            "one missing": [row("aws:sns/topic:Topic", tags=dict.fromkeys(REQUIRED_TAGS[1:], "x"))],
        },
        REQUIRED_TAGS[0],
    ),
)

CASES = (*LAMBDA, *SAGEMAKER, *NETWORK, *MESSAGING, *OPERATIONS)
