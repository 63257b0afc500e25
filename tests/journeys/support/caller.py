"""A caller of the API: plain HTTP, whatever the status."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

from tests.journeys.support.deployed import Deployed

PASSWORD = "Correct-Horse-7"
ENVELOPE = {"code", "message", "details", "timestamp", "requestId"}
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000")
"""As functions write it, or as the gateway does, which has no other form for its own answers."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    text: str

    @property
    def content(self) -> Any:
        """The parsed body."""
        return json.loads(self.text)

    def refused(self, status: int, code: str) -> list[dict[str, str]]:
        """The details of an error in the platform's envelope, after each of its fields is checked."""
        assert self.status == status, self.text
        assert self.headers["content-type"] == "application/json"
        assert set(self.content) == {"error"}
        error = self.content["error"]
        assert set(error) == ENVELOPE
        assert error["code"] == code
        assert error["message"]
        assert TIMESTAMP.fullmatch(error["timestamp"]), error["timestamp"]
        assert error["requestId"] == self.headers["x-amzn-requestid"]
        details: list[dict[str, str]] = error["details"]
        assert all(set(detail) == {"field", "message"} for detail in details)
        return details


@dataclass(frozen=True)
class Caller:
    """Somebody with or without a token."""

    deployed: Deployed
    token: str = ""
    email: str = ""
    refresh_token: str = ""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, sent as it is where `raw` is given; one that is throttled is sent again when the answer says."""
        if body is not None:
            raw = json.dumps(body).encode()
        answer = self.send(method, path, raw, headers or {})
        while answer.status == 429:
            time.sleep(int(answer.headers["retry-after"]))
            answer = self.send(method, path, raw, headers or {})
        return answer

    def send(self, method: str, path: str, raw: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request as it is, and what came back, whatever it is."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers
        where = urlsplit(self.deployed.state.api_url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        try:
            connection.request(method, where.path + path, raw, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read().decode())
        finally:
            connection.close()

    @property
    def user_id(self) -> str:
        """Whom the token speaks for."""
        return str(jwt.decode(self.token, options={"verify_signature": False})["sub"])

    def predict(self, row: Mapping[str, Any], **headers: str) -> Answer:
        """A prediction; `Cache_Control` is the header Cache-Control."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("POST", "/ml/predict", {"input": row}, headers=given)


def demo(deployed: Deployed) -> Caller:
    """The demo user, a member of every group."""
    return Caller(deployed, deployed.state.access_token, deployed.state.username)


def signed_up(deployed: Deployed, email: str = "") -> Caller:
    """A new user without any group, signed in."""
    anybody, email = Caller(deployed), email or f"user-{secrets.token_hex(6)}@example.org"
    account = {"email": email, "password": PASSWORD, "name": "Ada Example", "language": "en"}
    assert anybody.call("POST", "/auth/register", account).status == 201
    code = deployed.code(email)
    assert anybody.call("POST", "/auth/confirm", {"email": email, "code": code}).status == 200
    tokens = anybody.call("POST", "/auth/login", {"email": email, "password": PASSWORD}).content
    return Caller(deployed, tokens["accessToken"], email, tokens["refreshToken"])
