"""The document that API Gateway deploys: the API's own OpenAPI document with the gateway's extensions added."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from components.secure_api.gateway_responses import gateway_responses
from components.secure_api.preflight import preflight
from functions.openapi import SECURITY
from functions.routes import ROUTES, Route

API_KEY: Final = "apiKey"
"""Name of the second security scheme, for third parties' keys."""

_VALIDATOR: Final = "everything"
# The importer removes or warns of these; with warnings as errors they must not be there.
_UNKNOWN: Final = frozenset({"example", "examples", "default", "readOnly", "writeOnly", "deprecated"})
_NAMED: Final = frozenset({"properties", "schemas", "responses", "headers", "paths"})
"""Keys whose members are named by us, so a property that is called `default` stays."""


def deployed(
    openapi: Mapping[str, Any],
    invoke_arns: Mapping[str, str],
    user_pool_arns: Sequence[str],
    *,
    cors_origins: Sequence[str] = (),
    require_api_key: bool = False,
) -> dict[str, Any]:
    """The document as it is deployed, plain data.

    Args:
        openapi: the API's document, without any extension.
        invoke_arns: capability → address of its function's alias for integrations.
        user_pool_arns: pools whose access tokens are accepted.
        cors_origins: whose pages may call and read answers; without any, no path answers a browser's `OPTIONS`.
        require_api_key: whether each signed-in route also wants a key in `x-api-key`.

    Raises:
        ValueError: names every capability without a function and every route that the document lacks.
    """
    _check(openapi, invoke_arns)
    found: dict[str, Any] = _importable(copy.deepcopy(dict(openapi)))
    # The stage gives the address; a base path would only be warned of.
    found.pop("servers", None)
    for route in ROUTES:
        operation = found["paths"][route.path][route.method.lower()]
        operation["x-amazon-apigateway-integration"] = _integration(invoke_arns[route.capability])
        operation["x-amazon-apigateway-request-validator"] = _VALIDATOR
        # Said outright, so that a route without a scope is open on purpose and never by omission.
        operation.setdefault("security", [])
        if route.scopes and require_api_key:
            operation["security"] = [{**operation["security"][0], API_KEY: []}]
    if cors_origins:
        for path, operations in found["paths"].items():
            operations["options"] = preflight(path, sorted(method.upper() for method in operations), cors_origins)
    found["components"]["securitySchemes"] = _security(user_pool_arns, require_api_key=require_api_key)
    found["x-amazon-apigateway-request-validators"] = {
        _VALIDATOR: {"validateRequestBody": True, "validateRequestParameters": True}
    }
    found["x-amazon-apigateway-gateway-responses"] = gateway_responses(cors_origins)
    found["x-amazon-apigateway-api-key-source"] = "HEADER"
    return found


def text(document: Mapping[str, Any]) -> str:
    """The same bytes for the same document, so that an unchanged API is not deployed again."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def execution_path(route: Route) -> str:
    """The route in the ARN that a function's permission names: `POST/v1/models/*/approve`."""
    parts = ["*" if part.startswith("{") else part for part in route.path.strip("/").split("/")]
    return f"{route.method}/{'/'.join(parts)}"


def method_path(route: Route) -> str:
    """The route as method settings name it: `v1/models/{version}/approve/PUT`."""
    return f"{route.path.strip('/')}/{route.method}"


def _check(openapi: Mapping[str, Any], invoke_arns: Mapping[str, str]) -> None:
    wanted = {route.capability for route in ROUTES}
    problems = [
        f"capability {name!r} has routes and no function; give its invoke ARN"
        for name in sorted(wanted - set(invoke_arns))
    ]
    problems += [
        f"capability {name!r} has a function and no route; remove it" for name in sorted(set(invoke_arns) - wanted)
    ]
    problems += [
        f"route {route.key} is not in the document; generate the document again"
        for route in ROUTES
        if route.method.lower() not in openapi["paths"].get(route.path, {})
    ]
    if problems:
        raise ValueError("API document: " + "; ".join(problems))


def _importable(value: Any, *, named: bool = False) -> Any:
    """Without the words that the importer does not know."""
    if isinstance(value, Mapping):
        return {
            key: _importable(inner, named=key in _NAMED and not named)
            for key, inner in value.items()
            if named or key not in _UNKNOWN
        }
    if isinstance(value, list):
        return [_importable(inner) for inner in value]
    return value


def _integration(invoke_arn: str) -> dict[str, Any]:
    return {
        "type": "aws_proxy",
        # Lambda is always called by POST, whatever the caller's method is.
        "httpMethod": "POST",
        "uri": invoke_arn,
        "passthroughBehavior": "when_no_match",
        "timeoutInMillis": 29_000,
    }


def _security(user_pool_arns: Sequence[str], *, require_api_key: bool) -> dict[str, Any]:
    schemes: dict[str, Any] = {
        SECURITY: {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": list(user_pool_arns)},
        }
    }
    if require_api_key:
        schemes[API_KEY] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    return schemes
