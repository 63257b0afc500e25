"""From a REST API proxy event to an operation, and from its answer or error back to the caller."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from pydantic import BaseModel
from pydantic_core import to_json

from functions.shared.aws.tracing import current, part, traced
from functions.shared.door.idempotency import HEADER, Claim, Idempotency, Reply
from functions.shared.door.origins import NOWHERE, Origins
from functions.shared.door.pace import Paced, rates
from functions.shared.door.reading import check_path, idempotency_key, read_body, read_query
from functions.shared.door.retirement import Retirement
from functions.shared.errors import NOT_THERE_YET, ApiError
from functions.shared.headers import CORRELATED, CORRELATION, PACE, SAFE, correlation
from functions.shared.identity.sessions import EndedSessions
from functions.shared.identity.tokens import Caller, Verifier
from functions.shared.logs import Log, fault, now
from functions.shared.resources.conditional import Tagged, tag_of_body, unchanged

STAGE_PATH = "/api"
"""What each address begins with: the gateway takes it away as its stage, a load balancer does not."""

OVER_PACE_S = 10
"""When to ask again after the firewall has marked a caller: it looks at its counts about that often."""


@dataclass
class Request:
    """One call of one operation."""

    event: Mapping[str, Any]
    headers: Mapping[str, str]
    """By lower-case name, however the client wrote it."""
    began: float
    request_id: str
    caller: Caller
    body: Any = None
    """The operation's request schema, validated."""
    query: Any = None
    """The operation's query schema, validated."""
    notes: dict[str, Any] = field(default_factory=dict)
    """Metadata for the log line; no personal data."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Metrics for the log line."""
    claim: Claim | None = None
    """Where it came with an Idempotency-Key."""

    def new_id(self) -> str:
        """An id for what the request makes: a UUID, the same one for each try under one Idempotency-Key."""
        return str(uuid4()) if self.claim is None else self.claim.made_id

    def path(self, name: str) -> str:
        """A path parameter."""
        return str((self.event.get("pathParameters") or {}).get(name, ""))

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the function was called."""
        return round((time.perf_counter() - self.began) * 1000, 3)


@dataclass(frozen=True)
class Page:
    """An answer that is no JSON, such as a page for a browser."""

    text: str
    media: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """What stands behind a route; the fields equal those of its row in functions/routes/."""

    run: Callable[[Request], BaseModel | Mapping[str, Any] | Page | Tagged | bytes | None]
    status: int = 200
    scopes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    tagged: bool = False
    """Answers carry an ETag; one that is read is left out where the caller has it."""
    once: bool = False
    """Requests with one Idempotency-Key are done once, and answered alike."""
    retires: Retirement | None = None
    """When the route goes away."""


@dataclass(frozen=True)
class App:
    """Everything that a function needs to answer; made on its first call and kept."""

    operations: Mapping[str, Operation]
    log: Log
    verifier: Verifier | None = None
    origins: Origins = NOWHERE
    """Whose pages may read answers."""
    sessions: EndedSessions | None = None
    """Tells whose session was ended; without it a token counts until it expires."""
    idempotency: Idempotency | None = None
    """Keeps answers; an operation with `once` needs it."""
    pace: Paced | None = None
    """How fast one person may ask; without it the gateway's own throttle counts alone."""
    largest_body: int = 1 << 20
    """Bytes of a request's body."""
    policy: str = ""
    """What one token may ask, as signed-in callers are told."""


NOBODY = Caller("", frozenset(), frozenset(), 0)


def serve(build: Callable[[], App]) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A Lambda handler for API Gateway's proxy integration."""
    made: list[App] = []

    def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
        began = time.perf_counter()
        with traced("handler"):
            if not made:
                with part("build"):
                    made.append(build())
            return answer(made[0], event, began)

    return handler


def answer(app: App, event: Mapping[str, Any], began: float) -> dict[str, Any]:
    """Runs the operation of an event; whatever happens, the caller gets an answer in the platform's form."""
    context = event.get("requestContext") or {}
    sent = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    route = f"{event.get('httpMethod')} {event.get('resource') or path_of(event)}"
    request_id = context.get("requestId") or sent.get("x-amzn-trace-id") or ""
    request = Request(event, sent, began, request_id, NOBODY)
    correlated = correlation(sent.get("x-correlation-id"), request.request_id)
    CORRELATED.set(correlated)
    headers = {
        **SAFE,
        "Content-Type": "application/json",
        "X-Request-Id": request.request_id,
        CORRELATION: correlated,
    }
    headers |= app.origins.headers(sent.get("origin"))
    if correlated is not request.request_id:
        request.notes["correlationId"] = correlated
    level, message, status = "INFO", "answered", 500
    try:
        reply = perform(app, route, request)
        status, body = reply.status, reply.body
        headers |= reply.headers
    except ApiError as problem:
        status, body = problem.row.status, envelope(problem, request.request_id)
        headers.update(problem_headers(problem))
        # What is announced as missing is nobody's failure.
        level, message = ("ERROR" if status >= 500 and status != NOT_THERE_YET else "WARNING"), "refused"
        request.notes |= {"code": problem.code, "why": problem.why}
        if problem.__cause__ is not None and status >= 500:
            request.notes |= fault(problem.__cause__)
    except Exception as error:  # noqa: BLE001  # the last line: the caller gets an envelope, the log the place
        body = envelope(ApiError("internal"), request.request_id)
        level, message = "ERROR", "failed"
        request.notes |= fault(error)
    if request.caller is not NOBODY:
        headers |= rates(app.pace, app.policy, request.caller.user_id)
    request.notes.update(route=route, status=status, ms=request.elapsed_ms)
    current().tell(status, request.notes, correlated)
    app.log.line(
        level,
        message,
        request_id=request.request_id,
        user_id=request.caller.user_id,
        metadata=request.notes,
        metrics=request.metrics,
    )
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def conditioned(result: Any, request: Request, made: tuple[int, str], headers: dict[str, str]) -> tuple[int, str]:
    """Status and body of an answer with an ETag: 304 and none for a caller that has what it asks for."""
    told = result.headers if isinstance(result, Tagged) else {"ETag": tag_of_body(made[1])}
    headers |= told
    reads = request.event.get("httpMethod") == "GET"
    return (304, "") if reads and unchanged(told["ETag"], request.headers) else made


