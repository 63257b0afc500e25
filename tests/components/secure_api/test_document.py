"""The document that API Gateway deploys, against the route table and against what the importer takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.secure_api.document import API_KEY, deployed, execution_path, method_path, text
from components.secure_api.gateway_responses import gateway_responses
from functions.openapi import SECURITY, document
from functions.routes import ROUTES, Route

POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc"
CAPABILITIES = sorted({route.capability for route in ROUTES})
INVOKE = {
    name: f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{name}/invocations" for name in CAPABILITIES
}
RESPONSE_TYPES = {
    *("ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE"),
    *("BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX", "DEFAULT_5XX", "EXPIRED_TOKEN"),
    *("INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "INVALID_API_KEY", "INVALID_SIGNATURE"),
    *("MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED"),
    *("UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED"),
}
routes = pytest.mark.parametrize("route", ROUTES, ids=[route.operation for route in ROUTES])


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return deployed(document(), INVOKE, [POOL], cors_origins=["*"])


def operation(api: Mapping[str, Any], route: Route) -> dict[str, Any]:
    found: dict[str, Any] = api["paths"][route.path][route.method.lower()]
    return found


def words(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of the document but those that name properties, with its value."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key, inner
            if key == "properties":
                for schema in inner.values():
                    yield from words(schema)
            else:
                yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)


@routes
def test_each_route_calls_its_function_by_post(api: dict[str, Any], route: Route) -> None:
    integration = operation(api, route)["x-amazon-apigateway-integration"]
    assert integration["type"] == "aws_proxy"
    assert integration["httpMethod"] == "POST"
    assert integration["uri"] == INVOKE[route.capability]
    assert 50 <= integration["timeoutInMillis"] <= 29_000


@routes
def test_each_route_is_validated(api: dict[str, Any], route: Route) -> None:
    name = operation(api, route)["x-amazon-apigateway-request-validator"]
    assert api["x-amazon-apigateway-request-validators"][name] == {
        "validateRequestBody": True,
        "validateRequestParameters": True,
    }


@routes
def test_each_route_wants_one_of_its_scopes_or_nothing(api: dict[str, Any], route: Route) -> None:
    expected = [{SECURITY: list(route.scopes)}] if route.scopes else []
    assert operation(api, route)["security"] == expected


@routes
def test_a_required_key_is_wanted_beside_the_token(route: Route) -> None:
    keyed = deployed(document(), INVOKE, [POOL], require_api_key=True)
    expected = [{SECURITY: list(route.scopes), API_KEY: []}] if route.scopes else []
    assert operation(keyed, route)["security"] == expected
    assert keyed["components"]["securitySchemes"][API_KEY]["name"] == "x-api-key"


def test_no_route_is_open_by_mistake(api: dict[str, Any]) -> None:
    public = {route.operation for route in ROUTES if not route.scopes}
    signing = {"login", "challenge", "refresh", "mfa_setup", "mfa_verify"}
    accounts = {"register", "confirm", "resend_code", "forgot_password", "reset_password"}
    assert public == signing | accounts | {"health", "ready", "model_ready", "openapi", "docs"}
    for operations in api["paths"].values():
        for method, each in operations.items():
            assert method == "options" or each["operationId"] in public or each["security"]


def test_tokens_are_checked_against_the_pool(api: dict[str, Any]) -> None:
    scheme = api["components"]["securitySchemes"][SECURITY]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")
    assert scheme["x-amazon-apigateway-authtype"] == "cognito_user_pools"
    assert scheme["x-amazon-apigateway-authorizer"] == {"type": "cognito_user_pools", "providerARNs": [POOL]}


@pytest.mark.parametrize(
    "word", ["example", "examples", "default", "readOnly", "nullable", "oneOf", "const", "discriminator"]
)
def test_nothing_that_the_importer_warns_of_is_left(api: dict[str, Any], word: str) -> None:
    plain = {key: value for key, value in api.items() if not key.startswith("x-")}
    for operations in plain["paths"].values():
        for each in operations.values():
            assert word not in dict(words({key: value for key, value in each.items() if not key.startswith("x-")}))
    assert word not in dict(words(plain["components"]))


def test_bounds_are_those_of_draft_four(api: dict[str, Any]) -> None:
    for key, value in words(api["components"]["schemas"]):
        if key in ("exclusiveMinimum", "exclusiveMaximum"):
            assert isinstance(value, bool)


def test_models_have_names_that_the_gateway_takes(api: dict[str, Any]) -> None:
    for name in api["components"]["schemas"]:
        assert re.fullmatch("[A-Za-z0-9]+", name), name


def test_references_lead_to_models(api: dict[str, Any]) -> None:
    for key, value in words(api):
        if key == "$ref":
            assert value.removeprefix("#/components/schemas/") in api["components"]["schemas"]


def test_there_is_no_base_path_to_be_put_before_the_routes(api: dict[str, Any]) -> None:
    assert "servers" not in api


def test_each_path_answers_a_browsers_question_without_a_function(api: dict[str, Any]) -> None:
    for path, operations in api["paths"].items():
        preflight = operations["options"]
        assert preflight["security"] == []
        integration = preflight["x-amazon-apigateway-integration"]
        assert integration["type"] == "mock"
        assert json.loads(integration["requestTemplates"]["application/json"]) == {"statusCode": 204}
        sent = integration["responses"]["default"]["responseParameters"]
        offered = set(sent["method.response.header.Access-Control-Allow-Methods"].strip("'").split(","))
        assert offered == {route.method for route in ROUTES if route.path == path} | {"OPTIONS"}
        assert {name.rsplit(".", 1)[1] for name in sent} <= set(preflight["responses"]["204"]["headers"])


def test_origins_are_compared_by_the_preflight_and_errors_of_the_gateway_are_for_all_of_them() -> None:
    api = deployed(document(), INVOKE, [POOL], cors_origins=["https://app.example.org", "https://b.example"])
    for operations in api["paths"].values():
        answer = operations["options"]["x-amazon-apigateway-integration"]["responses"]["default"]
        template = answer["responseTemplates"]["application/json"]
        assert '$origin == "https://app.example.org" || $origin == "https://b.example"' in template
        assert answer["responseParameters"]["method.response.header.Vary"] == "'Origin'"
        assert "method.response.header.Access-Control-Allow-Origin" not in answer["responseParameters"]
    for response in api["x-amazon-apigateway-gateway-responses"].values():
        sent = response["responseParameters"]
        assert sent["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
        assert "gatewayresponse.header.Vary" not in sent


def test_without_origins_no_page_of_another_hears_of_anything() -> None:
    api = deployed(document(), INVOKE, [POOL])
    assert not [path for path, operations in api["paths"].items() if "options" in operations]
    for answer in api["x-amazon-apigateway-gateway-responses"].values():
        assert not [name for name in answer["responseParameters"] if "Access-Control" in name or name.endswith("Vary")]


def test_one_origin_alone_is_named_by_errors_of_the_gateway() -> None:
    for answer in gateway_responses(["https://app.example.org"]).values():
        sent = answer["responseParameters"]
        assert sent["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://app.example.org'"
        assert sent["gatewayresponse.header.Vary"] == "'Origin'"


def test_errors_of_the_gateway_hold_nothing_of_anybody() -> None:
    told = {word for answer in gateway_responses(["*"]).values() for word in variables(answer)}
    assert told == {"context.error.validationErrorString", "context.requestId", "context.requestTime"}


def variables(answer: dict[str, Any]) -> set[str]:
    """What of a request an answer tells."""
    text = answer["responseTemplates"]["application/json"] + " ".join(answer["responseParameters"].values())
    return set(re.findall(r"(?:context|method|stageVariables)\.[\w.]+", text))


def test_all_origins_need_no_comparison(api: dict[str, Any]) -> None:
    for operations in api["paths"].values():
        answer = operations["options"]["x-amazon-apigateway-integration"]["responses"]["default"]
        assert "responseTemplates" not in answer
        assert answer["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == "'*'"


def test_every_error_of_the_gateway_has_an_answer() -> None:
    assert set(gateway_responses(["*"])) == RESPONSE_TYPES


@pytest.mark.parametrize("kind", sorted(RESPONSE_TYPES))
def test_errors_of_the_gateway_have_the_envelope_of_all_errors(kind: str) -> None:
    response = gateway_responses(["*"])[kind]
    envelope = json.loads(response["responseTemplates"]["application/json"])
    assert set(envelope) == {"error"}
    assert set(envelope["error"]) == {"code", "message", "details", "timestamp", "requestId"}
    assert envelope["error"]["requestId"] == "$context.requestId"
    assert "statusCode" not in response or 400 <= int(response["statusCode"]) <= 504


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("UNAUTHORIZED", "401"),
        ("EXPIRED_TOKEN", "401"),
        ("ACCESS_DENIED", "403"),
        ("MISSING_AUTHENTICATION_TOKEN", "404"),
        ("REQUEST_TOO_LARGE", "413"),
        ("UNSUPPORTED_MEDIA_TYPE", "415"),
        ("THROTTLED", "429"),
        ("INTEGRATION_FAILURE", "503"),
        ("INTEGRATION_TIMEOUT", "504"),
    ],
)
def test_errors_of_the_gateway_have_the_status_that_http_means(kind: str, status: str) -> None:
    assert gateway_responses(["*"])[kind]["statusCode"] == status


def test_a_throttled_caller_is_told_when_to_come_again() -> None:
    assert gateway_responses(["*"])["THROTTLED"]["responseParameters"]["gatewayresponse.header.Retry-After"] == "'1'"


def test_a_body_that_does_not_fit_says_why() -> None:
    answer = json.loads(gateway_responses(["*"])["BAD_REQUEST_BODY"]["responseTemplates"]["application/json"])
    assert answer["error"]["details"] == [{"field": "body", "message": "$context.error.validationErrorString"}]


def test_the_text_is_the_same_each_time() -> None:
    first, second = (
        text(deployed(document(), dict(order), [POOL])) for order in (INVOKE.items(), reversed(INVOKE.items()))
    )
    assert first == second


def test_the_openapi_document_itself_is_left_as_it_was() -> None:
    source = document()
    deployed(source, INVOKE, [POOL])
    assert source == document()


@routes
def test_a_route_is_named_as_permissions_and_settings_want_it(route: Route) -> None:
    assert execution_path(route).startswith(f"{route.method}/v1/")
    assert not {"{", "}"} & set(execution_path(route))
    assert method_path(route) == f"{route.path[1:]}/{route.method}"


def test_problems_are_named_together() -> None:
    partial = document()
    del partial["paths"]["/v1/health"]
    arns = {**INVOKE, "extra": "arn"}
    del arns["accounts"]
    with pytest.raises(ValueError, match="API document") as caught:
        deployed(partial, arns, [POOL])
    for words_of in ("'accounts' has routes and no function", "'extra' has a function and no route", "GET /v1/health"):
        assert words_of in str(caught.value)


def test_a_property_may_be_called_like_a_word_of_the_schema_language() -> None:
    source = document()
    schema = {
        "type": "object",
        "properties": {"default": {"type": "string", "default": "x"}, "example": {"type": "string"}},
    }
    source["components"]["schemas"]["Odd"] = schema
    kept = deployed(source, INVOKE, [POOL])["components"]["schemas"]["Odd"]["properties"]
    assert kept == {"default": {"type": "string"}, "example": {"type": "string"}}
