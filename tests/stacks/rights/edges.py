"""What AWS's services do to the resources of a stack in their own names: one access for each thing that is declared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from sandbox.rights import Access
from tests.components.answers import ACCOUNT, outputs
from tests.components.recorder import Recorded
from tests.stacks.platform import evaluated
from tests.stacks.rights.region import Region

ASSUME = "sts:AssumeRole"
KEYED = ("aws:sns/topic:Topic", "aws:sqs/queue:Queue")
Edges = Iterator[Access]
Acl = {"s3:x-amz-acl": ("bucket-owner-full-control",)}


def arn(row: Recorded) -> str:
    """The ARN that AWS gives a resource."""
    return str(outputs(row.type, row.name, row.inputs, row.region)["arn"])


def by(service: str, action: str, resource: str, source: str = "", **more: Any) -> Access:
    """A service's access on behalf of a source in the account."""
    facts = {"aws:securetransport": ("true",), "aws:viaawsservice": ("false",), **more.get("facts", {})}
    if source:
        facts |= {"aws:sourcearn": (source,), "aws:sourceaccount": (ACCOUNT,)}
    return Access(f"service:{service}.amazonaws.com", action, (resource,), facts)


def assumes(service: str, *path: str, sourced: bool = False) -> Callable[[Region, Recorded], Edges]:
    """A service that takes the role which a resource names at a path of its inputs."""

    def edges(_: Region, row: Recorded) -> Edges:
        found: Any = row.inputs
        for name in path:
            found = (found or {}).get(name)
        if found:
            yield by(service, ASSUME, str(found), arn(row) if sourced else "")

    return edges


def in_machine(_: Region, row: Recorded) -> Edges:
    """Step Functions takes the machine's role, SageMaker the roles of the jobs that the machine starts."""
    yield by("states", ASSUME, row.inputs["roleArn"], arn(row))
    for role in sorted(set(re.findall(r'"(?:RoleArn|ExecutionRoleArn)":\s*"(arn:[^"]+)"', row.inputs["definition"]))):
        yield by("sagemaker", ASSUME, role)


def published(service: str, topic: str, source: str, region: Region) -> Edges:
    """A message to a topic, which is encrypted by a key where it has one."""
    yield by(service, "sns:Publish", topic, source)
    yield from keyed(service, _keys(region.stack).get(topic), source)


def sent(service: str, queue: str, source: str, region: Region) -> Edges:
    """A message to a queue."""
    yield by(service, "sqs:SendMessage", queue, source)
    yield from keyed(service, _keys(region.stack).get(queue), source)


@cache
def _keys(stack: str) -> Mapping[str, Any]:
    """The keys of topics and queues, by ARN."""
    rows = (row for token in KEYED for row in evaluated(stack).of_type(token))
    return {arn(row): row.inputs.get("kmsMasterKeyId") for row in rows}


def keyed(service: str, key: Any, source: str) -> Edges:
    """What SNS and SQS ask of a key for whoever sends; EventBridge names no source to KMS."""
    for action in ("kms:Decrypt", "kms:GenerateDataKey") if key else ():
        yield by(service, action, str(key), "" if service == "events" else source)


def of_rule(region: Region, row: Recorded) -> Edges:
    """EventBridge reaches a rule's target in the target's role, or by the target's policy; lost events by policy."""
    rule = f"arn:aws:events:{row.region}:{ACCOUNT}:rule/{row.inputs['rule']}"
    target, role = str(row.inputs["arn"]), row.inputs.get("roleArn")
    if role:
        yield by("events", ASSUME, role, rule)
    elif ":lambda:" in target:
        yield by("events", "lambda:InvokeFunction", target, rule)
    elif ":sns:" in target:
        yield from published("events", target, rule, region)
    else:
        yield from sent("events", target, rule, region)
    lost = (row.inputs.get("deadLetterConfig") or {}).get("arn")
    if lost:
        yield from sent("events", lost, rule, region)


def of_alarm(region: Region, row: Recorded) -> Edges:
    """CloudWatch tells topics of an alarm."""
    name = row.inputs.get("alarmName") or row.inputs.get("name")
    source = f"arn:aws:cloudwatch:{row.region}:{ACCOUNT}:alarm:{name}"
    for noun in ("alarmActions", "okActions", "insufficientDataActions"):
        for target in row.inputs.get(noun) or ():
            if ":sns:" in target:
                yield from published("cloudwatch", target, source, region)


