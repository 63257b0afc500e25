"""Network, messaging and operation: what is good and bad."""

from __future__ import annotations

from typing import Any

from policies.rules.operations import REQUIRED_TAGS
from tests.policies.cases.storage import ACCOUNT, allow, document
from tests.policies.cases.work import ENDPOINT, LOG, VPC
from tests.policies.rows import Case, Row, but, row

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
WORK = [
    row("aws:sqs/queue:Queue", "work", arn="arn:aws:sqs:eu-west-1:123456789012:work", visibilityTimeoutSeconds=180),
    row("aws:lambda/function:Function", "worker", name="worker", timeout=30),
    row(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "source",
        eventSourceArn="arn:aws:sqs:eu-west-1:123456789012:work",
        functionName="worker",
        functionResponseTypes=["ReportBatchItemFailures"],
    ),
]
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
        "sqs-failures-told",
        {"told": WORK, "one at a time": but(WORK, "source", functionResponseTypes=None, batchSize=1), "none": [QUEUE]},
        {"not told": but(WORK, "source", functionResponseTypes=None)},
    ),
    Case(
        "sqs-hidden-while-worked-on",
        {"six times": WORK, "nobody takes": but(WORK, "source", functionName="another")},
        {"too short": but(WORK, "work", visibilityTimeoutSeconds=179), "as declared": but(WORK, "worker", timeout=31)},
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

CASES = (*NETWORK, *MESSAGING, *OPERATIONS)
