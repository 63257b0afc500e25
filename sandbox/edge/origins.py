"""Asks what a distribution leads to: a bucket in its region, or the API of the region that its name leads to."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from sandbox.edge.declared import Origin

TIMEOUT_S = 30.0
_KEPT = {"CacheControl": "Cache-Control", "ContentType": "Content-Type", "ETag": "ETag"}
_HOPS = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers that belong to one connection, or that the next request writes itself."""


@dataclass(frozen=True)
class Request:
    """What a visitor asks for."""

    method: str
    path: str
    """Without the query."""
    query: str = ""
    headers: Mapping[str, str] | None = None
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Clients(Protocol):
    """Where buckets are; `Cloud` is one."""

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of one service in a region."""


class Api(Protocol):
    """Where an API's host answers on this machine; `Names` is one."""

    def url(self, host: str, path: str) -> str:
        """The address of a path; empty when nothing here stands for the host."""


def ask(origin: Origin, request: Request, clients: Clients, api: Api) -> Answer:
    """One origin's answer; 502 where it could not be reached, as an edge says it."""
    if origin.bucket:
        return _object(origin, request, clients) if origin.admitted else _refused(origin)
    return _proxied(origin, request, api)


def _object(origin: Origin, request: Request, clients: Clients) -> Answer:
    from botocore.exceptions import BotoCoreError, ClientError

    s3, key = clients.client("s3", origin.region), unquote(request.path.lstrip("/"))
    try:
        found = s3.get_object(Bucket=origin.bucket, Key=key)
        body = found["Body"].read()
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return Answer(status, {"Content-Type": "application/xml"}, f"<Error>{error.response['Error']}</Error>".encode())
    except (BotoCoreError, OSError) as error:
        return _unreached(origin, error)
    headers = {name: str(found[member]) for member, name in _KEPT.items() if found.get(member)}
    return Answer(200, headers, body)


def _proxied(origin: Origin, request: Request, api: Api) -> Answer:
    url = urlsplit(api.url(origin.host, request.path))
    if not url.hostname:
        return _unreached(origin, LookupError(f"nothing on this machine stands for {origin.host}"))
    passed = {name: value for name, value in (request.headers or {}).items() if name.lower() not in _HOPS}
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)
    try:
        path = f"{url.path}?{request.query}" if request.query else url.path
        connection.request(request.method, path, request.body or None, {**passed, **origin.headers})
        found = connection.getresponse()
        body = found.read()
    except (OSError, http.client.HTTPException) as error:
        return _unreached(origin, error)
    finally:
        connection.close()
    headers = {name: value for name, value in found.getheaders() if name.lower() not in _HOPS}
    return Answer(found.status, headers, body)


def _refused(origin: Origin) -> Answer:
    told = f"the policy of bucket {origin.bucket} does not let this distribution read"
    return Answer(403, {"Content-Type": "text/plain"}, told.encode())


def _unreached(origin: Origin, error: Exception) -> Answer:
    return Answer(502, {"Content-Type": "text/plain"}, f"origin {origin.id} could not be reached: {error}".encode())