def of_budget(region: Region, row: Recorded) -> Edges:
    """Budgets tell topics what was spent."""
    source = f"arn:aws:budgets::{ACCOUNT}:budget/{row.inputs['name']}"
    for notice in row.inputs["notifications"]:
        for topic in notice.get("subscriberSnsTopicArns") or ():
            yield from published("budgets", topic, source, region)


def of_action(_: Region, row: Recorded) -> Edges:
    """Budgets stop what spends, in a role."""
    source = f"arn:aws:budgets::{ACCOUNT}:budget/{row.inputs['budgetName']}/action/1"
    yield by("budgets", ASSUME, row.inputs["executionRoleArn"], source)


def of_anomalies(region: Region, row: Recorded) -> Edges:
    """Cost Anomaly Detection tells topics."""
    for subscriber in row.inputs["subscribers"]:
        if subscriber["type"] == "SNS":
            yield from published(
                "costalerts", subscriber["address"], f"arn:aws:ce::{ACCOUNT}:anomalysubscription/1", region
            )


def of_log_group(_: Region, row: Recorded) -> Edges:
    """CloudWatch Logs encrypts a group."""
    facts = {"kms:encryptioncontext:aws:logs:arn": (arn(row),)}
    for verb in ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"):
        if row.inputs.get("kmsKeyId"):
            yield by(f"logs.{row.region}", f"kms:{verb}", row.inputs["kmsKeyId"], facts=facts)


def of_access_log(_: Region, row: Recorded) -> Edges:
    """S3 writes down who read a bucket."""
    there = f"arn:aws:s3:::{row.inputs['targetBucket']}/{row.inputs['targetPrefix']}2026-01-01"
    yield by("logging.s3", "s3:PutObject", there, f"arn:aws:s3:::{row.inputs['bucket']}")


def of_inventory(_: Region, row: Recorded) -> Edges:
    """S3 writes down what is in a bucket, under a key."""
    there, source = row.inputs["destination"]["bucket"], f"arn:aws:s3:::{row.inputs['bucket']}"
    place = f"{there['bucketArn']}/{there['prefix']}/{row.inputs['bucket']}/weekly/manifest.json"
    yield by("s3", "s3:PutObject", place, source, facts=Acl)
    key = (there.get("encryption") or {}).get("sseKms")
    if key:
        yield by("s3", "kms:GenerateDataKey", key["keyId"], source)


def of_trail(_: Region, row: Recorded) -> Edges:
    """CloudTrail looks at its bucket, writes to it under a key, and copies to a log."""
    bucket, source = f"arn:aws:s3:::{row.inputs['s3BucketName']}", arn(row)
    yield by("cloudtrail", "s3:GetBucketAcl", bucket, source)
    yield by("cloudtrail", "s3:PutObject", f"{bucket}/AWSLogs/{ACCOUNT}/CloudTrail/x", source, facts=Acl)
    for verb in ("Decrypt", "DescribeKey", "GenerateDataKey"):
        yield by("cloudtrail", f"kms:{verb}", row.inputs["kmsKeyId"], source)
    if row.inputs.get("cloudWatchLogsRoleArn"):
        yield by("cloudtrail", ASSUME, row.inputs["cloudWatchLogsRoleArn"], source)


def of_delivery(_: Region, row: Recorded) -> Edges:
    """CloudWatch Logs delivers the logs of CloudFront to a bucket."""
    there = row.inputs["deliveryDestinationConfiguration"]["destinationResourceArn"]
    if ":s3:::" in there:
        source = f"arn:aws:logs:us-east-1:{ACCOUNT}:delivery-source:{row.inputs['name']}"
        yield by("delivery.logs", "s3:PutObject", f"{there}/AWSLogs/{ACCOUNT}/CloudFront/x", source, facts=Acl)


def of_distribution(_: Region, row: Recorded) -> Edges:
    """CloudFront reads the site's pages from each bucket, and is told of missing ones."""
    for origin in row.inputs["origins"]:
        bucket, dot, _rest = str(origin["domainName"]).partition(".s3.")
        if dot:
            yield by("cloudfront", "s3:GetObject", f"arn:aws:s3:::{bucket}/index.html", arn(row))
            yield by("cloudfront", "s3:ListBucket", f"arn:aws:s3:::{bucket}", arn(row))


def of_rotation(_: Region, row: Recorded) -> Edges:
    """Secrets Manager calls the function that rotates; secrets of RDS rotate without one."""
    if row.inputs.get("rotationLambdaArn"):
        yield by("secretsmanager", "lambda:InvokeFunction", row.inputs["rotationLambdaArn"], row.inputs["secretId"])


