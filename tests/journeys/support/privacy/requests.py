"""Requests that carry a marker in every place that a route has, and in those that it should not have."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from functions.routes import Route
from tests.journeys.support.privacy.markers import Marker, Markers

HEADERS = (
    ("Accept-Language", "Cookie", "Referer", "User-Agent", "X-Amzn-Trace-Id", "X-Correlation-Id", "X-Request-Id"),
    ("Cache-Control", "If-Match", "If-None-Match", "Origin", "X-Api-Key", "X-Forwarded-For", "traceparent"),
    ("Idempotency-Key",),
)
"""Headers whose value is the caller's, in groups: what one of a group is refused for must not hide the others."""


@dataclass(frozen=True)
class Request:
    """One request with its marks."""

    route: Route
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    signed: bool = True
    """Whether the caller's own token goes with it."""


def requests(route: Route, markers: Markers) -> Iterator[Request]:
    """Everything that can be marked of one route."""
    yield from _addresses(route, markers)
    yield from _headers(route, markers)
    if route.request is not None:
        yield from _bodies(route, markers)


def _addresses(route: Route, markers: Markers) -> Iterator[Request]:
    body = _right(route)
    if "{" in route.path:
        for kind in ("email", "words"):
            marker = markers(f"{route.key}: path, {kind}")
            yield Request(route, _path(route, quote(getattr(marker, kind), safe="")), body)
    for name in route.query.model_json_schema()["properties"] if route.query else ():
        yield Request(route, f"{_path(route)}?{urlencode({name: markers(f'{route.key}: query, {name}').words})}", body)
    # What no route takes; and a name is a value too.
    unknown = {name: markers(f"{route.key}: query, {name}").words for name in ("email", "password", "token")}
    named = markers(f"{route.key}: query, its name")
    yield Request(route, f"{_path(route)}?{urlencode({**unknown, named.email: named.secret})}", body)


def _headers(route: Route, markers: Markers) -> Iterator[Request]:
    for names in HEADERS:
        values = {name: _header(name, markers(f"{route.key}: header {name}")) for name in names}
        yield Request(route, _path(route), _right(route), values)
    token, password = (markers(f"{route.key}: header Authorization, {what}") for what in ("a token", "a password"))
    for value in (f"Bearer {token.token}", f"Basic {password.password}"):
        yield Request(route, _path(route), _right(route), {"Authorization": value}, signed=False)


def _header(name: str, marker: Marker) -> str:
    forms = {"Cookie": f"session={marker.token}", "Origin": f"https://{marker.secret}.example.org"}
    return forms.get(name, marker.words)


def _bodies(route: Route, markers: Markers) -> Iterator[Request]:
    example = _example(route)
    fitting = example
    for path in _leaves(example):
        name = ".".join(map(str, path))
        fitting = _put(fitting, path, _fitting(path, markers(f"{route.key}: body, {name}")))
        marker = markers(f"{route.key}: body, {name}, of another form")
        yield _with(route, _put(example, path, marker.words))
    yield _with(route, fitting)
    marker = markers(f"{route.key}: body, an unknown field")
    yield _with(route, {**example, marker.email: marker.words})
    marker = markers(f"{route.key}: body, no JSON")
    yield Request(route, _path(route), b'{"password": "%b' % marker.words.encode())
    marker = markers(f"{route.key}: body, text")
    yield Request(route, _path(route), marker.words.encode(), {"Content-Type": "text/plain"})
    marker = markers(f"{route.key}: body, too large")
    yield _with(route, {**example, "more": marker.words + " " * 600_000})


def _with(route: Route, body: Any) -> Request:
    return Request(route, _path(route), json.dumps(body).encode())


def _fitting(path: tuple[str | int, ...], marker: Marker) -> Any:
    """A value that has a chance to be taken."""
    fitting = {
        "email": marker.email,
        "password": marker.password,
        "refreshToken": marker.token,
        "session": marker.token,
        "key": f"uploads/{marker.secret}.csv",
        "callbackUrl": f"https://127.0.0.1/{marker.secret}",
    }
    return fitting.get(str(path[-1]), f"{marker.email} {marker.card}")


def _right(route: Route) -> bytes | None:
    return json.dumps(_example(route)).encode() if route.request is not None else None


def _example(route: Route) -> dict[str, Any]:
    assert route.request is not None
    schema = route.request.model_json_schema()
    found: dict[str, Any] = schema["example"]
    return found


def _leaves(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, (*at, name))
    elif isinstance(value, list):
        for number, item in enumerate(value[:1]):
            yield from _leaves(item, (*at, number))
    else:
        yield at


def _put(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def _path(route: Route, segment: str = "nothing-here") -> str:
    """The route's path below /v1, its parameter filled in."""
    parts = [segment if part.startswith("{") else part for part in route.path.removeprefix("/v1").split("/")]
    return "/".join(parts)
