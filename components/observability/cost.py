"""What the account is charged, by service: the cost dashboard."""

from __future__ import annotations

from typing import Final

from components.values import Metric, Widget

_BILLING_REGION: Final = "us-east-1"
"""The one region in which AWS tells of charges, for those of every region; it has to be switched on once in the
account's billing preferences ("Receive CloudWatch billing alerts")."""
_DAY_S: Final = 86_400
_SERVICES: Final = {
    "AmazonSageMaker": "SageMaker",
    "AmazonElastiCache": "ElastiCache",
    "AmazonVPC": "VPC",
    "AmazonRDS": "RDS",
    "AWSLambda": "Lambda",
    "AmazonApiGateway": "API Gateway",
    "AmazonDynamoDB": "DynamoDB",
    "AmazonS3": "S3",
    "AmazonCloudWatch": "CloudWatch",
    "awskms": "KMS",
    "awswaf": "WAF",
    "AmazonCloudFront": "CloudFront",
    "AmazonBedrock": "Bedrock",
}
"""Services as bills name them → as people do."""


def charged(service: str = "", *, label: str) -> Metric:
    """Charges of the month until now, in USD, of the whole account."""
    dimensions = {"Currency": "USD"} | ({"ServiceName": service} if service else {})
    return Metric(
        namespace="AWS/Billing",
        name="EstimatedCharges",
        dimensions=dimensions,
        statistic="Maximum",
        period_s=_DAY_S,
        unit="None",
        label=label,
        region=_BILLING_REGION,
    )


def charges(budget_usd: int | None = None) -> list[Widget]:
    """The month in all and by service, with the budget it may reach. Charges are the account's, not one stack's."""
    return [
        Widget(
            title="Charges of the month, whole account",
            section="Charges",
            metrics=[charged(label="USD")],
            kind="number",
            board="cost",
        ),
        Widget(
            title="Charges by service, since the month began",
            section="Charges",
            metrics=[charged(service, label=name) for service, name in _SERVICES.items()],
            kind="stacked",
            y_label="USD",
            marks={} if budget_usd is None else {"budget of the month": budget_usd},
            width=16,
            height=8,
            board="cost",
        ),
    ]
