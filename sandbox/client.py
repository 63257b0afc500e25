"""A caller of the sandbox's own API: signs in with the demo user and speaks JSON."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

NONE: Final[Mapping[str, str]] = MappingProxyType({})
"""No header beside what every call has."""


@dataclass(frozen=True)
class Reply:
    """An answer of the API."""

    status: int
    text: str

    @property
    def content(self) -> Any:
        """The parsed JSON; ValueError when the body is none."""
        return json.loads(self.text)


class CallError(RuntimeError):
    """The API could not be reached, or answered with an error that was not expected."""


def call(
    url: str,
    method: str = "GET",
    body: Any = None,
    token: str = "",
    timeout_s: float = 35.0,
    *,
    headers: Mapping[str, str] = NONE,
) -> Reply:
    """Calls a route; `body` is sent as it is when it is text, as JSON otherwise. Any HTTP status is an answer."""
    data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    sent = {"Accept": "application/json", **headers}
    if data is not None:
        sent["Content-Type"] = "application/json"
    if token:
        sent["Authorization"] = f"Bearer {token}"
    where = urlsplit(url)
    # A plain connection: the user's proxy has no business between two local processes.
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=timeout_s)
    try:
        path = f"{where.path}?{where.query}" if where.query else where.path
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read().decode())
    except (http.client.HTTPException, OSError) as error:
        raise CallError(f"{method} {url} failed: {error}") from error
    finally:
        connection.close()


def sign_in(cognito: Any, client_id: str, username: str, password: str) -> tuple[str, str]:
    """The access token and the id token of a user."""
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )["AuthenticationResult"]
    return answer["AccessToken"], answer["IdToken"]
