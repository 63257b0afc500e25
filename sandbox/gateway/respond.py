"""A function's answer in Lambda proxy format becomes an HTTP answer; any other form is a 502."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from sandbox.gateway.context import Answer, Exchange, GatewayError
from sandbox.gateway.context.exchange import Header
from sandbox.lambdas.encode import decode

_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_REMAPPED = frozenset(
    {"connection", "content-length", "date", "host", "server", "transfer-encoding", "www-authenticate"}
)
"""Headers that belong to the gateway: what a function says about them is renamed."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f]")
_JSON = (b"content-type", b"application/json")


def respond(exchange: Exchange, payload: bytes) -> Answer:
    """The HTTP answer that a function's JSON describes.

    Raises:
        GatewayError: it describes none.
    """
    try:
        found = decode(payload)
    except ValueError:
        raise _malformed(exchange, "the function's answer is not JSON") from None
    if not isinstance(found, dict) or not found.keys() <= _KEYS:
        raise _malformed(exchange, "the function's answer has other fields than a proxy answer")
    headers = _headers(exchange, found)
    if b"content-type" not in dict(headers):
        headers = [_JSON, *headers]
    return Answer(_status(exchange, found), tuple(headers), _body(exchange, found))


def _status(exchange: Exchange, found: Mapping[str, Any]) -> int:
    value = found.get("statusCode", 200)
    try:
        status = int(value)
    except (TypeError, ValueError):
        status = 0
    if isinstance(value, bool) or not 100 <= status <= 599:
        raise _malformed(exchange, f"statusCode {value!r} is no HTTP status")
    return status


def _headers(exchange: Exchange, found: Mapping[str, Any]) -> list[Header]:
    several, single = found.get("multiValueHeaders"), found.get("headers")
    several, single = {} if several is None else several, {} if single is None else single
    if not isinstance(several, dict) or not isinstance(single, dict):
        raise _malformed(exchange, "headers and multiValueHeaders must be objects")
    headers: list[Header] = []
    for name, values in several.items():
        if not isinstance(values, list):
            raise _malformed(exchange, f"multiValueHeaders.{name} must be a list")
        headers += [_header(exchange, name, value) for value in values]
    # The same name and value in both maps is sent once.
    for name, value in single.items():
        if not several or value not in several.get(name, ()):
            headers.append(_header(exchange, name, value))
    return headers


def _header(exchange: Exchange, name: str, value: Any) -> Header:
    key, line = _name(name), _value(value if isinstance(value, str) else json.dumps(value))
    if key is None or line is None:
        raise _malformed(exchange, f"header {name!r} has characters that HTTP does not know")
    return key, line


@lru_cache(maxsize=1024)
def _name(text: str) -> bytes | None:
    """A header's name as it is sent; None for one that HTTP does not know."""
    key = text.lower()
    if key in _REMAPPED:
        key = f"x-amzn-remapped-{key}"
    return key.encode("ascii") if _NAME.fullmatch(key) else None


@lru_cache(maxsize=1024)
def _value(text: str) -> bytes | None:
    """A header's value as it is sent; None for one that HTTP does not know: a line break would begin another header."""
    try:
        line = text.encode("latin-1")
    except UnicodeEncodeError:
        return None
    return None if _CONTROL.search(line) else line


def _body(exchange: Exchange, found: Mapping[str, Any]) -> bytes:
    body = found.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise _malformed(exchange, "body must be text; write it by json.dumps")
    if found.get("isBase64Encoded") and _wants_binary(exchange):
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from None
    return body.encode("utf-8", errors="surrogatepass")


def _wants_binary(exchange: Exchange) -> bool:
    """API Gateway decodes when the first type that the caller accepts is a binary one."""
    first = (exchange.header(b"accept") or "*/*").split(",", 1)[0].split(";", 1)[0].strip().lower()
    return any(kind == "*/*" or fnmatchcase(first, kind) for kind in exchange.stage.api.binary)


def _malformed(exchange: Exchange, why: str) -> GatewayError:
    exchange.integration_error = f"Execution failed due to configuration error: Malformed Lambda proxy response: {why}"
    return GatewayError("DEFAULT_5XX", "Internal server error", status=502)
