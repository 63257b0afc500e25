"""The steps of a request in their order, and the application that finds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from urllib.parse import unquote

import httptools

from sandbox.cloud import Cloud, RegionalCloud
from sandbox.gateway.authorize import Authorize, Fetch, fetch_from
from sandbox.gateway.compress import pack, unpack
from sandbox.gateway.context import Answer, Exchange, GatewayError
from sandbox.gateway.context.exchange import Header
from sandbox.gateway.context.variables import Template
from sandbox.gateway.cors import preflight
from sandbox.gateway.declared import Stage, stages
from sandbox.gateway.errors import Errors
from sandbox.gateway.firewall import Firewall
from sandbox.gateway.invoke import Invoke, Runner
from sandbox.gateway.key import check_key
from sandbox.gateway.permission import Permission, open_to_all
from sandbox.gateway.respond import respond
from sandbox.gateway.route import Route
from sandbox.gateway.serving.connection import MAX_BODY
from sandbox.gateway.serving.writing import Reply
from sandbox.gateway.throttle import Throttle
from sandbox.gateway.validate import Validate
from sandbox.ledger import Ledger
from sandbox.tracing.header import new_root

MAX_HEAD = 10_240
"""Bytes that API Gateway takes of request line and headers together."""
BODY_S = 30.0
"""How long a caller may take to send its body."""

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
        self,
        stage: Stage,
        functions: Runner,
        fetch: Fetch,
        log: Log | None = None,
        served: Served | None = None,
        *,
        permitted: Callable[[Exchange], None] = open_to_all,
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
        self._invoke = Invoke(functions, permitted)
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
    """The application: finds the stage of a request, and answers.

    Args:
        chains: stage → its steps.
        body_s: how long a caller may take to send its body.
        begin: what begins a request's trace, or goes on with its caller's.
    """

    def __init__(self, chains: dict[str, Chain], *, body_s: float = BODY_S, begin: Begin | None = None) -> None:
        self.chains, self.body_s, self._begin = chains, body_s, begin or untraced

    def turn(self, verb: str, target: bytes, headers: list[Header], source: str, version: str) -> Turn:
        """A request whose head is there; one that its head is enough to refuse has its refusal."""
        if not target.startswith(b"/") or b"#" in target:
            target = _other_form(target)
        raw, _, query = target.partition(b"?")
        name, _, rest = raw.lstrip(b"/").partition(b"/")
        chain = self.chains.get(name.decode("latin-1"))
        if chain is None:
            return Turn(None, None)
        path = "/" + unquote(rest.decode("latin-1"), errors="replace")
        exchange = Exchange(chain.stage, verb, path, query, headers, source=source, protocol=version)
        exchange.trace = self._begin(exchange)
        return Turn(chain, exchange, _refused(raw, exchange))


class Turn:
    """One request from its head to its answer."""

    __slots__ = ("_chain", "_exchange", "refusal")

    def __init__(self, chain: Chain | None, exchange: Exchange | None, refused: tuple[str, int] | None = None) -> None:
        self._chain, self._exchange = chain, exchange
        self.refusal: Reply | None = None if refused is None else self.refuse(*refused)

    async def answer(self, body: bytes) -> Reply:
        """The answer to the whole request."""
        if self._chain is None or self._exchange is None:
            return _NO_STAGE
        self._exchange.body = body
        return Reply(await self._chain(self._exchange), self._exchange)

    def refuse(self, kind: str, status: int) -> Reply:
        """The answer to a request that is given up."""
        if self._chain is None or self._exchange is None:
            return _NO_STAGE
        return Reply(self._chain.refuse(self._exchange, kind, status), self._exchange)


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
    permitted = Permission(cloud.judge)
    chains = {
        name: Chain(stage, functions, fetch, functions.logs, served, permitted=permitted)
        for name, stage in found.items()
    }
    return App(chains, begin=begin)


def untraced(exchange: Exchange) -> str:
    """A header of its own for a request that nobody traces."""
    return f"Root={new_root(exchange.began_s)};Sampled=0"


_NO_STAGE = Reply(
    Answer(
        403,
        ((b"content-type", b"application/json"), (b"x-amzn-errortype", b"ForbiddenException")),
        b'{"message":"Forbidden"}',
    )
)


def _other_form(target: bytes) -> bytes:
    """Path and query of an address in one of its rarer forms.

    Raises:
        ValueError: it is none.
    """
    try:
        found = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError as error:
        raise ValueError("the address is none") from error
    return (found.path or b"/") + (b"?" + found.query if found.query else b"")


def _refused(path: bytes, exchange: Exchange) -> tuple[str, int] | None:
    """Why a request is refused by its head, if it is."""
    head = len(path) + len(exchange.raw_query) + 4 * len(exchange.headers)
    hosts = 0
    for name, value in exchange.headers:
        head += len(name) + len(value)
        hosts += name == b"host"
    if head > MAX_HEAD:
        return "DEFAULT_4XX", 431
    if hosts > 1:
        # Two readers could take it for two addresses (RFC 9112, 3.2).
        return "DEFAULT_4XX", 400
    length = exchange.header(b"content-length") or "0"
    return ("REQUEST_TOO_LARGE", 413) if not length.isdigit() or int(length) > MAX_BODY else None
