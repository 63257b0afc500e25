"""Answers as HTTP/1.1 writes them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from sandbox.gateway.context import Answer, Exchange

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MALFORMED = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
    b"content-length: 23\r\n\r\nthe request is no HTTP\r\n"
)
NO_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the request that it is for; none where no stage was found."""

    answer: Answer
    exchange: Exchange | None = None


def written(reply: Reply, *, last: bool = False) -> bytes:
    """Head and body in one piece; `last` tells the caller that the connection is closed after it."""
    answer, exchange = reply.answer, reply.exchange
    parts = [_status(answer.status), _date(int(time.time()))]
    for name, value in answer.headers:
        parts += (name, b": ", value, b"\r\n")
    if answer.status not in NO_BODY:
        parts.append(b"content-length: %d\r\n" % len(answer.body))
    if exchange is not None:
        ids = exchange.request_id.encode(), exchange.extended_id.encode(), exchange.trace.encode("latin-1")
        parts.append(b"x-amzn-requestid: %b\r\nx-amz-apigw-id: %b\r\nx-amzn-trace-id: %b\r\n" % ids)
    if last:
        parts.append(b"connection: close\r\n")
    parts.append(b"\r\n")
    if answer.status not in NO_BODY and (exchange is None or exchange.verb != "HEAD"):
        parts.append(answer.body)
    return b"".join(parts)


@lru_cache(maxsize=64)
def _status(status: int) -> bytes:
    phrases = {known.value: known.phrase for known in HTTPStatus}
    return f"HTTP/1.1 {status} {phrases.get(status, '')}\r\n".encode()


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    return f"date: {formatdate(second, usegmt=True)}\r\n".encode()
