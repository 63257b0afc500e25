"""Operation: logs that end, workflows that tell what they did, alarms that act, tags on everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from policies.conditions import at_least, must_be, must_be_on, must_be_set, same
from policies.resources import Node, Unknown, read
from policies.rule import Check, Rule

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE = "aws:scheduler/schedule:Schedule"
OPERATED = (
    "aws:lambda/function:Function",
    "aws:sqs/queue:Queue",
    "aws:dynamodb/table:Table",
    STATE_MACHINE,
    ENDPOINT,
)
"""What works, waits or keeps, and fails in ways of its own."""

REQUIRED_TAGS = ("Project", "Environment", "Owner", "CostCenter")
"""Who pays and who answers: the keys that cost reports group by."""

TAGGABLE = frozenset(
    f"aws:{token}"
    for token in (
        "apigateway/restApi:RestApi",
        "apigateway/stage:Stage",
        "apigateway/usagePlan:UsagePlan",
        "accessanalyzer/analyzer:Analyzer",
        "acm/certificate:Certificate",
        "appautoscaling/target:Target",
        "backup/plan:Plan",
        "backup/restoreTestingPlan:RestoreTestingPlan",
        "backup/vault:Vault",
        "budgets/budget:Budget",
        "budgets/budgetAction:BudgetAction",
        "bedrock/guardrail:Guardrail",
        "cfg/rule:Rule",
        "cloudfront/distribution:Distribution",
        "cloudtrail/trail:Trail",
        "chatbot/slackChannelConfiguration:SlackChannelConfiguration",
        "cloudwatch/compositeAlarm:CompositeAlarm",
        "cloudwatch/contributorInsightRule:ContributorInsightRule",
        "cloudwatch/eventRule:EventRule",
        "cloudwatch/logGroup:LogGroup",
        "cloudwatch/metricAlarm:MetricAlarm",
        "cognito/identityPool:IdentityPool",
        "cognito/userPool:UserPool",
        "costexplorer/anomalyMonitor:AnomalyMonitor",
        "costexplorer/anomalySubscription:AnomalySubscription",
        "dynamodb/table:Table",
        "ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "ec2/eip:Eip",
        "ec2/flowLog:FlowLog",
        "ec2/internetGateway:InternetGateway",
        "ec2/natGateway:NatGateway",
        "ec2/routeTable:RouteTable",
        "ec2/securityGroup:SecurityGroup",
        "ec2/subnet:Subnet",
        "ec2/vpc:Vpc",
        "ec2/vpcEndpoint:VpcEndpoint",
        "elasticache/parameterGroup:ParameterGroup",
        "elasticache/replicationGroup:ReplicationGroup",
        "elasticache/subnetGroup:SubnetGroup",
        "globalaccelerator/accelerator:Accelerator",
        "guardduty/detector:Detector",
        "iam/policy:Policy",
        "iam/role:Role",
        "kms/key:Key",
        "kms/replicaKey:ReplicaKey",
        "lambda/function:Function",
        "lb/loadBalancer:LoadBalancer",
        "lb/targetGroup:TargetGroup",
        "rds/cluster:Cluster",
        "rds/clusterInstance:ClusterInstance",
        "rds/clusterParameterGroup:ClusterParameterGroup",
        "rds/proxy:Proxy",
        "rds/proxyEndpoint:ProxyEndpoint",
        "rds/subnetGroup:SubnetGroup",
        "s3/bucket:Bucket",
        "sagemaker/endpoint:Endpoint",
        "sagemaker/endpointConfiguration:EndpointConfiguration",
        "sagemaker/model:Model",
        "sagemaker/modelPackageGroup:ModelPackageGroup",
        "secretsmanager/secret:Secret",
        "sfn/stateMachine:StateMachine",
        "sns/topic:Topic",
        "sqs/queue:Queue",
        "wafv2/webAcl:WebAcl",
        "xray/samplingRule:SamplingRule",
    )
)
"""Types that cost money or hold data and take tags."""


def tagged(required: Sequence[str] = REQUIRED_TAGS) -> Check:
    """All required tags, on the resource or by the provider's default tags."""

    def check(node: Node) -> Iterable[str]:
        tags = {**node.read("tagsAll", {}), **node.read("tags", {})}
        missing = [key for key in required if key not in tags]
        if missing:
            yield f"tags lacks {', '.join(missing)}"

    return check


def alarm_acts(alarm: Node) -> Iterable[str]:
    """An alarm tells somebody, or stops a deployment."""
    if not same(alarm.read("actionsEnabled", default=True), allowed=True):
        yield "actionsEnabled is False; allowed: True"
    if alarm.rows("alarmActions"):
        return
    name = alarm.read("name", alarm.name)
    rolled_back_by = [
        read(row, "alarmName")
        for endpoint in alarm.stack.of_type(ENDPOINT)
        for row in endpoint.rows("deploymentConfig.autoRollbackConfiguration.alarms")
    ]
    composites = [node.read("alarmRule", "") for node in alarm.stack.of_type(COMPOSITE_ALARM)]
    if name not in rolled_back_by and not any(f'"{name}"' in rule or f"({name})" in rule for rule in composites):
        yield "alarmActions is empty, and neither a rollback nor a composite alarm uses it"


