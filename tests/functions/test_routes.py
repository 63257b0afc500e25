"""The route table, what stands behind it, and the document made from it."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from functions.openapi import document
from functions.routes import ROUTES, Route
from functions.shared.api import App, Operation
from functions.shared.errors import ERRORS
from tests.functions.support.calls import ENVIRONMENT

BY_CAPABILITY = sorted({route.capability for route in ROUTES})
UNSUPPORTED = {"nullable", "oneOf", "discriminator", "const", "prefixItems", "$defs", "exclusiveMinimum", "examples"}


def app_of(capability: str, folder: Path) -> App:
    module = importlib.import_module(f"functions.{capability}.handler")
    if capability == "system":
        page = folder / "openapi.json"
        page.write_text("{}", encoding="utf-8")
        page.with_name("docs.json").write_text('{"page": "", "policy": ""}', encoding="utf-8")
        made: App = module.build(ENVIRONMENT, page)
    else:
        made = module.build(ENVIRONMENT)
    return made


SAME = ("status", "scopes", "groups", "request", "query", "tagged", "once", "retires")
"""What a row of the table and the operation behind it have in common."""


def expected(route: Route) -> tuple[Any, ...]:
    return tuple(getattr(route, name) for name in SAME)


def found(operation: Operation) -> tuple[Any, ...]:
    return tuple(getattr(operation, name) for name in SAME)


@pytest.mark.parametrize("capability", BY_CAPABILITY)
def test_a_handler_answers_exactly_its_routes(capability: str, tmp_path: Path) -> None:
    operations = app_of(capability, tmp_path).operations
    assert {key: found(operation) for key, operation in operations.items()} == {
        route.key: expected(route) for route in ROUTES if route.capability == capability
    }


def test_operations_and_paths_are_unique() -> None:
    assert len({route.operation for route in ROUTES}) == len(ROUTES)
    assert len({route.key for route in ROUTES}) == len(ROUTES)
    assert all(route.path.startswith("/v1/") for route in ROUTES)


def test_every_error_of_a_route_is_in_the_table() -> None:
    assert {code for route in ROUTES for code in route.errors} <= set(ERRORS)


def test_statuses_are_those_of_the_specification() -> None:
    assert {row.status for row in ERRORS.values()} <= {400, 401, 403, 404, 409, 413, 415, 429, 500, 501, 502, 503, 504}


def test_the_document_is_valid_openapi() -> None:
    validate(document())


def test_the_document_is_the_same_each_time() -> None:
    assert json.dumps(document()) == json.dumps(document())


def test_schemas_stay_within_what_api_gateway_takes() -> None:
    schemas = document()["components"]["schemas"]
    assert all(name.isalnum() for name in schemas)
    assert not [word for word in words(schemas) if word in UNSUPPORTED]
    assert {"type": "null"} not in list(objects(schemas))


def words(value: Any) -> Iterator[str]:
    for part in objects(value):
        yield from part


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from objects(member)
    elif isinstance(value, list):
        for member in value:
            yield from objects(member)


MODELS = [model for route in ROUTES for model in (route.request, route.response) if model]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_example_fits_its_schema(model: type[BaseModel]) -> None:
    extra: Any = model.model_config.get("json_schema_extra") or {"example": {"openapi": "3.0.3"}}
    model.model_validate_json(json.dumps(extra["example"]))


def test_protected_operations_name_their_scopes_and_public_ones_none() -> None:
    for route in ROUTES:
        operation = document()["paths"][route.path][route.method.lower()]
        assert operation.get("security", [{"userPool": []}])[0]["userPool"] == list(route.scopes)
        assert ("401" in operation["responses"]) == bool(
            route.scopes or (route.capability == "accounts" and "wrong" in " ".join(route.errors))
        )


def test_answers_that_are_kept_hold_no_secret_and_belong_to_somebody() -> None:
    kept = [route for route in ROUTES if route.once]
    assert kept
    for route in kept:
        assert route.scopes
        fields = json.dumps(route.response.model_json_schema()["properties"]) if route.response else ""
        assert not re.search("token|secret|password", fields, re.IGNORECASE), route.key


def test_signing_in_keeps_no_answer() -> None:
    assert not [route.key for route in ROUTES if route.once and route.path.startswith("/v1/auth/")]


def test_handlers_stay_short() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in Path("functions").glob("*/handler.py")}
    assert len(lengths) >= 9
    assert {path: length for path, length in lengths.items() if length > 60} == {}
