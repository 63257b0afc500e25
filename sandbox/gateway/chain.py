"""The steps of a request in their order, as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from urllib.parse import unquote

from sandbox.cloud import Cloud, RegionalCloud
from sandbox.gateway.authorize import Authorize, Fetch, fetch_from
from sandbox.gateway.compress import pack, unpack
from sandbox.gateway.context import Answer, Exchange, GatewayError
from sandbox.gateway.context.variables import Template
from sandbox.gateway.cors import preflight
from sandbox.gateway.declared import Stage, stages
from sandbox.gateway.errors import Errors
from sandbox.gateway.firewall import Firewall
from sandbox.gateway.invoke import Invoke, Runner
from sandbox.gateway.key import check_key
from sandbox.gateway.respond import respond
from sandbox.gateway.route import Route
from sandbox.gateway.throttle import Throttle
from sandbox.gateway.validate import Validate
from sandbox.ledger import Ledger
from sandbox.tracing.header import new_root

MAX_BODY = 10 * 1024 * 1024
MAX_HEAD = 10_240
"""Bytes that API Gateway takes of a body, and of request line and headers together."""
MAX_DISCARD = 64 * 1024 * 1024
QUIET_S = 0.5
"""How much of a body that is too large is still read, and after which silence no more, so that its sender sees the
answer."""
BODY_S = 30.0
"""How long a caller may take to send its body."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Served = Callable[[Exchange, Answer], None]
"""Counts a request with its answer; called while the caller waits."""
Begin = Callable[[Exchange], str]
"""The X-Ray header of a request (sandbox.tracing.runtime.Tracing.begin)."""


class Log(Protocol):
    """Takes lines for log groups; `sandbox.lambdas.logs.Logs` implements it."""

    def write(self, region: str, group: str, stream: str, moment_ms: int, line: str) -> None:
        """Takes one line."""


class FunctionsOfApi(Runner, Protocol):
    """What the gateway needs of the functions."""

    @property
    def logs(self) -> Log:
        """Where the access log goes."""


class Chain:
    """All steps for one stage."""

    def __init__(
        self, stage: Stage, functions: Runner, fetch: Fetch, log: Log | None = None, served: Served | None = None
    ) -> None:
        self.stage = stage
        self._served = served
        self._log = log
        self._format = Template(stage.log_format) if stage.log_group and stage.log_format else None
        self._firewall = Firewall(stage.caller_rates)
        self._route = Route(stage.api.methods)
        self._throttle = Throttle(stage.limits)
        self._authorize = Authorize(fetch)
        self._validate = Validate(stage.api)
        self._invoke = Invoke(functions)
        self._errors = Errors(stage.api)

    async def __call__(self, exchange: Exchange) -> Answer:
        """The answer to a request, whatever happens on the way."""
        try:
            answer = await self._steps(exchange)
        except GatewayError as error:
            answer = self._errors(exchange, error)
        except (KeyError, ValueError, TypeError, RuntimeError, AttributeError) as problem:
            exchange.integration_error = f"{type(problem).__name__}: {problem}"
            answer = self._errors(exchange, GatewayError("DEFAULT_5XX"))
        return self._noted(exchange, answer)

    async def _steps(self, exchange: Exchange) -> Answer:
        self._firewall(exchange)
        unpack(exchange, MAX_BODY)
        self._route(exchange)
        fixed = preflight(exchange)
        if fixed is not None:
            return fixed
        check_key(exchange)
        self._throttle(exchange)
        await self._authorize(exchange)
        self._validate(exchange)
        return pack(exchange, respond(exchange, await self._invoke(exchange)))

    def refuse(self, exchange: Exchange, kind: str, status: int | None = None) -> Answer:
        """The answer to a request that is not worth the steps."""
        return self._noted(exchange, self._errors(exchange, GatewayError(kind, status=status)))

    def _noted(self, exchange: Exchange, answer: Answer) -> Answer:
        if self._served is not None:
            self._served(exchange, answer)
        if self._format is not None:
            self._record(exchange, answer, self._format)
        return answer

    def _record(self, exchange: Exchange, answer: Answer, template: Template) -> None:
        """One line of the access log."""
        exchange.status, exchange.length = answer.status, len(answer.body)
        line = template.render(exchange, "-", quoted=self.stage.log_format.lstrip().startswith("{"))
        if self._log is not None:
            self._log.write(self.stage.region, self.stage.log_group, "access", int(exchange.began_s * 1000), line)


