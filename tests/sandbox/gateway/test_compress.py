"""Compression as API Gateway does it: by the caller's wish, above a size, in gzip or deflate."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway.compress import chosen, pack, unpack
from sandbox.gateway.context import Answer, Exchange, GatewayError
from tests.sandbox.gateway.documents import exchange, stage

LARGE = b"x" * 2048


def place(least: int | None = 1024) -> Exchange:
    plain = stage()
    return exchange(stage=replace(plain, api=replace(plain.api, compress_bytes=least)))


def packed(
    accepted: str | None, body: bytes = LARGE, *, least: int | None = 1024, content_encoding: str = ""
) -> Answer:
    request = place(least)
    if accepted is not None:
        request.headers = [(b"accept-encoding", accepted.encode())]
    given_headers = ((b"content-encoding", content_encoding.encode()),) if content_encoding else ()
    return pack(request, Answer(200, given_headers, body))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("GZIP, deflate, br", "gzip"),
        ("deflate;q=1.0, gzip;q=0.5", "deflate"),
        ("gzip;q=0.8, br;q=0.8", "gzip"),
        ("br, gzip;q=0.9", None),
        ("gzip;q=0", None),
        ("identity", None),
        ("*", None),
        ("", None),
        ("gzip;q=x", "gzip"),
        (",;,", None),
    ],
)
def test_the_coding_that_a_caller_likes_most_counts(accepted: str, coding: str | None) -> None:
    assert chosen(accepted) == coding


def test_a_large_answer_is_packed_and_says_so() -> None:
    made = packed("gzip")
    assert dict(made.headers) == {b"content-encoding": b"gzip"}
    assert gzip.decompress(made.body) == LARGE
    assert zlib.decompress(packed("deflate").body) == LARGE


@pytest.mark.parametrize(("size", "coded"), [(1023, False), (1024, True)])
def test_the_size_decides(size: int, coded: bool) -> None:
    assert bool(packed("gzip", b"x" * size).headers) == coded


def test_what_nobody_asked_for_or_is_coded_already_stays() -> None:
    assert packed(None).body == LARGE
    assert packed("gzip", least=None).body == LARGE
    assert packed("gzip", content_encoding="br").body == LARGE
    assert packed("gzip", b"", least=0).headers == ()


@given(st.text(alphabet=st.characters(codec="latin-1")))
def test_no_wish_breaks_an_answer(accepted: str) -> None:
    assert chosen(accepted) in {"gzip", "deflate", None}


@pytest.mark.parametrize(
    ("coding", "body"), [("gzip", gzip.compress(LARGE)), ("Deflate", zlib.compress(LARGE))], ids=["gzip", "deflate"]
)
def test_a_packed_body_is_unpacked_and_its_header_forgotten(coding: str, body: bytes) -> None:
    request = exchange(headers={"Content-Encoding": coding}, body=body)
    unpack(request, 4096)
    assert (request.body, request.header(b"content-encoding")) == (LARGE, None)


@pytest.mark.parametrize(
    ("coding", "body", "kind"),
    [
        ("br", b"x", "UNSUPPORTED_MEDIA_TYPE"),
        ("gzip, gzip", gzip.compress(LARGE), "UNSUPPORTED_MEDIA_TYPE"),
        ("gzip", LARGE, "UNSUPPORTED_MEDIA_TYPE"),
        ("gzip", gzip.compress(LARGE)[:-4], "UNSUPPORTED_MEDIA_TYPE"),
        ("gzip", gzip.compress(LARGE) + b"more", "UNSUPPORTED_MEDIA_TYPE"),
        ("gzip", gzip.compress(b"0" * (64 << 20)), "REQUEST_TOO_LARGE"),
    ],
    ids=["unknown", "twice", "not packed", "cut", "more behind", "bomb"],
)
def test_a_body_that_cannot_be_unpacked_is_refused(coding: str, body: bytes, kind: str) -> None:
    with pytest.raises(GatewayError) as caught:
        unpack(exchange(headers={"Content-Encoding": coding}, body=body), 4096)
    assert caught.value.kind == kind
