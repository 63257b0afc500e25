"""`$context` variables, and the templates that are made of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from sandbox.gateway.context.exchange import Exchange, request_time

_NAME = r"\w[\w:-]*(?:\.\w[\w:-]*)*"
_VARIABLE = re.compile(
    rf"\$(?:\{{(context|stageVariables)\.({_NAME})\}}|(context|stageVariables)\.({_NAME}))",
)

_PLAIN = re.compile(r'[^"\\\x00-\x1f]*').fullmatch
"""What stands in JSON as it is, which most values do: a search takes a fourth of the time that writing them takes."""

Get = Callable[[Exchange], Any]


class Template:
    """A text with variables, taken apart once; only the variables that it names are ever looked up."""

    def __init__(self, text: str) -> None:
        self._parts: list[tuple[str, Get, bool]] = []
        end = 0
        for found in _VARIABLE.finditer(text):
            kind, name = found[1] or found[3], found[2] or found[4]
            get = variable(name) if kind == "context" else _stage_variable(name)
            self._parts.append((text[end : found.start()], get, name == "error.messageString"))
            end = found.end()
        self._rest = text[end:]

    def render(self, exchange: Exchange, missing: str, *, quoted: bool) -> str:
        """The text with values; `quoted` writes them so that they stay inside a JSON string."""
        parts: list[str] = []
        for text, get, is_json in self._parts:
            value = get(exchange)
            if value is None or value == "":
                shown = missing
            elif isinstance(value, str) and quoted and not is_json:
                shown = value if _PLAIN(value) else json.dumps(value, ensure_ascii=False)[1:-1]
            else:
                shown = str(value)
            parts += (text, shown)
        return "".join([*parts, self._rest])


def variable(name: str) -> Get:
    """How a variable of `$context` is looked up; one that is unknown has no value."""
    claims = "authorizer.claims."
    if name.startswith(claims):
        claim = name.removeprefix(claims)
        return lambda exchange: (exchange.claims or {}).get(claim)
    return VARIABLES.get(name, _nothing)


def _nothing(_exchange: Exchange) -> None:
    return None


def _stage_variable(name: str) -> Get:
    return lambda exchange: exchange.stage.variables.get(name)


def _integration(get: Get) -> Get:
    """A variable that has a value once a function was called."""
    return lambda exchange: get(exchange) if exchange.integration_status else None


def _error(get: Callable[[Any], Any]) -> Get:
    """A variable that has a value once the gateway refused the request."""
    return lambda exchange: None if exchange.error is None else get(exchange.error)


VARIABLES: dict[str, Get] = {
    "accountId": lambda x: x.stage.account,
    "apiId": lambda x: x.stage.api.id,
    "authorizer.principalId": lambda x: (x.claims or {}).get("sub"),
    "deploymentId": lambda x: x.stage.deployment,
    "domainName": lambda x: x.stage.domain,
    "domainPrefix": lambda x: x.stage.api.id,
    "error.message": _error(lambda error: error.message),
    "error.messageString": _error(lambda error: json.dumps(error.message, ensure_ascii=False)),
    "error.responseType": _error(lambda error: error.kind),
    "error.validationErrorString": _error(lambda error: error.detail),
    "extendedRequestId": lambda x: x.extended_id,
    "httpMethod": lambda x: x.verb,
    "identity.apiKeyId": lambda x: x.key_id,
    "identity.sourceIp": lambda x: x.source,
    "identity.userAgent": lambda x: x.header(b"user-agent"),
    "integration.error": _integration(lambda x: x.integration_error),
    "integration.integrationStatus": _integration(lambda x: x.integration_status),
    "integration.latency": _integration(lambda x: round(x.integration_ms)),
    "integration.requestId": _integration(lambda x: x.function_request),
    "integration.status": _integration(lambda x: x.integration_status),
    "integrationErrorMessage": lambda x: x.integration_error,
    "integrationLatency": _integration(lambda x: round(x.integration_ms)),
    "integrationStatus": _integration(lambda x: x.integration_status),
    "operationName": lambda x: x.method.operation if x.method else None,
    "path": lambda x: f"/{x.stage.name}{x.path}",
    "protocol": lambda x: x.protocol,
    "requestId": lambda x: x.request_id,
    "requestTime": lambda x: request_time(int(x.began_s)),
    "requestTimeEpoch": lambda x: int(x.began_s * 1000),
    "resourceId": lambda x: x.method.resource_id if x.method else None,
    "resourcePath": lambda x: x.method.resource if x.method else None,
    "responseLatency": lambda x: round((time.perf_counter() - x.began) * 1000),
    "responseLength": lambda x: x.length,
    "stage": lambda x: x.stage.name,
    "status": lambda x: x.status or None,
    "xrayTraceId": lambda x: x.trace.split(";", 1)[0].removeprefix("Root="),
}
"""Every variable that this gateway knows."""
