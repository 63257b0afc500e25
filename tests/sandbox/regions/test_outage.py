"""Which region a request belongs to, told by its signature, its bucket or its user pool."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import pytest

from sandbox.regions.outage import Outage

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/{}/{}/aws4_request, SignedHeaders=host, Signature=0"


def reaches(environ: dict[str, Any], lost: str = "us-east-1") -> bool:
    """Whether a request reaches the services while a region is lost."""
    reached: list[str] = []

    def services(_environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
        reached.append("yes")
        return []

    outage = Outage("123456789012")
    outage.lost.add(lost)
    try:
        outage.layer(services)({"PATH_INFO": "/", **environ}, None)
    except ConnectionResetError:
        assert reached == []
    return bool(reached)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HTTP_AUTHORIZATION": SIGNED.format("us-east-1", "dynamodb")}, False),
        ({"HTTP_AUTHORIZATION": SIGNED.format("us-west-2", "dynamodb")}, True),
        ({"HTTP_AUTHORIZATION": SIGNED.format("us-east-1", "iam")}, True),
        ({"HTTP_AUTHORIZATION": SIGNED.format("us-east-1", "s3"), "PATH_INFO": "/unknown/key"}, False),
        ({"QUERY_STRING": "X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Expires=1"}, False),
        ({"QUERY_STRING": "X-Amz-Credential=test%2F20260101%2Fus-west-2%2Fs3%2Faws4_request"}, True),
        ({"PATH_INFO": "/us-east-1_Pool1/.well-known/jwks.json"}, False),
        ({"PATH_INFO": "/us-west-2_Pool1/.well-known/jwks.json"}, True),
        ({"PATH_INFO": "/moto-api/reset"}, True),
        ({"HTTP_AUTHORIZATION": "Basic dGVzdDp0ZXN0"}, True),
    ],
    ids=[
        "here",
        "there",
        "global",
        "bucket",
        "presigned",
        "presigned there",
        "keys",
        "keys there",
        "unsigned",
        "basic",
    ],
)
def test_a_request_belongs_to_a_region(environ: dict[str, Any], expected: bool) -> None:
    assert reaches(environ) is expected


def test_nothing_is_looked_at_while_no_region_is_lost() -> None:
    assert reaches({"HTTP_AUTHORIZATION": SIGNED.format("us-east-1", "dynamodb")}, lost="eu-west-1")


@pytest.mark.parametrize(("lost", "expected"), [("us-west-2", False), ("us-east-1", True)])
def test_a_token_comes_from_the_region_of_its_client(lost: str, expected: bool) -> None:
    from moto.cognitoidp.models import cognitoidp_backends

    backend = cognitoidp_backends["123456789012"]["us-west-2"]
    pool = backend.create_user_pool("pool", {})
    client = backend.create_user_pool_client(pool.id, generate_secret=True, extended_config={"ClientName": "m"})
    word = base64.b64encode(f"{client.id}:secret".encode()).decode()
    environ = {"PATH_INFO": "/oauth2/token", "REQUEST_METHOD": "POST", "HTTP_AUTHORIZATION": f"Basic {word}"}
    assert reaches(environ, lost) is expected


@pytest.mark.parametrize("given", ["Basic !!!", "Basic /w==", "Bearer x", ""])
def test_who_cannot_be_told_is_let_through(given: str) -> None:
    assert reaches({"PATH_INFO": "/oauth2/token", "HTTP_AUTHORIZATION": given})
