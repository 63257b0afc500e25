"""Fixed answers (`mock` integrations), which is how a REST API answers a browser's preflight."""

from __future__ import annotations

import json
import re

from sandbox.gateway.context import Answer, Exchange, GatewayError
from sandbox.gateway.context.exchange import Header, canonical
from sandbox.gateway.context.variables import Template
from sandbox.gateway.declared import Integration

_PREFIX = "method.response.header."


def preflight(exchange: Exchange) -> Answer | None:
    """The answer of a mock integration; None for a method that a function answers."""
    integration = exchange.matched.integration
    return mock(exchange, integration) if integration.kind == "mock" else None


def mock(exchange: Exchange, integration: Integration) -> Answer:
    """Chooses the response by the status that the request template names, and fills it in."""
    template = _template(exchange, integration)
    status = str(_status(template, exchange)) if template else "200"
    responses = integration.responses
    key = next((key for key in responses if key != "default" and re.fullmatch(key, status)), "default")
    if key not in responses:
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error")
    declared = responses[key]
    headers: list[Header] = []
    for name, value in (declared.get("responseParameters") or {}).items():
        if name.startswith(_PREFIX):
            text = str(value)
            fixed = text[1:-1] if text.startswith("'") else ""
            headers.append((name.removeprefix(_PREFIX).lower().encode("latin-1"), fixed.encode("latin-1")))
    templates = declared.get("responseTemplates") or {}
    mapped = integration.mappings[key].run(
        {canonical(name): value.decode("latin-1") for name, value in exchange.headers}
    )
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in mapped.headers.items()]
    if not any(name == b"content-type" for name, _ in headers):
        media = next(iter(templates), "application/json")
        headers.append((b"content-type", media.encode("latin-1")))
    rendered = Template(mapped.text).render(exchange, "", quoted=True)
    return Answer(int(declared.get("statusCode", 200)), tuple(headers), rendered.encode())


def _template(exchange: Exchange, integration: Integration) -> str:
    media = exchange.media_type()
    if media in integration.templates:
        return integration.templates[media]
    if integration.passthrough == "never" or (integration.templates and integration.passthrough == "when_no_templates"):
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    return ""


def _status(template: str, exchange: Exchange) -> int:
    try:
        return int(json.loads(Template(template).render(exchange, "", quoted=True))["statusCode"])
    except (ValueError, KeyError, TypeError):
        raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from None
