"""The OpenAPI 3.0.3 document of the API, generated from the route table; the same bytes each time.

Request schemas stay within what API Gateway's models take (JSON schema draft 4, alphanumeric names,
`#/components/schemas/…` references), so that the component adds integrations and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from functions.routes import ROUTES, Route
from functions.routes.route import IF_NONE_MATCH, ONCE
from functions.shared.door.reading import MERGE_PATCH
from functions.shared.errors import ERRORS
from functions.shared.schemas import ErrorEnvelope

SECURITY = "userPool"
"""Name of the security scheme; an `apiKey` in the header, as API Gateway wants its authorizers."""

DESCRIPTION = (
    "Predictions of the live model, trainings, and the registry of trained models. Each person has a pace, with "
    "however many tokens: `RateLimit` tells what is left of it, `RateLimit-Policy` how much there is, and 429 comes "
    "with `Retry-After`."
)
"""What the whole is for, and what holds for each signed-in route."""

TAGS = {
    "accounts": "Sign up, sign in, refresh, sign out",
    "predictions": "Answers of the live model",
    "batches": "Many rows at once, answered in the background",
    "insights": "What customers say",
    "users": "Who uses the platform",
    "data": "Records of users",
    "dashboard": "Figures for a front page",
    "training": "Trainings",
    "models": "Trained models and their approval",
    "system": "Health, figures and this document",
}

DROPPED = frozenset({"title", "default", "example", "$defs"})
"""Keys of pydantic's schemas that API Gateway's models have no use for; examples stand beside the schema."""


def document(title: str = "Machine-learning platform", version: str = "1.0.0") -> dict[str, Any]:
    """The whole document as plain data, without any extension of AWS."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "version": version,
            "description": DESCRIPTION,
        },
        "servers": [{"url": "/api"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas(ROUTES),
            "securitySchemes": {
                SECURITY: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Bearer ` and the access token of /v1/auth/login",
                }
            },
        },
    }


def operation(route: Route) -> dict[str, Any]:
    """One operation object."""
    made: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": parameters(route),
        "responses": responses(route),
    }
    if route.planned:
        made["description"] = (
            "Announced: each right request is answered by 501; what else it will answer is not settled."
        )
    if route.groups:
        made["description"] = "For members of " + " or ".join(f"`{group}`" for group in route.groups) + "."
    if route.retires:
        made["deprecated"] = True
        told = f"Use `{route.retires.successor}`; this ends on {route.retires.sunset}."
        made["description"] = f"{made.get('description', '')} {told}".strip()
    if route.scopes:
        made["security"] = [{SECURITY: list(route.scopes)}]
    if route.request:
        # A body may be left out where each of its fields may.
        needed = any(field.is_required() for field in route.request.model_fields.values())
        made["requestBody"] = {"required": needed, "content": content(route.request)}
        if route.method == "PATCH":
            made["requestBody"]["content"][MERGE_PATCH] = content(route.request)["application/json"]
    return made


def parameters(route: Route) -> list[dict[str, Any]]:
    """Path, query and header parameters."""
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1, "maxLength": 128}}
        for name in names
    ]
    if route.query:
        for name, schema in plain(route.query.model_json_schema())["properties"].items():
            default = route.query.model_fields[name].default
            shown = {} if default is None or default == "" else {"default": default}
            found.append({"name": name, "in": "query", "required": False, "schema": {**schema, **shown}})
    conditional = (IF_NONE_MATCH,) if route.tagged and route.method == "GET" else ()
    for header in (*route.headers, *conditional, *((ONCE,) if route.once else ())):
        schema = {"type": "string", "maxLength": header.max_length}
        found.append(
            {
                "name": header.name,
                "in": "header",
                "required": False,
                "description": header.description,
                "schema": schema,
            }
        )
    return found


def responses(route: Route) -> dict[str, Any]:
    """The answer, and every error that the route can give, by status."""
    good: dict[str, Any] = {"description": route.summary}
    if route.response:
        good["content"] = content(route.response)
    elif route.media != "application/json":
        good["content"] = {route.media: {"schema": {"type": "string"}}}
    found = {} if route.planned else {str(route.status): good}
    if route.tagged:
        good["headers"] = {"ETag": {"description": "Version of the answer", "schema": {"type": "string"}}}
    if route.once:
        told = {"description": "`true` where this is the answer of an earlier request", "schema": {"type": "string"}}
        good.setdefault("headers", {})["Idempotent-Replayed"] = told
    if route.tagged and route.method == "GET":
        found["304"] = {"description": "Nothing has changed since the answer with the ETag that was sent"}
    by_status: dict[int, list[str]] = {}
    for code in codes(route):
        by_status.setdefault(ERRORS[code].status, []).append(code)
    for status, several in sorted(by_status.items()):
        found[str(status)] = {
            "description": "; ".join(f"`{code}`: {ERRORS[code].message}" for code in several),
            "content": {
                "application/json": {
                    "schema": reference(ErrorEnvelope),
                    "example": envelope_example(several[0]),
                }
            },
        }
        if any(ERRORS[code].retry_after_s for code in several):
            found[str(status)]["headers"] = {
                "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}}
            }
    return found


def codes(route: Route) -> list[str]:
    """Codes of the errors that a route can give, the gateway's own included; each once, in the table's order."""
    found = {"throttled", "internal", *route.errors}
    if route.request:
        found |= {"invalid_request", "invalid_json", "too_large", "unsupported_type"}
    if route.query:
        found.add("invalid_request")
    if "{" in route.path:
        found.add("not_found")
    if route.scopes:
        found |= {code for code in ERRORS if code.startswith("token_")} | {"missing_scope", "unavailable"}
    if route.groups:
        found.add("missing_group")
    if route.once:
        found |= {"invalid_request", "key_reused", "key_in_use", "unavailable"}
    return [code for code in ERRORS if code in found]


def envelope_example(code: str) -> dict[str, Any]:
    """An error as it looks."""
    return {
        "error": {
            "code": code,
            "message": ERRORS[code].message,
            "details": [],
            "timestamp": "2026-01-31T12:00:00.000Z",
            "requestId": "6b1f3c0e-4d0a-4c7f-9a54-0f2d3c4b5a69",
        }
    }


def content(model: type[BaseModel]) -> dict[str, Any]:
    """A JSON body of one schema, with the schema's example where it has one."""
    extra = model.model_config.get("json_schema_extra")
    shown = {"example": extra["example"]} if isinstance(extra, dict) and "example" in extra else {}
    return {"application/json": {"schema": reference(model), **shown}}


def reference(model: type[BaseModel]) -> dict[str, str]:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def schemas(routes: Iterable[Route]) -> dict[str, Any]:
    """Every schema that the routes use, by name."""
    wanted: dict[type[BaseModel], JsonSchemaMode] = {ErrorEnvelope: "serialization"}
    for route in routes:
        if route.request:
            wanted[route.request] = "validation"
        if route.response:
            wanted[route.response] = "serialization"
    _, found = models_json_schema(list(wanted.items()), ref_template="#/components/schemas/{model}")
    return {name: plain(schema) for name, schema in sorted(found["$defs"].items())}


def plain(schema: Any) -> Any:
    """A schema of pydantic's (draft 2020-12) in the words of OpenAPI 3.0 and draft 4."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: value for key, value in schema.items() if key not in DROPPED}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    kinds = [kind for kind in found.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        # An optional field: it may be left out, it may not be null.
        del found["anyOf"]
        found |= kinds[0]
    return {
        key: {name: plain(inner) for name, inner in value.items()} if key == "properties" else plain(value)
        for key, value in found.items()
    }
