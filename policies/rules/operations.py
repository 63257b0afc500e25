"""Operation: logs that end, workflows that tell what they did, alarms that act, tags on everything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from policies.conditions import at_least, must_be, must_be_on, must_be_set, same
from policies.resources import Node, read
from policies.rule import Check, Rule

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE_ALARM = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"

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
        controls=("FSBP StepFunctions.1",),
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
        id="tags-present",
        severity="low",
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
