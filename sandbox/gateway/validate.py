"""Request validation: required parameters, and bodies against JSON schema draft 4, compiled once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import fastjsonschema

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.declared import Api, Method
from sandbox.lambdas.encode import decode

Check = Callable[[Any], Any]


class Validate:
    """The step; holds one compiled check per method and media type."""

    def __init__(self, api: Api) -> None:
        self._checks: dict[tuple[str, str], dict[str, Check]] = {
            (method.verb, method.resource): {
                media: compile_schema(schema, api.schemas) for media, schema in method.schemas.items()
            }
            for method in api.methods
            if method.schemas
        }

    def __call__(self, exchange: Exchange) -> None:
        """Refuses a request that lacks a parameter or whose body breaks the schema."""
        method = exchange.matched
        if method.required:
            check_parameters(exchange, method)
        checks = self._checks.get((method.verb, method.resource))
        if checks is None:
            return
        # A body of a type that no model describes passes, as it does on AWS; the function refuses it.
        check = checks.get(exchange.media_type())
        if check is None:
            return
        try:
            check(parse(exchange.body))
        except fastjsonschema.JsonSchemaValueException as problem:
            raise GatewayError("BAD_REQUEST_BODY", detail=f"[{words(problem)}]") from None


def parse(body: bytes) -> Any:
    """A body as JSON; nothing counts as an empty object, and NaN or Infinity are not JSON."""
    try:
        return decode(body or b"{}", _careful)
    except (ValueError, RecursionError):
        raise GatewayError("BAD_REQUEST_BODY", detail="[the body is not valid JSON]") from None


def check_parameters(exchange: Exchange, method: Method) -> None:
    """Refuses a request without a parameter that the document requires."""
    query = parse_qs(exchange.raw_query.decode("latin-1"), keep_blank_values=True)
    missing = [
        name
        for place, name in method.required
        if (place == "query" and name not in query)
        or (place == "header" and exchange.header(name.lower().encode("latin-1")) is None)
        or (place == "path" and not exchange.path_parameters.get(name))
    ]
    if missing:
        text = f"Missing required request parameters: [{', '.join(missing)}]"
        raise GatewayError("BAD_REQUEST_PARAMETERS", text, detail=text)


def compile_schema(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Check:
    """A check for a schema whose references point into the document."""
    root = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "components": {"schemas": schemas},
        "allOf": [schema],
    }
    compiled: Check = fastjsonschema.compile(root, use_default=False)
    return compiled


def words(problem: fastjsonschema.JsonSchemaValueException) -> str:
    """A violation in the words of API Gateway's validator."""
    rule = str(problem.rule)
    if rule not in WORDS:
        return f"instance failed to match {rule}"
    limit = problem.rule_definition
    if rule == "additionalProperties":
        limit = (problem.definition or {}).get("properties", {})
    return WORDS[rule](limit, problem.value)


def _list(values: Any) -> str:
    return json.dumps(list(values), separators=(",", ":"))


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """A number; one beyond what a double holds would become an infinity."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is too large")
    return value


def _careful(body: bytes) -> Any:
    return _CAREFUL.decode(body.decode("utf-8"))


def _missing(limit: Any, value: Any) -> str:
    absent = sorted(name for name in limit if name not in value)
    return f"object has missing required properties ({_list(absent)})"


def _unknown(limit: Any, value: Any) -> str:
    extra = sorted(name for name in value if name not in limit)
    return f"object instance has properties which are not allowed by the schema: {_list(extra)}"


def _type(limit: Any, value: Any) -> str:
    allowed = sorted(limit) if isinstance(limit, list) else [limit]
    return f"instance type ({_kind(value)}) does not match any allowed primitive type (allowed: {_list(allowed)})"


def _number(side: str, bound: str) -> Callable[[Any, Any], str]:
    return lambda limit, value: (
        f"numeric instance is {side} than the required {bound} ({bound}: {limit}, found: {value})"
    )


def _text(side: str, bound: str) -> Callable[[Any, Any], str]:
    return lambda limit, value: f"string {json.dumps(value)} is too {side} (length: {len(value)}, {bound}: {limit})"


def _array(side: str, bound: str) -> Callable[[Any, Any], str]:
    return lambda limit, value: (
        f"array is too {side}: must have {bound} {limit} elements but instance has {len(value)} elements"
    )


_CAREFUL = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)

WORDS: dict[str, Callable[[Any, Any], str]] = {
    "additionalProperties": _unknown,
    "enum": lambda limit, value: (
        f"instance value ({json.dumps(value)}) not found in enum (possible values: {_list(limit)})"
    ),
    "maximum": _number("greater", "maximum"),
    "maxItems": _array("long", "at most"),
    "maxLength": _text("long", "maximum allowed"),
    "minimum": _number("lower", "minimum"),
    "minItems": _array("short", "at least"),
    "minLength": _text("short", "required minimum"),
    "pattern": lambda limit, value: (
        f"ECMA 262 regex {json.dumps(limit)} does not match input string {json.dumps(value)}"
    ),
    "required": _missing,
    "type": _type,
}
"""Per rule of a schema: what is said, from the rule's value and the instance."""
