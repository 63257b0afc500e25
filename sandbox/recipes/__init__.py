"""What each declared type becomes in the local cloud: one row a type, one file a group of services."""

from __future__ import annotations

from sandbox.database import recipes as database
from sandbox.recipes import (
    apigateway,
    bedrock,
    cloudwatch,
    cognito,
    compute,
    data,
    ec2,
    edge,
    governance,
    messaging,
    s3,
    sagemaker,
    security,
)
from sandbox.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    **bedrock.ROWS,
    **ec2.ROWS,
    **s3.ROWS,
    **data.ROWS,
    **database.ROWS,
    **edge.ROWS,
    **governance.ROWS,
    **security.ROWS,
    **cognito.ROWS,
    **compute.ROWS,
    **apigateway.ROWS,
    **messaging.ROWS,
    **cloudwatch.ROWS,
    **sagemaker.ROWS,
}
"""By type token. A type that is not here is refused."""
