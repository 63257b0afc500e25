"""API Gateway: what is good and bad."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.rows import Case, Row, but, row, without

AUTHORIZER = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": ["arn"]},
}
PROXY = {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": "arn"}}
PREFLIGHT = {"x-amazon-apigateway-integration": {"type": "mock"}}
SIGNED_IN = {**PROXY, "security": [{"user": ["aws.cognito.signin.user.admin"]}]}
PUBLIC = {**PROXY, "security": []}


def document(**changes: Any) -> dict[str, Any]:
    found = {
        "openapi": "3.0.3",
        "x-amazon-apigateway-request-validator": "all",
        "x-amazon-apigateway-request-validators": {
            "all": {"validateRequestBody": True, "validateRequestParameters": True}
        },
        "components": {
            "securitySchemes": {"user": AUTHORIZER, "key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
        },
        "paths": {
            "/v1/ml/predict": {"post": {**SIGNED_IN, "requestBody": {}}, "options": PREFLIGHT},
            "/v1/auth/login": {"post": {**PUBLIC, "requestBody": {}}},
        },
    }
    return {**found, **changes}


def api(parsed: dict[str, Any]) -> list[Row]:
    return [row("aws:apigateway/restApi:RestApi", "api", body=json.dumps(parsed))]


def get(operation: dict[str, Any]) -> list[Row]:
    return api(document(paths={"/v1/models": {"get": operation}}))


API = api(document())
STAGE = row(
    "aws:apigateway/stage:Stage",
    "stage",
    API[0],
    restApi="api-id",
    stageName="api",
    xrayTracingEnabled=True,
    accessLogSettings={"destinationArn": "arn:aws:logs:x", "format": "{}"},
)
LIMITS = {"throttlingRateLimit": 1000, "throttlingBurstLimit": 500, "loggingLevel": "ERROR"}
SETTINGS = row(
    "aws:apigateway/methodSettings:MethodSettings",
    "settings",
    API[0],
    STAGE,
    restApi="api-id",
    stageName="api",
    methodPath="*/*",
    settings=LIMITS,
)
ASSOCIATION = row(
    "aws:wafv2/webAclAssociation:WebAclAssociation", "waf", STAGE, resourceArn=STAGE.outputs["arn"], webAclArn="acl"
)
SERVED = [*API, STAGE, SETTINGS, ASSOCIATION]
CACHED = {**LIMITS, "cachingEnabled": True, "cacheDataEncrypted": True, "requireAuthorizationForCacheControl": True}
DOMAIN = [row("aws:apigateway/domainName:DomainName", "domain", securityPolicy="TLS_1_2")]

CASES = (
    Case(
        "api-routes-guarded",
        {
            "authorizer": API,
            "general": api({**document(security=[{"user": ["s"]}]), "paths": {"/v1/models": {"get": PROXY}}}),
            "signed by IAM": api(
                document(
                    components={
                        "securitySchemes": {"iam": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"}}
                    },
                    paths={"/v1/models": {"get": {**PROXY, "security": [{"iam": []}]}}},
                )
            ),
            "user and key": get({**PROXY, "security": [{"user": ["s"], "key": []}]}),
            "no document": [row("aws:apigateway/restApi:RestApi", "api")],
        },
        {
            "forgotten": get(PROXY),
            "unknown scheme": get({**PROXY, "security": [{"users": []}]}),
            "open alternative": get({**PROXY, "security": [{"user": ["s"]}, {}]}),
            "key only": get({**PROXY, "security": [{"key": []}]}),
            "options that does work": api(document(paths={"/v1/models": {"options": PROXY}})),
        },
        "/v1/models",
    ),
    Case("api-routes-scoped", {"scope": API}, {"none": get({**PROXY, "security": [{"user": []}]})}, "without a scope"),
    Case(
        "api-bodies-validated",
        {"general": API, "no body": get(SIGNED_IN)},
        {
            "none": api({**document(), "x-amazon-apigateway-request-validator": None}),
            "parameters only": api(
                document(**{"x-amazon-apigateway-request-validators": {"all": {"validateRequestParameters": True}}})
            ),
        },
        "has a body",
    ),
    Case(
        "api-access-logged",
        {"logged": SERVED},
        {"none": but(SERVED, "stage", accessLogSettings=None)},
        "accessLogSettings.destinationArn",
    ),
    Case(
        "api-execution-logged",
        {"errors": SERVED},
        {
            "off": but(SERVED, "settings", settings={**LIMITS, "loggingLevel": "OFF"}),
            "bodies": but(SERVED, "settings", settings={**LIMITS, "dataTraceEnabled": True}),
        },
    ),
    Case("api-traced", {"on": SERVED}, {"off": but(SERVED, "stage", xrayTracingEnabled=None)}),
    Case(
        "api-behind-waf",
        {"behind": SERVED},
        {"none": without(SERVED, "waf"), "another": but(SERVED, "waf", resourceArn="arn:other")},
    ),
    Case(
        "api-throttled",
        {"limits": SERVED, "none pass": but(SERVED, "settings", settings={**LIMITS, "throttlingRateLimit": 0})},
        {
            "no settings": without(SERVED, "settings"),
            "unlimited": but(SERVED, "settings", settings={**LIMITS, "throttlingBurstLimit": -1}),
            "one method": but(SERVED, "settings", methodPath="v1/GET"),
            "another stage": but(SERVED, "settings", stageName="test"),
            "another API": but(SERVED, "settings", restApi="other"),
        },
    ),
    Case(
        "api-cache-encrypted",
        {"no cache": SERVED, "encrypted": but(SERVED, "settings", settings=CACHED)},
        {
            "clear": but(SERVED, "settings", settings={**CACHED, "cacheDataEncrypted": False}),
            "emptied by all": but(
                SERVED, "settings", settings={**CACHED, "requireAuthorizationForCacheControl": False}
            ),
        },
    ),
    Case(
        "api-deployment-follows",
        {"hash": [row("aws:apigateway/deployment:Deployment", "d", triggers={"document": "sha"})]},
        {"never": [row("aws:apigateway/deployment:Deployment", "d")]},
        "triggers is not set",
    ),
    Case("api-domain-tls", {"1.2": DOMAIN}, {"1.0": but(DOMAIN, "domain", securityPolicy="TLS_1_0")}),
)
