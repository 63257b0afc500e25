"""What no rule judges and why, and what of the controls that were asked for nothing here can break."""

from __future__ import annotations

from typing import Final

_PART: Final = "judged with what it belongs to, as a companion of that resource"
_NAME: Final = "a name or an order in another resource, which is judged"
_OPERATED: Final = "an operation at deployment; what it changes is judged"

NO_RULE: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "aws:apigateway/usagePlan:UsagePlan",
            "aws:appautoscaling/policy:Policy",
            "aws:backup/selection:Selection",
            "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
            "aws:cfg/recorderStatus:RecorderStatus",
            "aws:cloudwatch/logDelivery:LogDelivery",
            "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination",
            "aws:cloudwatch/logDeliverySource:LogDeliverySource",
            "aws:costexplorer/anomalySubscription:AnomalySubscription",
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            "aws:ec2/flowLog:FlowLog",
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
            "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup",
            "aws:rds/proxyTarget:ProxyTarget",
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            "aws:s3/bucketLogging:BucketLogging",
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            "aws:s3/bucketVersioning:BucketVersioning",
            "aws:s3/bucketNotification:BucketNotification",
            "aws:secretsmanager/secretRotation:SecretRotation",
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "aws:wafv2/webAclAssociation:WebAclAssociation",
            "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        ),
        _PART,
    ),
    **dict.fromkeys(
        (
            "aws:bedrock/guardrailVersion:GuardrailVersion",
            "aws:cognito/identityPoolProviderPrincipalTag:IdentityPoolProviderPrincipalTag",
            "aws:cognito/resourceServer:ResourceServer",
            "aws:ec2/routeTableAssociation:RouteTableAssociation",
            "aws:elasticache/subnetGroup:SubnetGroup",
            "aws:kms/alias:Alias",
            "aws:lambda/alias:Alias",
            "aws:lambda/layerVersion:LayerVersion",
            "aws:rds/subnetGroup:SubnetGroup",
            "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
        ),
        _NAME,
    ),
    **dict.fromkeys(
        (
            "aws:dynamodb/tableItem:TableItem",
            "aws:lambda/invocation:Invocation",
            "aws:s3/bucketObjectv2:BucketObjectv2",
        ),
        _OPERATED,
    ),
    "aws:apigateway/account:Account": "holds the role for logs, whose rights are judged",
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": "tests what the judged plans made; it holds nothing",
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": "names what is tested, with a role that is judged",
    "aws:cloudfront/cachePolicy:CachePolicy": "says what makes answers alike; the distribution's doors are judged",
    "aws:cloudfront/function:Function": "runs at the edge without rights, network or data of its own",
    "aws:cloudfront/monitoringSubscription:MonitoringSubscription": "turns on metrics",
    "aws:cloudfront/originAccessControl:OriginAccessControl": "judged in the distribution's origins",
    "aws:cloudwatch/contributorInsightRule:ContributorInsightRule": "counts what log groups hold, which are judged",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "made of alarms, each judged to act or to be part of one",
    "aws:cloudwatch/dashboard:Dashboard": "shows metrics and holds none",
    "aws:cloudwatch/eventRule:EventRule": "its targets are judged: dead letters, rights, encryption",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "counts lines of a judged log group",
    "aws:cloudwatch/queryDefinition:QueryDefinition": "a question that is kept; it holds no answer",
    "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment": "the roles and who assumes them are judged",
    "aws:cognito/userGroup:UserGroup": "a name in tokens, which routes ask for",
    "aws:ec2/routeTable:RouteTable": "leads nowhere but to endpoints and gateways, which are judged",
    "aws:elasticache/parameterGroup:ParameterGroup": "tunes; encryption and access are the group's own",
    "aws:rds/proxyEndpoint:ProxyEndpoint": "another address of the judged proxy, in its groups and subnets",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "who may be called is bounded by endpoints' policies",
    "aws:secretsmanager/secretVersion:SecretVersion": "a value; the secret is judged",
    "aws:xray/samplingRule:SamplingRule": "says how many requests are traced; what traces tell is bounded by the code",
}
"""Types that stacks declare and that no rule but the one of tags judges, with the reason."""

WANTED: Final[dict[str, tuple[int, ...]]] = {
    "SageMaker": (1, 2, 3, 4, 5),
    "ElastiCache": (1, 2, 3, 4, 5, 6, 7),
    "APIGateway": (1, 2, 3, 4, 5, 8, 9),
    "Lambda": (1, 2, 3, 5),
    "DynamoDB": (1, 2, 3, 4, 6, 7),
    "S3": (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20),
    "KMS": (1, 2, 3, 4, 5),
    "CloudTrail": (1, 2, 3, 4, 5, 6, 7),
    "EC2": (2, 6, 10, 13, 14, 15, 18, 19, 21),
    "Cognito": (1,),
    "StepFunctions": (1,),
    "WAF": (10, 11, 12),
    "CloudFront": (1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13),
}
"""Controls of AWS Foundational Security Best Practices about the services of the platform."""

WANTED_OF_THE_LENS: Final = (
    *("MLREL01-BP01", "MLREL03-BP01", "MLREL03-BP02", "MLREL04-BP02", "MLREL05-BP01", "MLREL05-BP02"),
    *("MLSEC03-BP04", "MLSEC05-BP01", "MLSEC06-BP01"),
    *("MLPERF06-BP01", "MLPERF06-BP03", "MLPERF06-BP04", "MLPERF06-BP05", "MLPERF06-BP06"),
    *("MLCOST04-BP08", "MLCOST04-BP12", "MLCOST06-BP01", "MLCOST06-BP02", "MLCOST06-BP03", "MLCOST06-BP04"),
    "MLOPS05-BP01",
)
"""Best practices of the Machine Learning Lens of 2025 that a platform can hold or break."""

NOT_HERE: Final[dict[str, str]] = {
    "ML Lens MLCOST06-BP02": "what a model earns is known to its users; tags and the estimate tell what it costs",
    "ML Lens MLPERF06-BP01": "the person in the loop is the approval, a state of the workflow, which journeys show",
    "ML Lens MLREL01-BP01": "the API before the endpoint is how components are composed, not a property of a resource",
    "ML Lens MLREL03-BP01": "how changes are tested and delivered stands in the repository, not in a stack",
    "ML Lens MLREL03-BP02": "training and serving share their features in code, which tests of training hold",
    "FSBP APIGateway.2": "certificates are for backends behind HTTP; every integration is a function of this account",
    "FSBP EC2.10": "nothing calls the API of EC2 from inside the network",
    "FSBP S3.1": "a switch of the whole account, which may hold other projects; each bucket blocks by itself",
    "FSBP S3.11": "events of buckets go to EventBridge where something follows from them, not from every bucket",
    "FSBP S3.19": "no access points are declared",
    "FSBP S3.20": "only the root user can ask for a second factor at deletion; versions and object lock stand instead",
}
"""Controls that no rule covers, with the reason."""