def of_pool(_: Region, row: Recorded) -> Edges:
    """Cognito asks functions about who signs up."""
    for trigger in (row.inputs.get("lambdaConfig") or {}).values():
        yield by("cognito-idp", "lambda:InvokeFunction", str(trigger), arn(row))


def of_api(region: Region, row: Recorded) -> Edges:
    """API Gateway calls the function of each route."""
    (stage,) = (
        one
        for one in evaluated(region.stack).of_type("aws:apigateway/stage:Stage")
        if one.inputs["restApi"] == _id(row)
    )
    document: Mapping[str, Any] = json.loads(row.inputs["body"])
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            uri = str((operation.get("x-amazon-apigateway-integration") or {}).get("uri") or "")
            function = uri.partition("/functions/")[2].removesuffix("/invocations")
            if function:
                called = f"{stage.inputs['stageName']}/{method.upper()}{re.sub(r'{[^}]*}', 'x', path)}"
                source = f"arn:aws:execute-api:{row.region}:{ACCOUNT}:{_id(row)}/{called}"
                yield by("apigateway", "lambda:InvokeFunction", function, source)


def of_flow_log(_: Region, row: Recorded) -> Edges:
    """A VPC's traffic is written down."""
    source = f"arn:aws:ec2:{row.region}:{ACCOUNT}:vpc-flow-log/fl-1"
    yield by("vpc-flow-logs", ASSUME, row.inputs["iamRoleArn"], source)


def of_schedule(_: Region, row: Recorded) -> Edges:
    """Scheduler takes the role of a schedule's target."""
    source = f"arn:aws:scheduler:{row.region}:{ACCOUNT}:schedule-group/default"
    yield by("scheduler", ASSUME, row.inputs["target"]["roleArn"], source)


def _id(row: Recorded) -> str:
    return str(outputs(row.type, row.name, row.inputs, row.region)["id"])


EDGES: Mapping[str, Callable[[Region, Recorded], Edges]] = {
    "aws:apigateway/account:Account": assumes("apigateway", "cloudwatchRoleArn"),
    "aws:apigateway/restApi:RestApi": of_api,
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": assumes("backup", "iamRoleArn", sourced=True),
    "aws:backup/selection:Selection": assumes("backup", "iamRoleArn", sourced=True),
    "aws:budgets/budget:Budget": of_budget,
    "aws:budgets/budgetAction:BudgetAction": of_action,
    "aws:cfg/recorder:Recorder": assumes("config", "roleArn", sourced=True),
    "aws:cloudfront/distribution:Distribution": of_distribution,
    "aws:cloudtrail/trail:Trail": of_trail,
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": of_alarm,
    "aws:cloudwatch/eventTarget:EventTarget": of_rule,
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": of_delivery,
    "aws:cloudwatch/logGroup:LogGroup": of_log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": of_alarm,
    "aws:cognito/userPool:UserPool": of_pool,
    "aws:costexplorer/anomalySubscription:AnomalySubscription": of_anomalies,
    "aws:ec2/flowLog:FlowLog": of_flow_log,
    "aws:lambda/function:Function": assumes("lambda", "role"),
    "aws:rds/clusterInstance:ClusterInstance": assumes("monitoring.rds", "monitoringRoleArn", sourced=True),
    "aws:rds/proxy:Proxy": assumes("rds", "roleArn"),
    "aws:s3/bucketLogging:BucketLogging": of_access_log,
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": assumes("s3", "role"),
    "aws:s3/inventory:Inventory": of_inventory,
    "aws:sagemaker/model:Model": assumes("sagemaker", "executionRoleArn"),
    "aws:scheduler/schedule:Schedule": of_schedule,
    "aws:secretsmanager/secretRotation:SecretRotation": of_rotation,
    "aws:sfn/stateMachine:StateMachine": in_machine,
}
"""By type of the resource on whose behalf a service acts."""


def edges(region: Region) -> Iterator[tuple[str, Access]]:
    """Every access of a service in a stack with the name of what it is for, as the region tells names."""
    for row in evaluated(region.stack).resources:
        for found in EDGES[row.type](region, row) if row.type in EDGES else ():
            facts = {key: tuple(map(region.text, values)) for key, values in found.context.items()}
            principal = region.text(found.principal)
            yield row.name, Access(principal, found.action, tuple(map(region.text, found.resources)), facts)
