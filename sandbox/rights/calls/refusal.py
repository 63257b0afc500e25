"""A refusal as each service writes it: codes, status and form differ."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from sandbox.rights.calls.reading import Asked

CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
"""Services of the XML protocols with a code of their own; the others say AccessDenied."""
QUERY_COMPATIBLE = frozenset({"sqs", "cloudwatch"})
"""Services that came from the XML protocol and go on saying its code and status in JSON."""


def refuse(asked: Asked, text: str, start_response: Any) -> Iterable[bytes]:
    """Answers a call that is not allowed."""
    status, kind, headers, body = _written(asked, text)
    content = body.encode()
    lines = [("Content-Type", kind), ("Content-Length", str(len(content))), *headers.items()]
    start_response(f"{status} -", lines)
    return [content]


def _written(asked: Asked, text: str) -> tuple[int, str, dict[str, str], str]:
    number = str(uuid.uuid4())
    code = CODES.get(asked.service, "AccessDenied")
    if asked.protocol == "rest-xml" and asked.service == "s3":
        inside = f"<Code>AccessDenied</Code><Message>{escape(text)}</Message>"
        body = f"<?xml version='1.0'?><Error>{inside}<RequestId>{number}</RequestId><HostId>sandbox</HostId></Error>"
        return 403, "application/xml", {"x-amz-request-id": number}, body
    if asked.protocol == "ec2":
        inside = f"<Errors><Error><Code>{code}</Code><Message>{escape(text)}</Message></Error></Errors>"
        return 403, "text/xml", {}, f"<Response>{inside}<RequestID>{number}</RequestID></Response>"
    if asked.protocol in {"query", "rest-xml"}:
        inside = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
        return 403, "text/xml", {}, f"<ErrorResponse>{inside}<RequestId>{number}</RequestId></ErrorResponse>"
    headers = {"x-amzn-RequestId": number}
    if asked.protocol == "rest-json":
        headers["x-amzn-ErrorType"] = "AccessDeniedException"
        return 403, "application/json", headers, json.dumps({"Message": text, "message": text})
    body = json.dumps({"__type": "AccessDeniedException", "message": text, "Message": text})
    if asked.service in QUERY_COMPATIBLE:
        headers["x-amzn-query-error"] = f"{code};Sender"
        return 403, "application/x-amz-json-1.0", headers, body
    return 400, "application/x-amz-json-1.1", headers, body
