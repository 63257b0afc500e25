"""Errors that the gateway itself answers, in the envelope of every other error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from functions.shared.errors import ERRORS
from functions.shared.headers import ANY, CORRELATION, SAFE, for_pages

CORS_HEADERS: Final = (
    "Authorization,Cache-Control,Content-Type,Idempotency-Key,If-Match,If-None-Match,X-Api-Key,X-Correlation-Id"
)
"""Request headers that a page may send."""

_CODES: Final = {
    "ACCESS_DENIED": "missing_scope",
    "API_CONFIGURATION_ERROR": "internal",
    "AUTHORIZER_CONFIGURATION_ERROR": "internal",
    "AUTHORIZER_FAILURE": "unavailable",
    "BAD_REQUEST_BODY": "invalid_request",
    "BAD_REQUEST_PARAMETERS": "invalid_request",
    "DEFAULT_5XX": "internal",
    "EXPIRED_TOKEN": "token_expired",
    "INTEGRATION_FAILURE": "unavailable",
    "INTEGRATION_TIMEOUT": "timeout",
    # The gateway's name for a path or a method that no route has.
    "MISSING_AUTHENTICATION_TOKEN": "not_found",
    "QUOTA_EXCEEDED": "throttled",
    "REQUEST_TOO_LARGE": "too_large",
    "RESOURCE_NOT_FOUND": "not_found",
    "THROTTLED": "throttled",
    "UNSUPPORTED_MEDIA_TYPE": "unsupported_type",
}
"""Response type → row of the error table that says the same."""

_OWN: Final[dict[str, tuple[int | None, str, str]]] = {
    "DEFAULT_4XX": (None, "invalid_request", "the request was refused"),
    "INVALID_API_KEY": (403, "invalid_api_key", "send a valid key in the header x-api-key"),
    "INVALID_SIGNATURE": (403, "token_signature", "the request's signature is wrong"),
    "UNAUTHORIZED": (401, "unauthorized", "the token is missing, wrong or expired; sign in again"),
    "WAF_FILTERED": (403, "blocked", "the firewall refused the request"),
}
"""Response types that no function answers with: status, code, message. A default keeps the status of its cause."""


def gateway_responses(origins: Sequence[str]) -> dict[str, Any]:
    """Every response type of the gateway that a caller can meet, readable by pages of these origins, if any."""
    rows: dict[str, tuple[int | None, str, str]] = dict(_OWN)
    for kind, code in _CODES.items():
        status = None if kind.startswith("DEFAULT_") else ERRORS[code].status
        rows[kind] = (status, code, ERRORS[code].message)
    # The gateway compares no origins here. Fixed words, a moment and an id are told to every page rather than kept from
    # pages that may call: they are nobody's, and a page gets the same without a browser.
    pages = for_pages(origins[0] if len(origins) == 1 else ANY) if origins else {}
    return {kind: _response(kind, row, pages) for kind, row in sorted(rows.items())}


def _response(kind: str, row: tuple[int | None, str, str], pages: Mapping[str, str]) -> dict[str, Any]:
    status, code, message = row
    headers = {f"gatewayresponse.header.{name}": f"'{value}'" for name, value in {**SAFE, **pages}.items()}
    # A caller's own correlation id cannot be checked here, so it is not sent back.
    headers |= {f"gatewayresponse.header.{name}": "context.requestId" for name in ("X-Request-Id", CORRELATION)}
    retry_after_s = ERRORS[code].retry_after_s if code in ERRORS else None
    if retry_after_s is not None:
        headers["gatewayresponse.header.Retry-After"] = f"'{retry_after_s}'"
    answer: dict[str, Any] = {
        "responseParameters": headers,
        "responseTemplates": {"application/json": template(kind, code, message)},
    }
    return answer if status is None else {"statusCode": str(status), **answer}


def template(kind: str, code: str, message: str) -> str:
    """The envelope; the gateway replaces variables and runs no template language here."""
    details = []
    if kind == "BAD_REQUEST_BODY":
        details = [{"field": "body", "message": "$context.error.validationErrorString"}]
    elif kind == "BAD_REQUEST_PARAMETERS":
        details = [{"field": "parameters", "message": "$context.error.validationErrorString"}]
    envelope = {
        "error": {
            "code": code,
            "message": message,
            "details": details,
            "timestamp": "$context.requestTime",
            "requestId": "$context.requestId",
        }
    }
    return json.dumps(envelope)
