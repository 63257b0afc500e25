"""Only a token that the pool signed, for this method, at this time, passes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.gateway.authorize import Authorize
from sandbox.gateway.context import Exchange, GatewayError
from tests.sandbox.gateway.documents import exchange, jwks, token


class Pool:
    """Publishes keys and counts how often it is asked."""

    def __init__(self, content: bytes | OSError | None = None) -> None:
        self.content = content if content is not None else jwks()
        self.asked = 0

    async def fetch(self, _pool: str) -> bytes:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.content, OSError):
            raise self.content
        return self.content


def call(authorize: Authorize, value: str, path: str = "/v1/predict", verb: str = "POST") -> Exchange:
    request = exchange(verb, path, headers={"Authorization": value} if value else {})
    asyncio.run(authorize(request))
    return request


def refusal(value: str, **where: str) -> tuple[str, str]:
    with pytest.raises(GatewayError) as caught:
        call(Authorize(Pool().fetch), value, **where)
    return caught.value.kind, caught.value.message


@pytest.mark.parametrize("prefix", ["Bearer ", "bearer ", ""])
def test_signed_token_passes_and_its_claims_are_text(prefix: str) -> None:
    claims = call(Authorize(Pool().fetch), prefix + token(exp=4_000_000_000)).claims
    assert claims is not None
    assert claims["sub"] == "user-1"
    assert claims["cognito:groups"] == "users,premium"
    assert claims["exp"] == "Tue Oct 02 07:06:40 UTC 2096"


def test_public_method_asks_for_nothing() -> None:
    assert call(Authorize(Pool().fetch), "", "/v1/open", "GET").claims is None


def test_method_without_scopes_takes_id_tokens_only() -> None:
    found = call(Authorize(Pool().fetch), token(token_use="id", scope=None), "/v1/me", "GET")
    assert found.claims is not None
    assert refusal(token(), path="/v1/me", verb="GET")[0] == "UNAUTHORIZED"


BAD: dict[str, Callable[[], str]] = {
    "none": lambda: "",
    "no token": lambda: "Bearer",
    "no JSON": lambda: "Bearer a.b.c",
    "oversized": lambda: "x" * 9000,
    "alg none": lambda: token(algorithm="none"),
    "shared secret": lambda: token(algorithm="HS256"),
    "other key": lambda: token(key="wrong"),
    "unknown key id": lambda: token(kid="two"),
    "other pool": lambda: token(iss="https://cognito-idp.us-east-1.amazonaws.com/other"),
    "not yet valid": lambda: token(nbf=int(time.time()) + 600),
    "id token": lambda: token(token_use="id"),
    "no use": lambda: token(token_use=None),
    "no subject": lambda: token(sub=None),
    "no expiry": lambda: token(exp=None),
    "expiry is text": lambda: token(exp="soon"),
    "endless": lambda: token(exp=float("inf")),
    "expiry is no number": lambda: token(exp=float("nan")),
    "beyond every calendar": lambda: token(exp=10**400),
    "made never": lambda: token(iat=float("nan")),
    "unsigned": lambda: token().rsplit(".", 1)[0] + ".",
    "changed signature": lambda: token() + "x",
}
"""Made when a test runs: minutes may pass after the tests were collected."""


@pytest.mark.parametrize("made", BAD.values(), ids=BAD)
def test_other_tokens_are_unauthorized(made: Callable[[], str]) -> None:
    assert refusal(made()) == ("UNAUTHORIZED", "")


def test_expired_token_is_told() -> None:
    assert refusal(token(exp=int(time.time()) - 1)) == ("UNAUTHORIZED", "The incoming token has expired")


def test_token_without_a_scope_of_the_method_is_denied() -> None:
    assert refusal(token(scope="openid platform/train"))[0] == "ACCESS_DENIED"


def test_one_scope_of_several_is_enough() -> None:
    assert call(Authorize(Pool().fetch), token(scope="platform/predict")).claims


def test_verified_token_is_remembered_until_it_expires() -> None:
    now = [time.time()]
    pool = Pool()
    authorize = Authorize(pool.fetch, lambda: now[0])
    value = token(exp=int(now[0]) + 60)
    call(authorize, value)
    call(authorize, value)
    assert pool.asked == 1
    now[0] += 61
    with pytest.raises(GatewayError, match="expired"):
        call(authorize, value)


def test_remembered_token_of_another_method_is_checked_again() -> None:
    authorize = Authorize(Pool().fetch)
    value = token()
    call(authorize, value)
    with pytest.raises(GatewayError) as caught:
        call(authorize, value, "/v1/me", "GET")
    assert caught.value.kind == "UNAUTHORIZED"


def test_unknown_key_ids_fetch_the_keys_once_in_a_while() -> None:
    now = [time.time()]
    pool = Pool()
    authorize = Authorize(pool.fetch, lambda: now[0])
    for _ in range(5):
        with pytest.raises(GatewayError):
            call(authorize, token(kid="two"))
    assert pool.asked == 1
    now[0] += 11
    with pytest.raises(GatewayError):
        call(authorize, token(kid="two"))
    assert pool.asked == 2


def test_unreachable_keys_are_an_error_of_the_authorizer() -> None:
    pool = Pool(OSError("refused"))
    authorize = Authorize(pool.fetch)
    with pytest.raises(GatewayError) as caught:
        call(authorize, token())
    assert caught.value.kind == "AUTHORIZER_CONFIGURATION_ERROR"
    pool.content = jwks()
    assert call(authorize, token()).claims


@pytest.mark.parametrize("content", [None, OSError("refused")])
def test_whoever_comes_while_keys_are_fetched_waits_for_them(content: OSError | None) -> None:
    pool = Pool(content)
    authorize = Authorize(pool.fetch)
    requests = [exchange("POST", "/v1/predict", headers={"Authorization": token(jti=name)}) for name in "abcd"]

    async def together() -> list[object]:
        return list(await asyncio.gather(*map(authorize, requests), return_exceptions=True))

    found = asyncio.run(together())
    assert pool.asked == 1
    if content is None:
        assert found == [None] * 4
    else:
        kinds = [error.kind for error in found if isinstance(error, GatewayError)]
        assert kinds == ["AUTHORIZER_CONFIGURATION_ERROR"] * 4


@given(st.text(max_size=200))
def test_no_text_is_a_token(value: str) -> None:
    request = exchange("POST", "/v1/predict")
    request.headers.append((b"authorization", value.encode("utf-8", errors="replace")))
    with pytest.raises(GatewayError) as caught:
        asyncio.run(Authorize(Pool().fetch)(request))
    assert caught.value.kind == "UNAUTHORIZED"
