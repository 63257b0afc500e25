"""`$context` variables, and the templates that are made of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from sandbox.gateway.context.exchange import Exchange, request_time

_VARIABLE = re.compile(
    r"\$(?:\{(context|stageVariables)\.([\w.:-]+)\}|(context|stageVariables)\.(\w[\w:-]*(?:\.\w[\w:-]*)*))"
)

Get = Callable[[str], str | None]


class Template:
    """A text with variables, taken apart once."""

    def __init__(self, text: str) -> None:
        self._parts: list[tuple[str, str]] = []
        end = 0
        for found in _VARIABLE.finditer(text):
            self._parts.append((text[end : found.start()], f"{found[1] or found[3]}.{found[2] or found[4]}"))
            end = found.end()
        self._rest = text[end:]

    def render(self, variables: dict[str, Any], missing: str, *, quoted: bool) -> str:
        """The text with values; `quoted` writes them so that they stay inside a JSON string."""
        parts = []
        for text, name in self._parts:
            value = variables.get(name)
            shown = missing if value is None else str(value)
            raw = name == "context.error.messageString" or not quoted
            parts += [text, shown if raw else json.dumps(shown, ensure_ascii=False)[1:-1]]
        return "".join([*parts, self._rest])


def collect(exchange: Exchange) -> dict[str, Any]:
    """Every variable that has a value for this request."""
    stage, method, error = exchange.stage, exchange.method, exchange.error
    user_agent = exchange.header(b"user-agent")
    found: dict[str, Any] = {
        "context.accountId": stage.account,
        "context.apiId": stage.api.id,
        "context.deploymentId": stage.deployment or None,
        "context.domainName": stage.domain,
        "context.domainPrefix": stage.api.id,
        "context.extendedRequestId": exchange.extended_id,
        "context.httpMethod": exchange.verb,
        "context.identity.sourceIp": exchange.source,
        "context.identity.userAgent": user_agent,
        "context.identity.apiKeyId": exchange.key_id or None,
        "context.path": f"/{stage.name}{exchange.path}",
        "context.protocol": exchange.protocol,
        "context.requestId": exchange.request_id,
        "context.requestTime": request_time(int(exchange.began_s)),
        "context.requestTimeEpoch": int(exchange.began_s * 1000),
        "context.responseLatency": round((time.perf_counter() - exchange.began) * 1000),
        "context.stage": stage.name,
        "context.xrayTraceId": exchange.trace.split(";")[0].removeprefix("Root=") or None,
    }
    for name, value in stage.variables.items():
        found[f"stageVariables.{name}"] = value
    if method is not None:
        found["context.resourcePath"] = method.resource
        found["context.resourceId"] = method.resource_id
        found["context.operationName"] = method.operation or None
    for name, value in (exchange.claims or {}).items():
        found[f"context.authorizer.claims.{name}"] = value
    if exchange.claims is not None:
        found["context.authorizer.principalId"] = exchange.claims.get("sub")
    if exchange.integration_status:
        found |= {
            "context.integration.status": exchange.integration_status,
            "context.integration.integrationStatus": exchange.integration_status,
            "context.integrationStatus": exchange.integration_status,
            "context.integration.latency": round(exchange.integration_ms),
            "context.integrationLatency": round(exchange.integration_ms),
            "context.integration.requestId": exchange.function_request or None,
            "context.integrationErrorMessage": exchange.integration_error or None,
            "context.integration.error": exchange.integration_error or None,
        }
    if error is not None:
        message = error.message
        found |= {
            "context.error.message": message,
            "context.error.messageString": json.dumps(message, ensure_ascii=False),
            "context.error.responseType": error.kind,
            "context.error.validationErrorString": error.detail or None,
        }
    return found
