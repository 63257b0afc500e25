"""What the functions find deployed, made in moto."""

from __future__ import annotations

import json
from typing import Any

from functions.shared.aws.sdk import client

TABLE, GROUP, BUCKET = "models", "mlplatform-test-models", "mlplatform-test-raw"


def models_table() -> str:
    client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "version", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("version", "modelGroup", "createdAt", "modelPackageArn")
        ],
        GlobalSecondaryIndexes=[
            index("GroupIndex", modelGroup="HASH", createdAt="RANGE"),
            index("PackageIndex", modelPackageArn="HASH"),
        ],
    )
    return TABLE


def index(name: str, **keys: str) -> dict[str, Any]:
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in keys.items()]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}


def state_machine() -> str:
    definition = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
    made = client("stepfunctions").create_state_machine(
        name="mlplatform-test-training",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/training",
    )
    return str(made["stateMachineArn"])


def user_pool() -> tuple[str, str]:
    pool = client("cognito-idp").create_user_pool(
        PoolName="users",
        UsernameAttributes=["email"],
        Policies={
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
            }
        },
    )["UserPool"]["Id"]
    made = client("cognito-idp").create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    return str(pool), str(made["UserPoolClient"]["ClientId"])
