"""From a REST API proxy event to an operation, and from its answer or error back to the caller."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from functions.shared.conditional import Tagged, tag_of_body, unchanged
from functions.shared.errors import ApiError
from functions.shared.headers import CORRELATION, EXPOSED, SAFE, correlation
from functions.shared.identity.sessions import EndedSessions
from functions.shared.identity.tokens import Caller, Verifier
from functions.shared.invalid import problem_of
from functions.shared.logs import Log, fault, now

LARGEST_BODY = 1 << 20
"""Bytes; no route needs more, and the function's own limit is 6 MB."""


MERGE_PATCH = "application/merge-patch+json"
"""What a PATCH may be beside JSON; both mean the same here."""

STAGE_PATH = "/api"
"""What each address begins with: the gateway takes it away as its stage, a load balancer does not."""


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


@dataclass(frozen=True)
class App:
    """Everything that a function needs to answer; made on its first call and kept."""

    operations: Mapping[str, Operation]
    log: Log
    verifier: Verifier | None = None
    cors_origin: str = ""
    sessions: EndedSessions | None = None
    """Tells whose session was ended; without it a token counts until it expires."""


_EXPOSED = ",".join(EXPOSED)
NOBODY = Caller("", frozenset(), frozenset(), 0)


def serve(build: Callable[[], App]) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A Lambda handler for API Gateway's proxy integration."""
    made: list[App] = []

    def handler(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
        began = time.perf_counter()
        if not made:
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
    headers = {
        **SAFE,
        "Content-Type": "application/json",
        "X-Request-Id": request.request_id,
        CORRELATION: correlated,
    }
    if app.cors_origin:
        headers["Access-Control-Allow-Origin"] = app.cors_origin
        headers["Access-Control-Expose-Headers"] = _EXPOSED
    if correlated is not request.request_id:
        request.notes["correlationId"] = correlated
    level, message, status = "INFO", "answered", 500
    try:
        operation, result = perform(app, route, request)
        status, body = operation.status, encode(result)
        if operation.tagged:
            status, body = conditioned(result, request, (status, body), headers)
        if isinstance(result, Page):
            headers |= {**result.headers, "Content-Type": result.media}
    except ApiError as problem:
        status, body = problem.row.status, envelope(problem, request.request_id)
        headers.update(problem_headers(problem))
        level, message = ("ERROR" if status >= 500 else "WARNING"), "refused"
        request.notes |= {"code": problem.code, "why": problem.why}
        if problem.__cause__ is not None and status >= 500:
            request.notes |= fault(problem.__cause__)
    except Exception as error:  # noqa: BLE001  # the last line: the caller gets an envelope, the log the place
        body = envelope(ApiError("internal"), request.request_id)
        level, message = "ERROR", "failed"
        request.notes |= fault(error)
    request.notes.update(route=route, status=status, ms=request.elapsed_ms)
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


def perform(app: App, route: str, request: Request) -> tuple[Operation, Any]:
    """Checks a request in the order: route, caller, rights, body; then runs its operation."""
    operation = app.operations.get(route)
    if operation is None:
        raise ApiError("not_found")
    if operation.scopes:
        if app.verifier is None:
            raise RuntimeError("an operation with scopes needs a verifier")
        request.caller = app.verifier.caller(request.headers.get("authorization"))
        if app.sessions is not None:
            app.sessions.check(request.caller)
        request.caller.needs(operation.scopes, operation.groups)
    if operation.request is not None:
        request.body = read_body(request, operation.request)
    if operation.query is not None:
        request.query = read_query(request.event, operation.query)
    return operation, operation.run(request)


def read_body(request: Request, schema: type[BaseModel]) -> BaseModel:
    """The validated body; one that is left out counts as an empty object."""
    event = request.event
    body: str | bytes = event.get("body") or "{}"
    if len(body) > LARGEST_BODY:
        raise ApiError("too_large")
    kind = request.headers.get("content-type", "application/json")
    if kind != "application/json" and kind.partition(";")[0].strip().lower() not in media_of(event):
        raise ApiError("unsupported_type")
    try:
        if event.get("isBase64Encoded"):
            body = b64decode(body, validate=True)
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise problem_of(error, body) from error
    except ValueError as error:
        raise ApiError("invalid_json", why="not base64, or not UTF-8") from error


def media_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """What a body may be: a change of parts may say how it is meant (RFC 7396)."""
    return ("application/json", MERGE_PATCH) if event.get("httpMethod") == "PATCH" else ("application/json",)


def read_query(event: Mapping[str, Any], schema: type[BaseModel]) -> BaseModel:
    """The validated query."""
    values = event.get("queryStringParameters") or {}
    try:
        return schema.model_validate_strings(values)
    except ValidationError as error:
        raise problem_of(error, values) from error


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
    return {} if problem.row.retry_after_s is None else {"Retry-After": str(problem.row.retry_after_s)}