def path_of(event: Mapping[str, Any]) -> str:
    """The route's path in an event of a load balancer, which knows no routes and no stage; it has no parameters."""
    return str(event.get("path") or "").removeprefix(STAGE_PATH)


def perform(app: App, route: str, request: Request) -> Reply:
    """Checks a request in the order: route, mark of the firewall, caller, rights, pace, path, body; then runs it."""
    operation = app.operations.get(route)
    if operation is None:
        raise ApiError("not_found")
    if operation.scopes:
        if app.verifier is None:
            raise RuntimeError("an operation with scopes needs a verifier")
        if PACE in request.headers:
            raise ApiError("throttled", why="firewall", retry_after_s=OVER_PACE_S)
        request.caller = app.verifier.caller(request.headers.get("authorization"))
        if app.sessions is not None:
            app.sessions.check(request.caller)
        request.caller.needs(operation.scopes, operation.groups)
        if app.pace is not None:
            app.pace.take(request.caller.user_id)
    if request.event.get("pathParameters"):
        check_path(request.event)
    if operation.request is not None:
        request.body = read_body(request.event, request.headers, operation.request, app.largest_body)
    if operation.query is not None:
        request.query = read_query(request.event, operation.query)
    key = idempotency_key(request.event, request.headers, HEADER) if operation.once else None
    reply = run(operation, request) if key is None else once(app, route, operation, request, key)
    return (
        reply if operation.retires is None else replace(reply, headers={**reply.headers, **operation.retires.headers})
    )


def once(app: App, route: str, operation: Operation, request: Request, key: str) -> Reply:
    """The answer to a request with an Idempotency-Key: of the operation, or kept from the first time."""
    if app.idempotency is None:
        raise RuntimeError("an operation with `once` needs a table of requests")
    given = [request.event.get("pathParameters"), request.query, request.body]
    claim = app.idempotency.claim(key, user_id=request.caller.user_id, route=route, request=given)
    if isinstance(claim, Reply):
        request.notes["replayed"] = True
        return claim
    request.claim, problem = claim, ""
    try:
        reply = run(operation, request)
    except BaseException:
        problem = claim.leave()
        raise
    else:
        problem = claim.keep(reply)
        return reply
    finally:
        if problem:
            request.notes["notKept"] = problem


def run(operation: Operation, request: Request) -> Reply:
    """The operation's answer."""
    result = operation.run(request)
    headers: dict[str, str] = {}
    made = (operation.status, encode(result))
    if operation.tagged:
        made = conditioned(result, request, made, headers)
    if isinstance(result, Page):
        headers |= {**result.headers, "Content-Type": result.media}
    return Reply(*made, headers)


def encode(result: Any) -> str:
    """An operation's answer as a body."""
    if result is None:
        return ""
    if isinstance(result, bytes):
        return result.decode()
    if isinstance(result, Page):
        return result.text
    if isinstance(result, Tagged):
        result = result.content
    # What an answer does not have is left out: null is no value of the API.
    return to_json(result, by_alias=True, exclude_none=True).decode()


def envelope(problem: ApiError, request_id: str) -> str:
    """The body of an error."""
    return to_json(
        {
            "error": {
                "code": problem.code,
                "message": problem.row.message,
                "details": [{"field": detail.field, "message": detail.message} for detail in problem.details],
                "timestamp": now(),
                "requestId": request_id,
            }
        }
    ).decode()


def problem_headers(problem: ApiError) -> dict[str, str]:
    """Headers that HTTP wants beside an error."""
    if problem.row.status == 401 and problem.code.startswith("token_"):
        kind = "" if problem.code == "token_missing" else f' error="invalid_token", error_description="{problem.code}"'
        return {"WWW-Authenticate": f"Bearer{kind}"}
    return {} if problem.retry_after_s is None else {"Retry-After": str(problem.retry_after_s)}
