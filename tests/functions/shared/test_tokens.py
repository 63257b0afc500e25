"""Tokens: each way of being wrong has its own code, and keys are fetched no oftener than needed."""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.errors import ApiError
from functions.shared.identity.tokens import LONGEST, Keys, Verifier
from tests.functions.support.tokens import Pool

POOL = Pool()
OTHER_KEY = Pool()
NOW = int(time.time())


def verifier(pool: Pool = POOL, **changes: Any) -> Verifier:
    return Verifier(
        Keys(pool.document), issuer=POOL.issuer, client_ids=frozenset({POOL.client_id, "machine"}), **changes
    )


def segment(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def handmade(header: dict[str, Any], signature: str = "c2ln") -> str:
    return f"{segment(header)}.{segment(POOL.claims())}.{signature}"


def hmac_signed() -> str:
    # The classic confusion: the public key's text used as a shared secret.
    signed = f"{segment({'alg': 'HS256', 'kid': POOL.key_id})}.{segment(POOL.claims())}"
    return f"{signed}.{urlsafe_b64encode(hmac.digest(POOL.document(), signed.encode(), 'sha256')).decode().strip('=')}"


def tampered() -> str:
    head, _, tail = POOL.token().split(".")
    return f"{head}.{segment(POOL.claims(sub='somebody-else'))}.{tail}"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "expired": (lambda: POOL.token(exp=NOW - 60), "token_expired"),
    "not yet valid": (lambda: POOL.token(nbf=NOW + 600), "token_early"),
    "issued in the future": (lambda: POOL.token(iat=NOW + 600), "token_early"),
    "of another pool, signed by its key": (lambda: Pool("us-east-1_Other", "key-9").token(), "token_unknown_key"),
    "of another pool by issuer": (lambda: POOL.token(iss=POOL.issuer + "x"), "token_issuer"),
    "of another client": (lambda: POOL.token(client_id="other"), "token_client"),
    "without a client": (lambda: POOL.token(client_id=None), "token_client"),
    "an id token": (lambda: POOL.token(token_use="id", aud=POOL.client_id), "token_use"),
    "alg none": (lambda: handmade({"alg": "none", "kid": POOL.key_id}, ""), "token_algorithm"),
    "alg none with a signature": (lambda: handmade({"alg": "none", "kid": POOL.key_id}), "token_algorithm"),
    "alg HS256": (hmac_signed, "token_algorithm"),
    "alg RS512": (lambda: jwt.encode(POOL.claims(), POOL.key, "RS512", {"kid": POOL.key_id}), "token_algorithm"),
    "unsigned": (lambda: POOL.token().rpartition(".")[0] + ".", "token_malformed"),
    "two segments": (lambda: POOL.token().rpartition(".")[0], "token_malformed"),
    "tampered": (tampered, "token_signature"),
    "signed by another key of the same id": (OTHER_KEY.token, "token_signature"),
    "oversized": (lambda: POOL.token(padding="x" * LONGEST), "token_oversized"),
    "no key id": (lambda: handmade({"alg": "RS256"}), "token_malformed"),
    "critical extension": (lambda: POOL.token(headers={"crit": ["b64"], "b64": True}), "token_malformed"),
    "garbage": (lambda: "a.b.c", "token_malformed"),
    "not ascii": (lambda: "é.é.é", "token_malformed"),
    "header nested too deep": (lambda: f"{segment_of('[' * 3000)}.e30.c2ln", "token_malformed"),
    "without exp": (lambda: POOL.token(exp=None), "token_claims"),
    "exp is true": (lambda: POOL.token(exp=True), "token_claims"),
    "groups are a text": (lambda: POOL.token(groups="approvers"), "token_claims"),
}


def segment_of(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused_with_its_code(name: str) -> None:
    make, code = BAD[name]
    with pytest.raises(ApiError) as raised:
        verifier().caller(f"Bearer {make()}")
    assert (raised.value.code, raised.value.row.status) == (code, 401)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dTpw", POOL.token()])
def test_without_a_bearer_token_nobody_calls(header: str | None) -> None:
    with pytest.raises(ApiError, match="token_missing"):
        verifier().caller(header)


def test_a_good_token_names_its_caller() -> None:
    token = POOL.token(scope="aws.cognito.signin.user.admin platform/predict", groups=["approvers"])
    caller = verifier().caller(f"bearer {token}")
    assert caller.user_id == POOL.subject
    assert caller.groups == {"approvers"}
    assert "platform/predict" in caller.scopes


def test_a_token_without_scope_or_groups_has_none() -> None:
    caller = verifier().caller("Bearer " + POOL.token(scope=None, groups=None))
    with pytest.raises(ApiError, match="missing_scope"):
        caller.needs(("platform/predict",), ())
    with pytest.raises(ApiError, match="missing_group"):
        caller.needs((), ("approvers",))


def test_id_tokens_are_checked_by_audience() -> None:
    token = POOL.token(token_use="id", client_id=None, aud=POOL.client_id)
    assert verifier(use="id").caller(f"Bearer {token}").user_id == POOL.subject


def test_a_remembered_token_ends_when_it_expires() -> None:
    clock = [float(NOW)]
    checked = verifier(clock=lambda: clock[0])
    header = "Bearer " + POOL.token(exp=NOW + 60, iat=NOW)
    assert checked.caller(header) is checked.caller(header)
    clock[0] = NOW + 66
    with pytest.raises(ApiError, match="token_expired"):
        checked.caller(header)


def test_only_so_many_tokens_are_remembered() -> None:
    checked = verifier(remembered=3)
    first = checked.caller("Bearer " + POOL.token(jti="0"))
    for number in range(1, 4):
        checked.caller("Bearer " + POOL.token(jti=str(number)))
    assert len(checked._callers) == 3
    assert all(caller is not first for caller in checked._callers.values())


def test_keys_are_fetched_once_and_again_for_an_unknown_id_after_the_cool_down() -> None:
    pool, clock = Pool(), [0.0]
    keys = Keys(pool.document, clock=lambda: clock[0], cool_down_s=10)
    assert keys.find("key-1") is keys.find("key-1")
    assert keys.find("unknown") is None
    assert pool.fetches == 1
    pool.key_id, clock[0] = "key-2", 11.0
    assert keys.find("key-2") is not None
    assert pool.fetches == 2


def test_stale_keys_count_while_the_pool_cannot_be_reached() -> None:
    answers: list[bytes | Exception] = [POOL.document(), OSError("no route"), b"<html>"]
    clock = [0.0]

    def fetch() -> bytes:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    keys = Keys(fetch, clock=lambda: clock[0], cool_down_s=10)
    assert keys.find("key-1")
    for _ in range(2):
        clock[0] += 11
        assert keys.find("unknown") is None
        assert keys.find("key-1")
    assert answers == []


def test_without_any_keys_the_caller_is_told_to_come_back_and_the_next_call_tries_again() -> None:
    tries: list[int] = []

    def fetch() -> bytes:
        tries.append(1)
        raise ConnectionError

    keys = Keys(fetch, clock=lambda: 0.0)
    for _ in range(2):
        with pytest.raises(ApiError, match="unavailable"):
            keys.find("key-1")
    assert len(tries) == 2


@given(st.text(max_size=300))
def test_no_text_breaks_the_check(text: str) -> None:
    with pytest.raises(ApiError):
        SHARED.caller(f"Bearer {text}")


@given(st.tuples(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80)))
def test_no_three_segments_break_the_check(parts: tuple[bytes, ...]) -> None:
    token = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    with pytest.raises(ApiError):
        SHARED.caller(f"Bearer {token}")


SHARED = verifier()