class App:
    """The ASGI application: takes requests apart, finds the stage, sends answers.

    Args:
        chains: stage → its steps.
        body_s: how long a caller may take to send its body.
        begin: what begins a request's trace, or goes on with its caller's.
    """

    def __init__(self, chains: dict[str, Chain], *, body_s: float = BODY_S, begin: Begin | None = None) -> None:
        self.chains, self._body_s, self._begin = chains, body_s, begin or untraced

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the gateway answers HTTP only, not {scope['type']!r}")
        name, path = _split(scope)
        chain = self.chains.get(name)
        if chain is None:
            await _send(send, Answer(403, _FORBIDDEN, b'{"message":"Forbidden"}'), None)
            return
        exchange = _exchange(scope, chain.stage, path)
        exchange.trace = self._begin(exchange)
        refusal = _too_large(scope, exchange)
        if refusal is None:
            try:
                async with asyncio.timeout(self._body_s):
                    exchange.body = await _body(receive)
            except TimeoutError:
                refusal = ("DEFAULT_4XX", 408)
            except _TooLongError:
                refusal = ("REQUEST_TOO_LARGE", 413)
            except ConnectionError:
                return
        if refusal is not None:
            await _send(send, chain.refuse(exchange, *refusal), exchange, unread=receive)
            return
        await _send(send, await chain(exchange), exchange)


def app(
    ledger: Ledger,
    cloud: Cloud | RegionalCloud,
    functions: FunctionsOfApi,
    served: Served | None = None,
    begin: Begin | None = None,
) -> App:
    """The gateway for all declared stages, whose requests `served` counts.

    Raises:
        DocumentError: a declared document cannot be served; the message names the place.
    """
    found = stages(ledger, cloud.region, cloud.account)
    fetch = fetch_from(cloud.endpoint)
    chains = {name: Chain(stage, functions, fetch, functions.logs, served) for name, stage in found.items()}
    return App(chains, begin=begin)


def untraced(exchange: Exchange) -> str:
    """A header of its own for a request that nobody traces."""
    return f"Root={new_root(exchange.began_s)};Sampled=0"


_FORBIDDEN = ((b"content-type", b"application/json"), (b"x-amzn-errortype", b"ForbiddenException"))


class _TooLongError(Exception):
    """The body is longer than the gateway takes."""


def _split(scope: Message) -> tuple[str, str]:
    """Stage and path below it, decoded."""
    raw = scope.get("raw_path") or scope["path"].encode()
    stage, _, rest = raw.partition(b"?")[0].lstrip(b"/").partition(b"/")
    return stage.decode("latin-1"), "/" + unquote(rest.decode("latin-1"), errors="replace")


def _exchange(scope: Message, stage: Stage, path: str) -> Exchange:
    client = scope.get("client")
    return Exchange(
        stage=stage,
        verb=scope["method"],
        path=path,
        raw_query=scope["query_string"],
        headers=scope["headers"],
        source=client[0] if client else "127.0.0.1",
        protocol=f"HTTP/{scope['http_version']}",
    )


def _too_large(scope: Message, exchange: Exchange) -> tuple[str, int] | None:
    head = len(scope.get("raw_path") or b"") + len(exchange.raw_query) + 4 * len(exchange.headers)
    for name, value in exchange.headers:
        head += len(name) + len(value)
    if head > MAX_HEAD:
        return "DEFAULT_4XX", 431
    length = exchange.header(b"content-length") or "0"
    return ("REQUEST_TOO_LARGE", 413) if not length.isdigit() or int(length) > MAX_BODY else None


async def _body(receive: Receive) -> bytes:
    message = await receive()
    parts = [message.get("body", b"")]
    size = len(parts[0])
    while message.get("more_body") and size <= MAX_BODY:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if message["type"] == "http.disconnect":
        raise ConnectionError
    if size > MAX_BODY:
        raise _TooLongError
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _discard(receive: Receive) -> None:
    """Reads the rest of a body, since the answer is lost with a connection that is closed on unread data."""
    size, more = 0, True
    with contextlib.suppress(TimeoutError):
        while more and size < MAX_DISCARD:
            message = await asyncio.wait_for(receive(), QUIET_S)
            size += len(message.get("body", b""))
            more = bool(message.get("more_body"))


async def _send(send: Send, answer: Answer, exchange: Exchange | None, *, unread: Receive | None = None) -> None:
    headers, body = [*answer.headers], answer.body
    if answer.status in {204, 304}:
        body = b""
    else:
        headers.append((b"content-length", b"%d" % len(body)))
    if exchange is not None:
        headers.append((b"x-amzn-requestid", exchange.request_id.encode("ascii")))
        headers.append((b"x-amz-apigw-id", exchange.extended_id.encode("ascii")))
        headers.append((b"x-amzn-trace-id", exchange.trace.encode("latin-1")))
    if unread is not None:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if unread is not None:
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await _discard(unread)
        body = b""
    await send({"type": "http.response.body", "body": body})
