"""Every rule of the pack, by service."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    apigateway,
    bedrock,
    database,
    delivery,
    dynamodb,
    edge,
    elasticache,
    functions,
    governance,
    iam,
    keys,
    messaging,
    operations,
    recovery,
    rights,
    s3,
    sagemaker,
)

SERVICES: dict[str, tuple[Rule, ...]] = {
    "API Gateway": apigateway.RULES,
    "Bedrock": bedrock.RULES,
    "CloudFront, certificates, load balancers": delivery.FRONT,
    "Cognito and WAF": edge.RULES,
    "DynamoDB": dynamodb.RULES,
    "ElastiCache": elasticache.RULES,
    "Cost and audit": governance.RULES,
    "IAM": iam.RULES,
    "Policy documents": rights.RULES,
    "KMS and Secrets Manager": keys.RULES,
    "Lambda": functions.RULES,
    "Network": delivery.network.RULES,
    "Operation": operations.RULES,
    "S3": s3.RULES,
    "RDS": database.RULES,
    "Backup and second region": recovery.RULES,
    "SageMaker": sagemaker.RULES,
    "SNS, SQS, EventBridge": messaging.RULES,
}
"""The rules under the names of the services that they judge, in the order of the reference page."""

RULES: tuple[Rule, ...] = tuple(rule for rules in SERVICES.values() for rule in rules)
"""All rules."""
