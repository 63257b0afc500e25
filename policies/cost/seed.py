"""The reference load of prod as it was given: each line priced again by the same rows, and why the two differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from policies.cost.estimate import estimate
from policies.cost.prices import Prices, load
from policies.cost.usage import Usage
from policies.resources import Node, Stack

TOLERANCE: Final = 0.05
"""By how much a line may differ without a reason."""
REGION: Final = "us-east-1"


@dataclass(frozen=True, kw_only=True)
class Given:
    """One line of the reference load."""

    load: str
    """As it was given."""
    usd: float
    """As it was given."""
    types: Sequence[tuple[str, Mapping[str, Any]]]
    """Types and inputs of what serves it."""
    uses: Mapping[str, float] = field(default_factory=dict)
    assumed: str = ""
    """What the load leaves open, and how it is read here."""
    because: str = ""
    """Why the figures differ, where they do."""

    def usd_here(self, prices: Prices | None = None) -> float:
        """By the price table."""
        nodes = [
            Node(urn=f"{token}::seed", type=token, name="seed", region=REGION, props=props)
            for token, props in self.types
        ]
        return estimate(Stack(nodes), Usage(resources={"seed": self.uses}), prices or load()).total

    def differs(self, prices: Prices | None = None) -> bool:
        """Whether the two figures are more than the tolerance apart."""
        return abs(self.usd_here(prices) - self.usd) > TOLERANCE * self.usd


_VARIANT = {"instanceType": "ml.t2.medium", "initialInstanceCount": 1}
_FUNCTION = {"architectures": ["arm64"], "memorySize": 1769}

SEED: Final[tuple[Given, ...]] = (
    Given(
        load="API Gateway, 1 M requests",
        usd=3.50,
        types=[("aws:apigateway/restApi:RestApi", {})],
        uses={"requests": 1e6},
    ),
    Given(
        load="Lambda, 10 M invocations",
        usd=20.00,
        types=[("aws:lambda/function:Function", _FUNCTION)],
        uses={"invocations": 1e7, "total_ms": 7.8e8},
        assumed="duration is not given: 78 ms each with the 1769 MB of the function that predicts, on arm64",
    ),
    Given(
        load="DynamoDB",
        usd=25.00,
        types=[("aws:dynamodb/table:Table", {})],
        uses={"writes": 2e7, "reads": 2e7, "storage_gb": 40},
        assumed="the load is not given: 20 M writes, 20 M reads and 40 GB, on demand, without copies",
    ),
    Given(
        load="Aurora db.t3.medium",
        usd=50.00,
        types=[("aws:rds/clusterInstance:ClusterInstance", {"instanceClass": "db.t3.medium"})],
        because="50 USD is near db.t3.medium of RDS for PostgreSQL or MySQL; an hour of it costs more with Aurora "
        "(0.082 USD). Storage, I/O, a second instance and the proxy come on top, and are in the lines of a stack",
    ),
    Given(load="S3, 100 GB", usd=2.30, types=[("aws:s3/bucket:Bucket", {})], uses={"storage_gb": 100}),
    Given(
        load="CloudFront, 1 TB",
        usd=85.00,
        types=[("aws:cloudfront/distribution:Distribution", {})],
        uses={"data_gb": 1000},
        assumed="to callers in the United States, Canada, Mexico and Europe; requests are not given",
    ),
    Given(
        load="ml.t2.medium endpoint",
        usd=34.00,
        types=[
            ("aws:sagemaker/endpointConfiguration:EndpointConfiguration", {"productionVariants": [_VARIANT]}),
        ],
        because="34 USD is what the same machine costs with EC2 (0.0464 USD an hour); SageMaker's hosting adds its own "
        "(0.056 USD)",
    ),
    Given(
        load="CloudWatch, 10 GB and 50 metrics",
        usd=10.00,
        types=[("aws:cloudwatch/logGroup:LogGroup", {})],
        uses={"ingested_gb": 10, "custom_metrics": 50},
        because="10 USD leave 0.10 USD for a metric; the first ten thousand cost 0.30 USD each. Alarms and dashboards "
        "come on top, and are in the lines of a stack",
    ),
    Given(
        load="Cognito, 10,000 users",
        usd=27.50,
        types=[("aws:cognito/userPool:UserPool", {"userPoolTier": "ESSENTIALS"})],
        uses={"users": 10_000},
        because="27.50 USD is 5,000 users at 0.0055 USD; since the tiers of November 2024 the first ten thousand of an "
        "account cost nothing with Lite and Essentials",
    ),
)
"""Line by line; the sum of the given figures is 257.30 USD."""
