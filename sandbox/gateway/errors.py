"""Answers that the gateway gives by itself: one table of kinds, and the declared templates for them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sandbox.gateway.context import Answer, Exchange, GatewayError
from sandbox.gateway.context.exchange import Header
from sandbox.gateway.context.variables import Template
from sandbox.gateway.declared import Api, GatewayResponse


@dataclass(frozen=True)
class Kind:
    """What API Gateway answers when nothing is declared."""

    status: int
    message: str
    error: str
    """Value of `x-amzn-errortype`."""


KINDS = {
    "ACCESS_DENIED": Kind(403, "User is not authorized to access this resource", "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": Kind(500, "Internal server error", "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": Kind(500, "Internal server error", "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": Kind(500, "Internal server error", "AuthorizerFailureException"),
    "BAD_REQUEST_BODY": Kind(400, "Invalid request body", "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": Kind(400, "Missing required request parameters", "BadRequestException"),
    "DEFAULT_4XX": Kind(400, "Bad Request", "BadRequestException"),
    "DEFAULT_5XX": Kind(500, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_FAILURE": Kind(504, "Network error communicating with endpoint", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": Kind(504, "Endpoint request timed out", "InternalServerErrorException"),
    "INVALID_API_KEY": Kind(403, "Forbidden", "ForbiddenException"),
    "MISSING_AUTHENTICATION_TOKEN": Kind(403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": Kind(429, "Limit Exceeded", "LimitExceededException"),
    "REQUEST_TOO_LARGE": Kind(413, "Request Too Long", "RequestTooLongException"),
    "RESOURCE_NOT_FOUND": Kind(404, "Not Found", "NotFoundException"),
    "THROTTLED": Kind(429, "Too Many Requests", "TooManyRequestsException"),
    "UNAUTHORIZED": Kind(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "Unsupported Media Type", "BadRequestException"),
}

_PLAIN = GatewayResponse(templates={"application/json": '{"message":$context.error.messageString}'})


class Errors:
    """Words the gateway's own answers of one API."""

    def __init__(self, api: Api) -> None:
        self._responses = api.responses
        self._templates: dict[str, Template] = {}

    def __call__(self, exchange: Exchange, error: GatewayError) -> Answer:
        """The answer for an error; the default of its class where its own kind is not declared."""
        kind = KINDS[error.kind]
        status = error.status or kind.status
        general = "DEFAULT_4XX" if status < 500 else "DEFAULT_5XX"
        declared = self._responses.get(error.kind) or self._responses.get(general) or _PLAIN
        error.message = error.message or kind.message
        exchange.error = error
        body, media = self._body(exchange, declared)
        headers: list[Header] = [(b"content-type", media.encode("latin-1"))]
        headers += [_header(name, value, exchange) for name, value in declared.headers.items()]
        headers.append((b"x-amzn-errortype", kind.error.encode("ascii")))
        return Answer(declared.status or status, tuple(headers), body)

    def _body(self, exchange: Exchange, declared: GatewayResponse) -> tuple[bytes, str]:
        accepted = (exchange.header(b"accept") or "").split(",")[0].split(";")[0].strip().lower()
        media = accepted if accepted in declared.templates else next(iter(declared.templates), "application/json")
        text = declared.templates.get(media)
        if text is None:
            return json.dumps({"message": str(exchange.error)}).encode(), media
        if text not in self._templates:
            self._templates[text] = Template(text)
        quoted = media.endswith("json")
        return self._templates[text].render(exchange, "", quoted=quoted).encode(), media


def _header(name: str, value: str, exchange: Exchange) -> Header:
    """A declared header: fixed text in single quotes, a request header, or a context variable."""
    if value.startswith("'"):
        text = value[1:-1]
    elif value.startswith("method.request.header."):
        text = exchange.header(value.rsplit(".", 1)[-1].lower().encode("latin-1")) or ""
    else:
        text = Template(f"${{{value.removeprefix('$')}}}").render(exchange, "", quoted=False)
    return name.lower().encode("latin-1"), text.encode("latin-1", errors="replace")
