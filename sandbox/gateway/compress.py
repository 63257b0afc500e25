"""Compressed bodies: what a caller sends so is unpacked, and what it is willing to unpack itself is sent so."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

from sandbox.gateway.context import Answer, Exchange, GatewayError

WINDOWS = {"gzip": 31, "deflate": 15}
"""Per coding that API Gateway knows, what zlib calls it."""
FAST = 1
"""A laptop's loop answers everybody, so the quickest level."""
_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def unpack(exchange: Exchange, largest: int) -> None:
    """Unpacks a request's body.

    Raises:
        GatewayError: the coding is not known, the body is not of that coding, or larger than a body may be.
    """
    coding = (exchange.header(b"content-encoding") or "identity").strip().lower()
    if coding == "identity":
        return
    if coding not in WINDOWS:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    try:
        unpacker = zlib.decompressobj(WINDOWS[coding])
        body = unpacker.decompress(exchange.body, largest + 1)
    except zlib.error:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE") from None
    if len(body) > largest:
        raise GatewayError("REQUEST_TOO_LARGE")
    if not unpacker.eof or unpacker.unused_data:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE")
    exchange.body = body
    exchange.drop(b"content-encoding")


def pack(exchange: Exchange, answer: Answer) -> Answer:
    """An answer as it is sent: compressed where it is large enough and its caller asks for it."""
    least = exchange.stage.api.compress_bytes
    if (
        least is None
        or len(answer.body) < max(least, 1)
        or any(name == b"content-encoding" for name, _ in answer.headers)
    ):
        return answer
    coding = chosen(exchange.header(b"accept-encoding") or "")
    if coding is None:
        return answer
    packer = zlib.compressobj(FAST, zlib.DEFLATED, WINDOWS[coding])
    body = packer.compress(answer.body) + packer.flush()
    return Answer(answer.status, (*answer.headers, (b"content-encoding", coding.encode("ascii"))), body)


@lru_cache(maxsize=256)
def chosen(accepted: str) -> str | None:
    """The coding for an Accept-Encoding header: of what the caller likes most, one that API Gateway knows, or none."""
    wanted: dict[str, float] = {}
    for part in accepted.lower().split(","):
        coding, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((found[1] for piece in parameters if (found := _QUALITY.fullmatch(piece))), "1")
        if coding:
            wanted[coding] = float(quality)
    most = max(wanted.values(), default=0.0)
    return next((coding for coding in WINDOWS if most and wanted.get(coding) == most), None)
