"""How the client speaks HTTP: one kept connection, tokens, errors as exceptions, and patience where it is asked for."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4


class ApiError(Exception):
    """An answer with a status of 400 or above; `code` is what to decide on, `request_id` what to report."""

    def __init__(self, status: int, error: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.code = str(error.get("code", "unknown"))
        self.message = str(error.get("message", ""))
        self.details: list[dict[str, str]] = list(error.get("details", []))
        self.request_id = str(error.get("requestId", ""))
        self.retry_after_s = retry_after_s
        fields = "; ".join(f"{row.get('field')}: {row.get('message')}" for row in self.details)
        super().__init__(f"{status} {self.code}: {self.message}{f' ({fields})' if fields else ''}")


class Transport:
    """One connection to one stack; not for two threads at once.

    Args:
        api_url: what the stack exports, such as `https://example.execute-api.us-east-1.amazonaws.com/api/v1`.
        access_token: the token of a login, or a function that gives one; needed by most operations.
        api_key: key of a third party, where the stack wants one.
        timeout_s: longest wait for one answer; the API itself answers within 29 s.
        patience_s: how long to wait altogether for an API that asks to come back later, or is not there: after 429,
            and after 503 or a lost connection where a call may be made again.
    """

    def __init__(
        self,
        api_url: str,
        access_token: str | Callable[[], str] = "",
        *,
        api_key: str = "",
        timeout_s: float = 30,
        patience_s: float = 10,
    ) -> None:
        parts = urlsplit(api_url.rstrip("/"))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(
                f"api_url is {api_url!r}; allowed: an http or https address; take it from the stack's exports"
            )
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._token, self._api_key = access_token, api_key
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Ends the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @staticmethod
    def segment(value: object) -> str:
        """A value as one segment of a path."""
        return quote(str(value), safe="")

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, object] | None = None,
        header: Mapping[str, object] | None = None,
        signed: bool = True,
        once: bool = False,
    ) -> Any:
        """One call; the answer's JSON, or None where it has no body, as 304 has for what the caller has already.

        With `once` the API does it once however often it is sent, by a key that this makes where none is given: so it
        is sent again as a call that only reads is.

        Raises:
            ApiError: the API said no.
            OSError: it could not be reached, or did not answer in time.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{self._base}{path}{'?' + urlencode(given) if given else ''}"
        headers = {"Accept": "application/json"}
        headers |= {name: str(value) for name, value in (header or {}).items() if value is not None}
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body, allow_nan=False).encode(), "application/json"
        if signed and self._token:
            headers["Authorization"] = f"Bearer {self._token() if callable(self._token) else self._token}"
        if self._api_key:
            headers["x-api-key"] = self._api_key
        if once:
            headers.setdefault("Idempotency-Key", str(uuid4()))
        return self._patiently(lambda: self._once(method, target, content, headers), again=once or method == "GET")

    def _patiently(self, send: Callable[[], Any], *, again: bool) -> Any:
        """The answer, asked for as long as the patience lasts; `again` says that a call may be made twice."""
        until = time.monotonic() + self._patience_s
        while True:
            wait_s = 1.0
            try:
                answer = send()
            except OSError:
                if not again or time.monotonic() + wait_s > until:
                    raise
            else:
                if not isinstance(answer, ApiError):
                    return answer
                # Asked too often: nothing was done. Out of order, or under way: what may be made again is.
                later = answer.status == 429 or (again and (answer.status == 503 or answer.code == "key_in_use"))
                wait_s = wait_s if answer.retry_after_s is None else answer.retry_after_s
                if not later or time.monotonic() + wait_s > until:
                    raise answer
            time.sleep(wait_s)

    def _once(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]) -> Any:
        kept = self._connection is not None
        try:
            response = self._send(method, target, content, headers)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            if not kept:
                raise
            # The other side had closed a connection that was kept too long; nothing of this call was read.
            response = self._send(method, target, content, headers)
        text = response.read()
        if response.will_close:
            self.close()
        if response.status >= 400:
            return error_of(response, text)
        return json.loads(text) if text else None

    def _send(
        self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]
    ) -> http.client.HTTPResponse:
        if self._connection is None:
            self._connection = self._kind(self._host, self._port, timeout=self._timeout_s)
        try:
            self._connection.request(method, target, content, dict(headers))
            return self._connection.getresponse()
        except BaseException:
            self.close()
            raise


def error_of(response: http.client.HTTPResponse, text: bytes) -> ApiError:
    """The exception of an answer."""
    try:
        found = json.loads(text)["error"]
    except (ValueError, KeyError, TypeError):
        found = {"code": "unknown", "message": f"an answer of another form: {text[:200]!r}"}
    after = response.headers.get("Retry-After", "")
    return ApiError(response.status, found, float(after) if after.isdigit() else None)
