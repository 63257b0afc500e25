"""A few AWS calls without the SDK: signed by Signature Version 4, over one kept-alive connection a service.

Importing boto3 costs more than a whole prediction, so the prediction path does without it; other functions use boto3.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from functions.shared.aws.signature import Credentials, Signer
from functions.shared.aws.tracing import part

SERVICES: Mapping[str, tuple[str, str, str]] = {
    "dynamodb": ("dynamodb", "dynamodb", "DYNAMODB"),
    "secretsmanager": ("secretsmanager", "secretsmanager", "SECRETS_MANAGER"),
    "sagemaker-runtime": ("runtime.sagemaker", "sagemaker", "SAGEMAKER_RUNTIME"),
    "cognito-idp": ("cognito-idp", "cognito-idp", "COGNITO_IDENTITY_PROVIDER"),
    "bedrock-runtime": ("bedrock-runtime", "bedrock", "BEDROCK_RUNTIME"),
    "comprehend": ("comprehend", "comprehend", "COMPREHEND"),
}
"""Per service: host before the region, signing name, end of its AWS_ENDPOINT_URL_… variable."""

TARGETS: Mapping[str, tuple[str, str]] = {
    "dynamodb": ("DynamoDB_20120810", "application/x-amz-json-1.0"),
    "secretsmanager": ("secretsmanager", "application/x-amz-json-1.1"),
    "comprehend": ("Comprehend_20171127", "application/x-amz-json-1.1"),
}
"""Per service of the JSON protocol: target prefix and content type."""


OPERATIONS: Mapping[str, str] = {"invocations": "InvokeEndpoint", "converse": "Converse"}
"""Of services with an address for each operation: the end of its address → the operation."""


class AwsError(Exception):
    """An answer of AWS with a status of 300 or above."""

    def __init__(self, status: int, code: str, body: Mapping[str, Any]) -> None:
        self.status, self.code, self.body = status, code, body
        super().__init__(f"{status} {code}")


class AwsTimeoutError(Exception):
    """No answer in time."""


class AwsUnreachableError(Exception):
    """No connection, or it broke."""


@dataclass(frozen=True)
class Reply:
    """A good answer."""

    headers: Mapping[str, str]
    body: bytes


def endpoint_of(service: str, environ: Mapping[str, str]) -> str:
    """Where a service answers: the standard AWS_ENDPOINT_URL variables, else its regional address."""
    host, _, variable = SERVICES[service]
    override = environ.get(f"AWS_ENDPOINT_URL_{variable}") or environ.get("AWS_ENDPOINT_URL")
    return (override or f"https://{host}.{environ['AWS_REGION']}.amazonaws.com").rstrip("/")


class Service:
    """One AWS service; not for use by two threads at once."""

    def __init__(
        self,
        name: str,
        environ: Mapping[str, str],
        *,
        timeout_s: float,
        connect_timeout_s: float = 1.0,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._name, self._timeout_s, self._connect_timeout_s, self._clock = name, timeout_s, connect_timeout_s, clock
        self._url = urlsplit(endpoint_of(name, environ))
        self._signer = Signer(Credentials.of(environ), environ["AWS_REGION"], SERVICES[name][1], self._url.netloc)
        self._connection: http.client.HTTPConnection | None = None

    def call(self, operation: str, payload: Mapping[str, Any], *, timeout_s: float | None = None) -> dict[str, Any]:
        """An operation of a JSON-protocol service; `timeout_s` in place of the service's own.

        Raises:
            AwsError, AwsTimeoutError, AwsUnreachableError: it did not work.
        """
        prefix, content_type = TARGETS[self._name]
        headers = {"content-type": content_type, "x-amz-target": f"{prefix}.{operation}"}
        answer = json.loads(self.post("/", headers, json.dumps(payload).encode(), timeout_s=timeout_s).body)
        return dict(answer)

    def post(self, path: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float | None = None) -> Reply:
        """A signed POST. A kept connection that the other side has closed meanwhile is replaced once."""
        with part(self._name, {"namespace": "aws", "aws": {"operation": operation_of(path, headers)}}):
            return self._posted(path, self._signer.headers(path, headers, body, self._clock()), body, timeout_s)

    def close(self) -> None:
        """Ends the kept connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _posted(self, path: str, signed: Mapping[str, str], body: bytes, timeout_s: float | None) -> Reply:
        kept = self._connection is not None
        try:
            try:
                return self._send(path, signed, body, timeout_s)
            except (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError) as error:
                if not kept or isinstance(error, TimeoutError):
                    raise
                return self._send(path, signed, body, timeout_s)
        except TimeoutError as error:
            raise AwsTimeoutError(self._name) from error
        except (OSError, http.client.HTTPException) as error:
            raise AwsUnreachableError(f"{self._name}: {type(error).__name__}") from error

    def _send(self, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float | None) -> Reply:
        connection, self._connection = self._connection or self._connect(), None
        try:
            if timeout_s is not None:
                connection.sock.settimeout(timeout_s)
            connection.request("POST", path, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._connection = connection
        found = {name.lower(): value for name, value in response.getheaders()}
        if response.status >= 300:
            raise error_of(response.status, found, content)
        return Reply(found, content)

    def _connect(self) -> http.client.HTTPConnection:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=self._connect_timeout_s)
        connection.connect()
        connected: socket.socket = connection.sock
        connected.settimeout(self._timeout_s)
        return connection


def fetch(url: str, timeout_s: float) -> bytes:
    """A public document of AWS.

    Raises:
        OSError: it cannot be had.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(kind(parts.hostname or "", parts.port, timeout=timeout_s)) as connection:
        try:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            content = response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(type(error).__name__) from error
    if response.status != 200:
        raise ConnectionError(f"status {response.status}")
    return content


def operation_of(path: str, headers: Mapping[str, str]) -> str:
    """The operation that a request asks for."""
    last = path.rpartition("/")[2]
    return headers.get("x-amz-target", "").rpartition(".")[2] or OPERATIONS.get(last, last)


def error_of(status: int, headers: Mapping[str, str], content: bytes) -> AwsError:
    """An error answer: its code stands in a header or in the body, with or without a namespace."""
    try:
        body = json.loads(content)
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    code = headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or body.get("Code") or ""
    return AwsError(status, str(code).split(":", 1)[0].rsplit("#", 1)[-1], body)
