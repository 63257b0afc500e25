"""Lambda proxy integration: the event as a REST API writes it (payload 1.0), and the function's answer."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Protocol
from urllib.parse import parse_qsl

from sandbox.gateway.context import Exchange, GatewayError
from sandbox.gateway.context.exchange import canonical, request_time
from sandbox.gateway.permission import open_to_all
from sandbox.lambdas import FunctionError, Invocation, PayloadTooLargeError, ThrottledError
from sandbox.lambdas.encode import encode

_NO_IDENTITY = dict.fromkeys(
    (
        "cognitoIdentityPoolId",
        "accountId",
        "cognitoIdentityId",
        "caller",
        "principalOrgId",
        "accessKey",
        "cognitoAuthenticationType",
        "cognitoAuthenticationProvider",
        "userArn",
        "user",
    ),
)


class Runner(Protocol):
    """Runs functions; `Functions` implements it."""

    async def invoke(
        self,
        name_or_arn: str,
        payload: bytes,
        *,
        timeout_s: float | None = None,
        qualifier: str = "",
        trace: str = "",
        tail: bool = False,
    ) -> Invocation:
        """Calls a function and waits."""


class Invoke:
    """The step."""

    def __init__(self, functions: Runner, permitted: Callable[[Exchange], None] = open_to_all) -> None:
        self._functions = functions
        self._permitted = permitted

    async def __call__(self, exchange: Exchange) -> bytes:
        """The function's answer as it is.

        Raises:
            GatewayError: the function failed, may not be called, was refused, or did not answer in time.
        """
        self._permitted(exchange)
        integration = exchange.matched.integration
        payload = encode(event(exchange))
        began = time.perf_counter()
        try:
            result = await self._functions.invoke(
                integration.function,
                payload,
                timeout_s=integration.timeout_s,
                trace=exchange.trace,
            )
        except TimeoutError:
            _note(exchange, began, 504, "Execution failed due to a timeout error")
            raise GatewayError("INTEGRATION_TIMEOUT") from None
        except ThrottledError as refusal:
            # What a caller of a REST API sees of a throttled function: 500, not 429.
            _note(exchange, began, refusal.status, str(refusal))
            raise GatewayError("INTEGRATION_FAILURE", "Internal server error", status=500) from None
        except PayloadTooLargeError as refusal:
            _note(exchange, began, refusal.status, str(refusal))
            raise GatewayError("REQUEST_TOO_LARGE") from None
        except (FunctionError, ValueError, OSError) as refusal:
            _note(exchange, began, 500, str(refusal))
            raise GatewayError("API_CONFIGURATION_ERROR", "Internal server error") from None
        exchange.function_request = result.request_id
        if result.error is not None:
            _note(exchange, began, 200, result.payload.decode(errors="replace")[:1024])
            raise GatewayError("DEFAULT_5XX", "Internal server error", status=502)
        _note(exchange, began, 200, "")
        return result.payload


def event(exchange: Exchange) -> dict[str, Any]:
    """The event of a Lambda proxy integration."""
    stage, method = exchange.stage, exchange.matched
    single, several = _headers(exchange)
    query: dict[str, list[str]] = {}
    if exchange.raw_query:
        for name, value in parse_qsl(exchange.raw_query.decode("latin-1"), keep_blank_values=True):
            query.setdefault(name, []).append(value)
    text, encoded = _body(exchange)
    identity: dict[str, Any] = {
        **_NO_IDENTITY,
        "sourceIp": exchange.source,
        "userAgent": single.get("User-Agent"),
    }
    if exchange.key:
        identity |= {"apiKey": exchange.key, "apiKeyId": exchange.key_id}
    context: dict[str, Any] = {
        "resourceId": method.resource_id,
        "resourcePath": method.resource,
        "httpMethod": exchange.verb,
        "extendedRequestId": exchange.extended_id,
        "requestTime": request_time(int(exchange.began_s)),
        "path": f"/{stage.name}{exchange.path}",
        "accountId": stage.account,
        "protocol": exchange.protocol,
        "stage": stage.name,
        "domainPrefix": stage.api.id,
        "requestTimeEpoch": int(exchange.began_s * 1000),
        "requestId": exchange.request_id,
        "identity": identity,
        "domainName": stage.domain,
        "deploymentId": stage.deployment,
        "apiId": stage.api.id,
    }
    if method.operation:
        context["operationName"] = method.operation
    if exchange.claims is not None:
        context["authorizer"] = {"claims": exchange.claims}
    return {
        "resource": method.resource,
        "path": exchange.path,
        "httpMethod": exchange.verb,
        "headers": single,
        "multiValueHeaders": several,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": stage.variables or None,
        "requestContext": context,
        "body": text,
        "isBase64Encoded": encoded,
    }


def _headers(exchange: Exchange) -> tuple[dict[str, str], dict[str, list[str]]]:
    several: dict[str, list[str]] = {}
    for name, value in exchange.headers:
        several.setdefault(canonical(name), []).append(value.decode("latin-1"))
    # What a caller claims about the way it came is replaced by what is true.
    forwarded = [*several.get("X-Forwarded-For", []), exchange.source]
    several["X-Forwarded-For"] = [", ".join(forwarded)]
    several["X-Forwarded-Port"] = ["443"]
    several["X-Forwarded-Proto"] = ["https"]
    if exchange.trace:
        several["X-Amzn-Trace-Id"] = [exchange.trace]
    for hop in ("Connection", "Content-Length", "Transfer-Encoding", "Expect"):
        several.pop(hop, None)
    return {name: values[-1] for name, values in several.items()}, several


def _body(exchange: Exchange) -> tuple[str | None, bool]:
    if not exchange.body:
        return None, False
    media = exchange.media_type()
    if any(fnmatchcase(media, kind) for kind in exchange.stage.api.binary):
        return base64.b64encode(exchange.body).decode("ascii"), True
    return exchange.body.decode("utf-8", errors="replace"), False


def _note(exchange: Exchange, began: float, status: int, problem: str) -> None:
    exchange.integration_ms = (time.perf_counter() - began) * 1000
    exchange.integration_status = status
    exchange.integration_error = problem
