"""What a request says, checked: path, query and body. Nothing that breaks a rule here reaches an operation."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from functions.shared.door.strict import check
from functions.shared.errors import ApiError, Detail
from functions.shared.invalid import problem_of

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
"""What a PATCH may be beside JSON; both mean the same here."""

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@~+-]{0,127}", re.ASCII)
"""A path parameter: every id of ours, and nothing that means anything to a file system, a shell or a query."""


def check_path(event: Mapping[str, Any]) -> None:
    """Refuses a path parameter that can be no id: `not_found`, as there is nothing at such an address."""
    for value in (event.get("pathParameters") or {}).values():
        if not _SEGMENT.fullmatch(str(value)):
            raise ApiError("not_found", why="path parameter")


def read_body(event: Mapping[str, Any], headers: Mapping[str, str], schema: type[BaseModel], largest: int) -> BaseModel:
    """The validated body; one that is left out counts as an empty object.

    Args:
        event: the gateway's event.
        headers: the request's, by lower-case name.
        schema: what the body has to fit.
        largest: bytes that it may have.

    Raises:
        ApiError: `too_large`, `unsupported_type`, `invalid_json` or `invalid_request`.
    """
    body: str = event.get("body") or "{}"
    # A character has one byte at least; the exact count takes an encoding, so it comes only where it matters.
    if len(body) > largest or (len(body) * 4 > largest and len(body.encode(errors="surrogatepass")) > largest):
        raise ApiError("too_large")
    kind = headers.get("content-type", JSON)
    if kind != JSON and not is_json(kind, event):
        raise ApiError("unsupported_type")
    if event.get("isBase64Encoded"):
        try:
            body = b64decode(body, validate=True).decode()
        except ValueError as error:
            raise ApiError("invalid_json", why="not base64, or not UTF-8") from error
    check(body)
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise problem_of(error, body) from error


def is_json(kind: str, event: Mapping[str, Any]) -> bool:
    """Whether a Content-Type says JSON in UTF-8, its only encoding; a PATCH may say how it is meant (RFC 7396)."""
    media, *parameters = (part.strip().lower() for part in kind.split(";"))
    allowed = (JSON, MERGE_PATCH) if event.get("httpMethod") == "PATCH" else (JSON,)
    charsets = [part.partition("=")[2].strip(' "') for part in parameters if part.startswith("charset")]
    return media in allowed and all(charset in {"utf-8", "utf8"} for charset in charsets)


def read_query(event: Mapping[str, Any], schema: type[BaseModel]) -> BaseModel:
    """The validated query; a name that is given twice is refused, since two readers could take different values."""
    values = event.get("queryStringParameters") or {}
    several = event.get("multiValueQueryStringParameters") or {}
    twice = [Detail(name, "given more than once; give it once") for name, found in several.items() if len(found) > 1]
    if twice:
        raise ApiError("invalid_request", twice)
    try:
        return schema.model_validate_strings(values)
    except ValidationError as error:
        raise problem_of(error, values) from error


def idempotency_key(event: Mapping[str, Any], headers: Mapping[str, str], name: str) -> str | None:
    """The key of a request; two different ones are none."""
    if name not in headers:
        return None
    several = event.get("multiValueHeaders") or {}
    given = {value for key, values in several.items() if key.lower() == name for value in values}
    return headers[name] if len(given) < 2 else ""
