"""Requests of Secrets Manager, read before moto sees them, and answers in its protocol."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[\w-]+)/secretsmanager/")
_PREFIX = "secretsmanager."


class RefusedError(Exception):
    """What Secrets Manager answers instead."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.status = code, status
        super().__init__(message)


@dataclass(frozen=True)
class Request:
    """One call."""

    operation: str
    region: str
    given: dict[str, Any]


def read(environ: dict[str, Any]) -> Request | None:
    """The call, and None where it is none of Secrets Manager; the body can be read again afterwards."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if not target.startswith(_PREFIX) or scope is None:
        return None
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        # moto tells what is wrong with it.
        return None
    return Request(target.removeprefix(_PREFIX), scope["region"], given) if isinstance(given, dict) else None


def answer(start_response: Any, content: dict[str, Any], status: int = 200) -> Iterable[bytes]:
    """A document as the JSON protocol sends it."""
    body = json.dumps(content).encode()
    start_response(f"{status} -", [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))])
    return [body]


def refuse(start_response: Any, refused: RefusedError) -> Iterable[bytes]:
    """An error as the JSON protocol sends it."""
    return answer(start_response, {"__type": refused.code, "message": str(refused)}, refused.status)
