"""Calls of what does work and tells of it."""

from __future__ import annotations

from sandbox.rights.actions.roles import ADMINISTRATORS, ANYONE
from tests.sandbox.rights.actions.case import KEY, KEYED, MACHINE, arn, case
from tests.sandbox.rights.calls import ACCOUNT

JOBS = f"arn:aws:iam::{ACCOUNT}:role/jobs"
QUEUE = {"QueueUrl": f"http://127.0.0.1:4566/{ACCOUNT}/jobs"}
SEALED_QUEUE = {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/{KEYED}"}
SEALED_TOPIC = arn("sns", KEYED)
EXECUTION = arn("states", "execution:training:1")
GROUP = arn("logs", "log-group:/aws/lambda/f")
LOGS = {"logGroupName": "/aws/lambda/f", "logStreamName": "s"}
PROFILE = arn("bedrock", "inference-profile/us.anthropic.claude-v1:0")
MODELS = tuple(
    arn("bedrock", "foundation-model/anthropic.claude-v1:0", region=region, account="")
    for region in ("us-east-1", "us-east-2", "us-west-2")
)
ONE_MODEL = arn("bedrock", "foundation-model/anthropic.claude-v1:0", account="")


def thing(kind: str, name: str) -> str:
    """The ARN of something of SageMaker."""
    return arn("sagemaker", f"{kind}/{name}")


JOB = {"RoleArn": JOBS, "Tags": [{"Key": "Owner", "Value": "ml"}]}

SERVICES = (
    case(
        "sqs",
        "ChangeMessageVisibility DeleteMessage GetQueueAttributes PurgeQueue ReceiveMessage SendMessage",
        ("sqs:OPERATION", arn("sqs", "jobs")),
        **QUEUE,
    ),
    case("sqs", "ChangeMessageVisibilityBatch", ("sqs:ChangeMessageVisibility", arn("sqs", "jobs")), **QUEUE),
    case("sqs", "DeleteMessageBatch", ("sqs:DeleteMessage", arn("sqs", "jobs")), **QUEUE),
    case("sqs", "GetQueueUrl", ("sqs:GetQueueUrl", arn("sqs", "jobs")), QueueName="jobs"),
    case("sqs", "ListQueues", ("sqs:ListQueues", "*")),
    case("sqs", "ReceiveMessage", ("sqs:ReceiveMessage", arn("sqs", KEYED)), ("kms:Decrypt", KEY), **SEALED_QUEUE),
    case(
        "sqs",
        "SendMessage SendMessageBatch",
        ("sqs:SendMessage", arn("sqs", KEYED)),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", KEY),
        **SEALED_QUEUE,
    ),
    case("sns", "Publish PublishBatch", ("sns:Publish", arn("sns", "alarms")), TopicArn=arn("sns", "alarms")),
    case(
        "sns",
        "Publish",
        ("sns:Publish", SEALED_TOPIC),
        ("kms:GenerateDataKey", KEY),
        ("kms:Decrypt", KEY),
        TargetArn=SEALED_TOPIC,
    ),
    case("sns", "Publish", ("sns:Publish", "*"), PhoneNumber="+15550100"),
    case("sns", "GetTopicAttributes", ("sns:GetTopicAttributes", arn("sns", "alarms")), TopicArn=arn("sns", "alarms")),
    case(
        "events",
        "DescribeRule DisableRule EnableRule PutRule",
        ("events:OPERATION", arn("events", "rule/nightly")),
        Name="nightly",
    ),
    case(
        "events", "PutRule", ("events:PutRule", arn("events", "rule/ours/nightly")), Name="nightly", EventBusName="ours"
    ),
    case("events", "ListTargetsByRule", ("events:ListTargetsByRule", arn("events", "rule/nightly")), Rule="nightly"),
    case("events", "ListRules", ("events:ListRules", "*")),
    case(
        "events",
        "PutTargets",
        ("events:PutTargets", arn("events", "rule/nightly")),
        ("iam:PassRole", JOBS),
        Rule="nightly",
        Targets=[{"Id": "1", "Arn": MACHINE, "RoleArn": JOBS}, {"Id": "2", "Arn": arn("sqs", "jobs")}],
    ),
    case(
        "events",
        "PutEvents",
        ("events:PutEvents", arn("events", "event-bus/default")),
        ("events:PutEvents", arn("events", "event-bus/ours")),
        Entries=[{"Source": "a"}, {"Source": "a", "EventBusName": "ours"}],
    ),
    case(
        "scheduler",
        "GetSchedule",
        ("scheduler:GetSchedule", arn("scheduler", "schedule/default/nightly")),
        Name="nightly",
    ),
    case(
        "scheduler",
        "UpdateSchedule",
        ("scheduler:UpdateSchedule", arn("scheduler", "schedule/ours/nightly")),
        ("iam:PassRole", JOBS),
        Name="nightly",
        GroupName="ours",
        Target={"Arn": MACHINE, "RoleArn": JOBS},
    ),
    case(
        "sagemaker",
        "CreateTrainingJob",
        ("sagemaker:CreateTrainingJob", thing("training-job", "first")),
        ("sagemaker:AddTags", thing("training-job", "first")),
        ("iam:PassRole", JOBS),
        ("kms:CreateGrant", KEY),
        TrainingJobName="First",
        ResourceConfig={"VolumeKmsKeyId": "alias/data"},
        **JOB,
    ),
    case(
        "sagemaker",
        "CreateProcessingJob",
        ("sagemaker:CreateProcessingJob", thing("processing-job", "first")),
        ("sagemaker:AddTags", thing("processing-job", "first")),
        ("iam:PassRole", JOBS),
        ("kms:CreateGrant", KEY),
        ProcessingJobName="first",
        ProcessingResources={"ClusterConfig": {"VolumeKmsKeyId": KEY}},
        **JOB,
    ),
    case(
        "sagemaker",
        "CreateTransformJob",
        ("sagemaker:CreateTransformJob", thing("transform-job", "first")),
        ("kms:CreateGrant", KEY),
        TransformJobName="first",
        TransformResources={"VolumeKmsKeyId": KEY},
        TransformOutput={"KmsKeyId": KEY},
    ),
    case(
        "sagemaker",
        "CreateModel",
        ("sagemaker:CreateModel", thing("model", "first")),
        ("iam:PassRole", JOBS),
        ModelName="first",
        ExecutionRoleArn=JOBS,
    ),
    case(
        "sagemaker",
        "CreateEndpointConfig",
        ("sagemaker:CreateEndpointConfig", thing("endpoint-config", "first")),
        ("kms:CreateGrant", KEY),
        EndpointConfigName="first",
        KmsKeyId=KEY,
    ),
    case(
        "sagemaker",
        "UpdateEndpoint",
        ("sagemaker:UpdateEndpoint", thing("endpoint", "predict"), thing("endpoint-config", "first")),
        EndpointName="predict",
        EndpointConfigName="first",
    ),
    case(
        "sagemaker",
        "CreateModelPackage",
        ("sagemaker:CreateModelPackage", thing("model-package-group", "ours"), thing("model-package", "ours/1")),
        ("sagemaker:AddTags", thing("model-package", "ours/1")),
        ModelPackageGroupName="ours",
        Tags=[{"Key": "a", "Value": "b"}],
    ),
    case(
        "sagemaker",
        "CreateModelPackage",
        ("sagemaker:CreateModelPackage", thing("model-package", "one")),
        ModelPackageName="One",
    ),
    case(
        "sagemaker",
        "DescribeModelPackage UpdateModelPackage",
        ("sagemaker:OPERATION", thing("model-package", "ours/3")),
        ModelPackageArn=thing("model-package", "ours/3"),
    ),
    case("sagemaker", "ListModelPackages", ("sagemaker:ListModelPackages", "*")),
    case(
        "sagemaker",
        "AddTags ListTags",
        ("sagemaker:OPERATION", thing("model", "first")),
        ResourceArn=thing("model", "first"),
    ),
    *(
        case("sagemaker", operations, ("sagemaker:OPERATION", thing(kind, "first")), **{f"{noun}Name": "First"})
        for operations, noun, kind in (
            ("DeleteEndpoint DescribeEndpoint", "Endpoint", "endpoint"),
            ("DeleteEndpointConfig DescribeEndpointConfig", "EndpointConfig", "endpoint-config"),
            ("DeleteModel DescribeModel", "Model", "model"),
            ("DescribeModelPackageGroup", "ModelPackageGroup", "model-package-group"),
            ("DescribeProcessingJob StopProcessingJob", "ProcessingJob", "processing-job"),
            ("DescribeTrainingJob StopTrainingJob", "TrainingJob", "training-job"),
            ("DescribeTransformJob StopTransformJob", "TransformJob", "transform-job"),
        )
    ),
    case(
        "sagemaker-runtime",
        "InvokeEndpoint InvokeEndpointWithResponseStream",
        ("sagemaker:InvokeEndpoint", thing("endpoint", "predict")),
        EndpointName="Predict",
    ),
    case(
        "sagemaker-runtime",
        "InvokeEndpointAsync",
        ("sagemaker:InvokeEndpointAsync", thing("endpoint", "predict")),
        EndpointName="predict",
    ),
    case(
        "bedrock-runtime", "Converse InvokeModel", ("bedrock:InvokeModel", ONE_MODEL), modelId="anthropic.claude-v1:0"
    ),
    case(
        "bedrock-runtime",
        "Converse InvokeModel",
        ("bedrock:InvokeModel", PROFILE),
        ("bedrock:InvokeModel", *MODELS),
        modelId="us.anthropic.claude-v1:0",
    ),
    case(
        "bedrock-runtime",
        "ConverseStream InvokeModelWithResponseStream",
        ("bedrock:InvokeModelWithResponseStream", PROFILE),
        ("bedrock:InvokeModelWithResponseStream", *MODELS),
        modelId=PROFILE,
    ),
    case(
        "bedrock-runtime",
        "Converse",
        ("bedrock:InvokeModel", ONE_MODEL),
        ("bedrock:ApplyGuardrail", arn("bedrock", f"guardrail/{KEYED}")),
        ("kms:Decrypt", KEY),
        modelId=ONE_MODEL,
        guardrailConfig={"guardrailIdentifier": KEYED, "guardrailVersion": "1"},
    ),
    case(
        "bedrock-runtime",
        "ApplyGuardrail",
        ("bedrock:ApplyGuardrail", arn("bedrock", "guardrail/g")),
        guardrailIdentifier=arn("bedrock", "guardrail/g"),
    ),
    case(
        "comprehend",
        "DetectDominantLanguage DetectEntities DetectKeyPhrases DetectPiiEntities DetectSentiment",
        ("comprehend:OPERATION", "*"),
    ),
    case("stepfunctions", "StartExecution", ("states:StartExecution", MACHINE), stateMachineArn=f"{MACHINE}:live"),
    case(
        "stepfunctions", "DescribeStateMachine ListExecutions", ("states:OPERATION", MACHINE), stateMachineArn=MACHINE
    ),
    case(
        "stepfunctions",
        "DescribeExecution GetExecutionHistory StopExecution",
        ("states:OPERATION", EXECUTION),
        executionArn=EXECUTION,
    ),
    case(
        "stepfunctions",
        "SendTaskFailure SendTaskHeartbeat SendTaskSuccess",
        ("states:OPERATION", MACHINE),
        taskToken="token",
    ),
    case("stepfunctions", "SendTaskSuccess", ("states:SendTaskSuccess", "*"), taskToken="nobody's"),
    case("stepfunctions", "ListStateMachines", ("states:ListStateMachines", "*")),
    *(
        case("lambda", operations, ("lambda:InvokeFunction", arn("lambda", name)), **params)
        for operations, name, params in (
            ("Invoke InvokeAsync InvokeWithResponseStream", "function:f", {"FunctionName": "f"}),
            ("Invoke", "function:f:live", {"FunctionName": "f:live"}),
            ("Invoke", "function:f:live", {"FunctionName": "f", "Qualifier": "live"}),
            ("Invoke", "function:f:live", {"FunctionName": arn("lambda", "function:f:live")}),
            ("Invoke", "function:f:live", {"FunctionName": arn("lambda", "function:f"), "Qualifier": "live"}),
            ("Invoke", "function:f:live", {"FunctionName": f"{ACCOUNT}:function:f:live"}),
        )
    ),
    case(
        "lambda",
        "GetFunction GetFunctionConfiguration",
        ("lambda:OPERATION", arn("lambda", "function:f")),
        FunctionName="f",
    ),
    case(
        "cognito-idp",
        " ".join(ADMINISTRATORS),
        ("cognito-idp:OPERATION", arn("cognito-idp", "userpool/eu-west-1_a")),
        UserPoolId="eu-west-1_a",
    ),
    case("cognito-idp", " ".join(ANYONE), ClientId="c"),
    case("cognito-idp", "ListUserPools", ("cognito-idp:ListUserPools", "*")),
    case("cognito-identity", "GetCredentialsForIdentity GetId GetOpenIdToken", IdentityId="i"),
    case("sts", "GetCallerIdentity"),
    case("sts", "AssumeRole AssumeRoleWithWebIdentity", ("sts:OPERATION", JOBS), RoleArn=JOBS),
    case(
        "iam",
        "AttachRolePolicy DetachRolePolicy GetRole ListAttachedRolePolicies",
        ("iam:OPERATION", JOBS),
        RoleName="jobs",
        PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/stop",
    ),
    case("logs", "CreateLogGroup PutRetentionPolicy", ("logs:OPERATION", GROUP), **LOGS),
    case("logs", "CreateLogStream GetLogEvents PutLogEvents", ("logs:OPERATION", f"{GROUP}:log-stream:s"), **LOGS),
    case("logs", "DescribeLogStreams FilterLogEvents", ("logs:OPERATION", f"{GROUP}:*"), **LOGS),
    case("logs", "DescribeLogGroups", ("logs:DescribeLogGroups", "*")),
    case("cloudwatch", "PutMetricData", ("cloudwatch:PutMetricData", "*"), Namespace="ours"),
    case("cloudwatch", "GetMetricData GetMetricStatistics ListMetrics", ("cloudwatch:OPERATION", "*")),
    case(
        "cloudwatch",
        "DescribeAlarms",
        ("cloudwatch:DescribeAlarms", arn("cloudwatch", "alarm:a"), arn("cloudwatch", "alarm:b")),
        AlarmNames=["a", "b"],
    ),
    case("xray", "GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments", ("xray:OPERATION", "*")),
    case(
        "elasticache",
        "DescribeReplicationGroups ModifyReplicationGroup",
        ("elasticache:OPERATION", arn("elasticache", "replicationgroup:cache")),
        ReplicationGroupId="cache",
    ),
    case(
        "rds-db",
        "connect",
        ("rds-db:connect", arn("rds-db", "dbuser:prx-1/application")),
        ResourceId="prx-1",
        DBUser="application",
    ),
    case(
        "ecr",
        "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer",
        ("ecr:OPERATION", arn("ecr", "repository/xgboost", account="683313688378")),
        registryId="683313688378",
        repositoryName="xgboost",
    ),
    case("ecr", "GetAuthorizationToken", ("ecr:GetAuthorizationToken", "*")),
)