def watched(node: Node) -> Iterable[str]:
    """Some alarm of the region looks at it, directly or within a formula."""
    unknown: list[Unknown] = []
    for alarm in (alarm for alarm in node.stack.of_type(ALARM) if alarm.region == node.region):
        values = list(_watches(alarm))
        blind = [value for value in values if isinstance(value, Unknown)]
        names = [value for value in values if not isinstance(value, Unknown)]
        if any(name in node.identities or name.endswith(f":{node.read('name')}") for name in names):
            return
        if blind and any(alarm.comes_from(prop, node) for prop in ("dimensions", "metricQueries")):
            return
        unknown += blind
    for value in unknown[:1]:
        value.use()
    yield "no alarm watches it"


def _watches(alarm: Node) -> Iterator[Any]:
    """Values of all dimensions of an alarm's metrics, as far as they are known."""
    metrics = [alarm.props, *(read(row, "metric", {}) for row in alarm.rows("metricQueries"))]
    for metric in metrics:
        found = metric.get("dimensions") or {}
        yield from [found] if isinstance(found, Unknown) else found.values()


def starts_by_itself(machine: Node) -> Iterable[str]:
    """A workflow that trains has an event or a schedule that starts it."""
    if "createTrainingJob" not in str(machine.read("definition", "")):
        return
    if machine.companions(EVENT_TARGET, "arn"):
        return
    for schedule in machine.stack.of_type(SCHEDULE):
        started = schedule.read("target", {}).get("arn")
        if started in machine.identities or schedule.comes_from("target", machine):
            return
    yield "no event and no schedule starts it"


RULES = (
    Rule(
        id="logs-end",
        severity="medium",
        controls=("FSBP CloudWatch.16",),
        types=(LOG_GROUP,),
        what="Every log group has a retention.",
        why="Logs are paid for without end, and keep what should have been forgotten.",
        mend="set retention_in_days",
        check=at_least("retentionInDays", 1),
    ),
    Rule(
        id="logs-encrypted-by-own-key",
        severity="medium",
        types=(LOG_GROUP,),
        what="Every log group is encrypted by a KMS key of ours.",
        why="Only a key of ours can be audited, bounded and revoked.",
        mend="set kms_key_id, and let logs.<region>.amazonaws.com use the key",
        check=must_be_set("kmsKeyId"),
    ),
    Rule(
        id="workflow-logged",
        severity="medium",
        controls=("FSBP StepFunctions.1", "ML Lens MLCOST06-BP04"),
        types=(STATE_MACHINE,),
        what="Every state machine logs its failures at least.",
        why="The history of an execution is gone after 90 days, and cannot be searched.",
        mend="set logging_configuration.level to ERROR or ALL, with log_destination",
        check=must_be("loggingConfiguration.level", "ALL", "ERROR", "FATAL", default="OFF"),
    ),
    Rule(
        id="workflow-traced",
        severity="low",
        types=(STATE_MACHINE,),
        what="Every state machine is traced by X-Ray.",
        why="A slow training could not be followed from its start to the model.",
        mend="set tracing_configuration.enabled to True",
        check=must_be_on("tracingConfiguration.enabled"),
    ),
    Rule(
        id="alarm-acts",
        severity="medium",
        controls=("FSBP CloudWatch.15", "FSBP CloudWatch.17"),
        types=(ALARM,),
        scope="stack",
        what="Every alarm tells somebody, or takes a deployment back.",
        why="A red alarm that nobody hears is worse than none.",
        mend="set alarm_actions to the alarm topic",
        check=alarm_acts,
    ),
    Rule(
        id="alarm-for-each",
        severity="medium",
        controls=("ML Lens MLOPS05-BP01", "ML Lens MLPERF06-BP04"),
        types=OPERATED,
        scope="stack",
        what="Some alarm watches each function, queue, table, state machine and endpoint.",
        why="What nobody watches fails until a user calls.",
        mend="declare an alarm with its name in the component's alarms()",
        check=watched,
    ),
    Rule(
        id="workflow-starts-by-itself",
        severity="low",
        controls=("ML Lens MLPERF06-BP05", "ML Lens MLPERF06-BP06"),
        types=(STATE_MACHINE,),
        scope="stack",
        what="A workflow that trains is started by an event or a schedule.",
        why="A model that is trained when somebody thinks of it is an old model.",
        mend="add an EventTarget or a Schedule whose target is the state machine",
        check=starts_by_itself,
    ),
    Rule(
        id="tags-present",
        severity="low",
        controls=("ML Lens MLCOST04-BP12", "ML Lens MLCOST06-BP01"),
        types=tuple(sorted(TAGGABLE)),
        what=f"Everything that costs money or holds data has the tags {', '.join(REQUIRED_TAGS)}.",
        why="Nobody could say who pays for it and who answers for it.",
        mend="set them once as default tags of the provider",
        options={
            "required": {"type": "array", "items": {"type": "string"}, "default": list(REQUIRED_TAGS)},
        },
        configured=lambda options: tagged(options["required"]),
        check=tagged(),
    ),
)
