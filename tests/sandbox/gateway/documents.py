"""A small API in AWS's form, tokens of its user pool, and functions that answer as told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.declared import Api, Stage
from sandbox.gateway.declared.api import read
from sandbox.lambdas import Invocation
from sandbox.ledger import Ledger, Resource

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Pool"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:predict:live"
SIGNED_IN = "aws.cognito.signin.user.admin"


def proxy(function: str = FUNCTION, **more: Any) -> dict[str, Any]:
    """A Lambda proxy integration."""
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    return {"x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, **more}}


PREFLIGHT = {
    "x-amazon-apigateway-integration": {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 204}'},
        "responses": {
            "default": {
                "statusCode": "204",
                "responseParameters": {
                    "method.response.header.Access-Control-Allow-Origin": "'https://app.example'",
                    "method.response.header.Access-Control-Allow-Methods": "'POST,OPTIONS'",
                },
            }
        },
    }
}

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "test", "version": "1", "description": "for tests"},
    "paths": {
        "/v1/predict": {
            "post": {
                "operationId": "predict",
                "security": [{"pool": [SIGNED_IN, "platform/predict"]}],
                "x-amazon-apigateway-request-validator": "all",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Question"}}}},
                **proxy(),
            },
            "options": PREFLIGHT,
        },
        "/v1/me": {"get": {"security": [{"pool": []}], **proxy()}},
        "/v1/open": {"get": proxy(), "post": proxy()},
        "/v1/items": {"get": proxy()},
        "/v1/items/special": {"get": proxy()},
        "/v1/items/{id}": {
            "get": {
                "x-amazon-apigateway-request-validator": "all",
                "parameters": [
                    {"name": "id", "in": "path", "required": True},
                    {"name": "page", "in": "query", "required": True},
                ],
                **proxy(),
            }
        },
        "/v1/files/{proxy+}": {"x-amazon-apigateway-any-method": proxy()},
        "/v1/partner": {"get": {"security": [{"key": []}], **proxy()}},
    },
    "components": {
        "securitySchemes": {
            "pool": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "cognito_user_pools",
                "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
            },
            "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
        },
        "schemas": {
            "Row": {
                "type": "object",
                "properties": {"age": {"type": "number", "minimum": 0, "maximum": 150}, "name": {"type": "string"}},
                "required": ["age"],
                "additionalProperties": False,
            },
            "Question": {
                "type": "object",
                "properties": {"input": {"$ref": "#/components/schemas/Row"}, "tags": {"type": "array", "maxItems": 2}},
                "required": ["input"],
                "additionalProperties": False,
            },
        },
    },
    "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
    "x-amazon-apigateway-gateway-responses": {
        "DEFAULT_4XX": {
            "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            "responseTemplates": {
                "application/json": '{"error":{"code":"$context.error.responseType","message":'
                '$context.error.messageString,"detail":"$context.error.validationErrorString",'
                '"requestId":"$context.requestId"}}'
            },
        },
        "MISSING_AUTHENTICATION_TOKEN": {
            "statusCode": "404",
            "responseTemplates": {"application/json": '{"error":{"code":"not_found"}}'},
        },
    },
}

HELLO = b'{"statusCode": 200, "headers": {"X-Own": "yes"}, "body": "{\\"hello\\": 1}"}'


def api(document: Mapping[str, Any] = DOCUMENT) -> Api:
    return read("abc123", document, {}, {})


def stage(document: Mapping[str, Any] = DOCUMENT, **more: Any) -> Stage:
    return Stage("api", api(document), **more)


def exchange(verb: str = "GET", path: str = "/v1/open", body: bytes = b"", query: bytes = b"", **more: Any) -> Exchange:
    """A request that has found its method, unless there is none."""
    headers = [(name.lower().encode(), value.encode()) for name, value in (more.pop("headers", None) or {}).items()]
    made = Exchange(more.pop("stage", None) or stage(), verb, path, query, headers, body, **more)
    for method in made.stage.api.methods:
        if (method.verb, method.resource) == (verb, path):
            made.method = method
    return made


class FakeFunctions:
    """Functions whose answer the test chooses; also takes the log."""

    def __init__(self, answer: bytes | Exception | Callable[[bytes], bytes] = HELLO, error: str | None = None) -> None:
        self.answer = answer
        self.error = error
        self.events: list[dict[str, Any]] = []
        self.names: list[str] = []
        self.lines: list[tuple[str, str]] = []

    def reset(self) -> None:
        """Forgets everything."""
        self.answer, self.error = HELLO, None
        for kept in (self.events, self.names, self.lines):
            kept.clear()

    @property
    def logs(self) -> FakeFunctions:
        return self

    async def invoke(
        self,
        name_or_arn: str,
        payload: bytes,
        *,
        timeout_s: float | None = None,
        qualifier: str = "",
        trace: str = "",
        tail: bool = False,
    ) -> Invocation:
        self.names.append(name_or_arn)
        self.events.append(json.loads(payload))
        if isinstance(self.answer, Exception):
            raise self.answer
        found = self.answer(payload) if callable(self.answer) else self.answer
        return Invocation(found, self.error, "", 1.0, "1", "request")

    def write(self, region: str, group: str, stream: str, moment_ms: int, line: str) -> None:
        self.lines.append((group, line))


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """A key; the name keeps two of them apart."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks() -> bytes:
    """The keys that the pool publishes."""
    row = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key("right").public_key()))
    return json.dumps({"keys": [{**row, "kid": "one", "alg": "RS256", "use": "sig"}]}).encode()


def token(*, key: str = "right", kid: str = "one", algorithm: str = "RS256", **claims: Any) -> str:
    """A signed access token; claims that are None are left out."""
    now = int(time.time())
    content = {
        "sub": "user-1",
        "iss": ISSUER,
        "token_use": "access",
        "scope": f"openid {SIGNED_IN}",
        "client_id": "client",
        "cognito:groups": ["users", "premium"],
        "iat": now - 10,
        "exp": now + 3600,
        **claims,
    }
    secrets: dict[str, Any] = {"none": None, "HS256": "a shared secret that is long enough for it" * 2}
    signer = secrets.get(algorithm, private_key(key))
    kept = {name: value for name, value in content.items() if value is not None}
    return jwt.encode(kept, signer, algorithm=algorithm, headers={"kid": kid})


def refused(step: Callable[[], Any]) -> GatewayError | None:
    """What a step refuses a request with, None when it passes."""
    try:
        step()
    except GatewayError as error:
        return error
    return None


def ledger(document: Mapping[str, Any] = DOCUMENT, *more: Resource, **declared: Any) -> Ledger:
    """What the program declares for an API with a stage `api`."""
    made = Ledger()
    body = json.dumps(document)
    add(made, "aws:apigateway/restApi:RestApi", "api", {"body": body}, {"id": "abc123"})
    inputs = {"restApi": "abc123", "stageName": "api", "deployment": "dep1", **declared}
    add(made, "aws:apigateway/stage:Stage", "stage", inputs)
    for resource in more:
        made.add(resource)
    return made


def add(made: Ledger, kind: str, name: str, inputs: dict[str, Any], outputs: dict[str, Any] | None = None) -> None:
    """Adds one resource."""
    made.add(Resource(f"urn:{kind}:{name}", kind, name, inputs=inputs, outputs={**inputs, **(outputs or {"id": name})}))
