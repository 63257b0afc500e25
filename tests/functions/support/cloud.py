"""What the functions find deployed, made in moto."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from botocore.exceptions import ClientError

from functions.shared.aws.calls import AwsError
from functions.shared.aws.sdk import client
from functions.shared.door.requests_table import RequestsTable

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


def account_tables() -> None:
    """The tables of users and sessions."""
    for name, key in (("users", "userId"), ("sessions", "sessionId")):
        indexes = [index("UserIdIndex", userId="HASH", createdAt="RANGE")]
        if name == "users":
            listed = index("CreatedAtIndex", kind="HASH", createdAt="RANGE")
            indexes = [index("EmailIndex", email="HASH"), {**listed, "Projection": {"ProjectionType": "KEYS_ONLY"}}]
        keys = {key, *(row["AttributeName"] for made in indexes for row in made["KeySchema"])}
        client("dynamodb").create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in sorted(keys)],
            GlobalSecondaryIndexes=indexes,
        )


def user_pool(**more: Any) -> tuple[str, str]:
    """Pool and app client."""
    pool = client("cognito-idp").create_user_pool(
        PoolName="users",
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        Policies={
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
            }
        },
        **more,
    )["UserPool"]["Id"]
    client("cognito-idp").create_group(UserPoolId=pool, GroupName="users")
    made = client("cognito-idp").create_user_pool_client(
        UserPoolId=pool,
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    return str(pool), str(made["UserPoolClient"]["ClientId"])


class ByTheSdk:
    """Calls of one service by the SDK, in place of functions.shared.aws.calls.Service: moto answers no sockets."""

    def __init__(self, service: str) -> None:
        self._service = service

    def call(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        name = re.sub(r"(?<=[a-z])([A-Z])", r"_\1", operation).lower()
        try:
            answer: dict[str, Any] = getattr(client(self._service), name)(**payload)
        except ClientError as error:
            status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
            raise AwsError(status, error.response["Error"]["Code"], cast("Mapping[str, Any]", error.response)) from None
        return answer


def requests_table() -> RequestsTable:
    """The table of requests."""
    client("dynamodb").create_table(
        TableName="requests",
        KeySchema=[{"AttributeName": "request", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "request", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return RequestsTable(ByTheSdk("dynamodb"), "requests")
