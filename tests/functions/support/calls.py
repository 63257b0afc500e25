"""Proxy events as API Gateway sends them, and the environment of a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

REGION, POOL_ID, CLIENT_ID = "us-east-1", "us-east-1_Example01", "4exampleclient7"

ENVIRONMENT: Mapping[str, str] = {
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_LAMBDA_FUNCTION_NAME": "mlplatform-test-function",
    "ENDPOINT_NAME": "mlplatform-test-predict",
    "MODELS_TABLE": "models",
    "PREDICTIONS_TABLE": "predictions",
    "CACHE_HOST": "127.0.0.1",
    "CACHE_PORT": "1",
    "CACHE_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:cache",
    "USER_POOL_ID": POOL_ID,
    "CLIENT_ID": CLIENT_ID,
    "SESSIONS_TABLE": "sessions",
    "FOLDERS_BUCKET": "folders",
    "USERS_TABLE": "users",
    "ENGINE": "bedrock",
    "MODEL_ID": "anthropic.claude-example-v1:0",
    "COUNTERS_TABLE": "counters",
    "BATCHES_TABLE": "batches",
    "BUCKET": "processed",
    "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/batches",
    "MODEL_PACKAGE_GROUP": "mlplatform-test-models",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:mlplatform-test-training",
    "ENVIRONMENT": "test",
}


def event(
    method: str,
    resource: str,
    *,
    body: Any = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A REST API proxy event (payload version 1)."""
    sent = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Host": "abc.execute-api.us-east-1.amazonaws.com",
        "User-Agent": "curl/8.5.0",
        "X-Amzn-Trace-Id": "Root=1-5e66d96f-7491f09acf5d6d3f0d9f4d2b",
        "X-Forwarded-For": "203.0.113.10",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **({"Authorization": f"Bearer {token}"} if token else {}),
        **(headers or {}),
    }
    return {
        "resource": resource,
        "path": resource,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": dict(path) if path else None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "abc123",
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{resource}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "api",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "identity": {"sourceIp": "203.0.113.10", "userAgent": "curl/8.5.0"},
            "apiId": "abc",
        },
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }
