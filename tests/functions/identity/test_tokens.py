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
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.api import App, Operation, Request
from functions.shared.errors import ApiError
from functions.shared.identity.keys import Keys
from functions.shared.identity.tokens import LONGEST, Issuer, Verifier
from tests.functions.support.apps import Client
from tests.functions.support.tokens import Pool

POOL = Pool()
OTHER_KEY = OWN = Pool()
CURVE = ec.generate_private_key(ec.SECP256R1())
HERE = "http://127.0.0.1:1/keys"
NULL_ECDSA, NULL_RSA = "A" * 86, "A" * 342


def verifier(pool: Pool = POOL, **changes: Any) -> Verifier:
    return Verifier([Issuer(POOL.issuer, frozenset({POOL.client_id, "machine"}), Keys(pool.document))], **changes)


def segment(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def handmade(header: dict[str, Any], signature: str = "c2ln") -> str:
    return f"{segment(header)}.{segment(POOL.claims())}.{signature}"


def hmac_signed() -> str:
    # The classic confusion: the public key's text used as a shared secret.
    signed = f"{segment({'alg': 'HS256', 'kid': POOL.key_id})}.{segment(POOL.claims())}"
    return f"{signed}.{urlsafe_b64encode(hmac.digest(POOL.document(), signed.encode(), 'sha256')).decode().strip('=')}"


def twice() -> str:
    # JSON takes the last of two members with one name; whatever a reader takes, it is one that the pool must know.
    head = urlsafe_b64encode(f'{{"alg":"RS256","kid":"{POOL.key_id}","kid":"other"}}'.encode()).rstrip(b"=").decode()
    return f"{head}.{segment(POOL.claims())}.c2ln"


def signed(claims: Any) -> str:
    """Whatever it is, signed by the pool."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), POOL.key, "RS256", {"kid": POOL.key_id})


def in_s(seconds: int) -> int:
    """A moment so far from this one: tests run minutes after they were collected."""
    return int(time.time()) + seconds


def tampered() -> str:
    head, _, tail = POOL.token().split(".")
    return f"{head}.{segment(POOL.claims(sub='somebody-else'))}.{tail}"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "expired": (lambda: POOL.token(exp=in_s(-60)), "token_expired"),
    "not yet valid": (lambda: POOL.token(nbf=in_s(600)), "token_early"),
    "issued in the future": (lambda: POOL.token(iat=in_s(600)), "token_early"),
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
    "a key of its own (jwk)": (lambda: OWN.token(headers={"kid": POOL.key_id, "jwk": OWN.row()}), "token_signature"),
    "keys of its own (jku)": (lambda: OWN.token(headers={"kid": "key-0", "jku": HERE}), "token_unknown_key"),
    "a certificate of its own (x5u)": (lambda: OWN.token(headers={"kid": "key-0", "x5u": HERE}), "token_unknown_key"),
    "a certificate in it (x5c)": (lambda: OWN.token(headers={"kid": POOL.key_id, "x5c": ["MII="]}), "token_signature"),
    "key id is a path": (lambda: OWN.token(headers={"kid": "../../dev/null"}), "token_unknown_key"),
    "key id is SQL": (lambda: OWN.token(headers={"kid": "' OR '1'='1"}), "token_unknown_key"),
    "key id is empty": (lambda: OWN.token(headers={"kid": ""}), "token_unknown_key"),
    "key id is a number": (lambda: handmade({"alg": "RS256", "kid": 7}), "token_malformed"),
    "key id is a list": (lambda: handmade({"alg": "RS256", "kid": [POOL.key_id]}), "token_malformed"),
    "key id twice": (twice, "token_unknown_key"),
    "alg is a list": (lambda: handmade({"alg": ["RS256"], "kid": POOL.key_id}), "token_algorithm"),
    "alg in lower case": (lambda: handmade({"alg": "rs256", "kid": POOL.key_id}), "token_algorithm"),
    "null signature of ECDSA": (lambda: handmade({"alg": "ES256", "kid": POOL.key_id}, NULL_ECDSA), "token_algorithm"),
    "null signature of RSA": (lambda: handmade({"alg": "RS256", "kid": POOL.key_id}, NULL_RSA), "token_signature"),
    "null signature, short": (lambda: handmade({"alg": "RS256", "kid": POOL.key_id}, "AA"), "token_signature"),
    "signed by ECDSA": (lambda: jwt.encode(POOL.claims(), CURVE, "ES256", {"kid": POOL.key_id}), "token_algorithm"),
    "truncated": (lambda: POOL.token()[:-20], "token_signature"),
    "truncated in the payload": (lambda: POOL.token()[:300], "token_malformed"),
    "two tokens": (lambda: f"{POOL.token()}.{POOL.token()}", "token_malformed"),
    "an encrypted token": (lambda: "e30.e30.e30.e30.e30", "token_malformed"),
    "padded": (lambda: POOL.token() + "==", "token_malformed"),
    "of two clients": (lambda: POOL.token(client_id=[POOL.client_id]), "token_client"),
    "of an issuer in another case": (lambda: POOL.token(iss=POOL.issuer.upper()), "token_issuer"),
    "of an issuer with a slash": (lambda: POOL.token(iss=POOL.issuer + "/"), "token_issuer"),
    "of several issuers": (lambda: signed({**POOL.claims(), "iss": [POOL.issuer]}), "token_issuer"),
    "without an issuer": (lambda: POOL.token(iss=None), "token_issuer"),
    "a refresh token by name": (lambda: POOL.token(token_use="refresh"), "token_use"),
    "without a use": (lambda: POOL.token(token_use=None), "token_use"),
    "without a subject": (lambda: POOL.token(sub=None), "token_claims"),
    "exp is endless": (lambda: signed({**POOL.claims(), "exp": float("inf")}), "token_claims"),
    "exp is no number": (lambda: signed({**POOL.claims(), "exp": float("nan")}), "token_claims"),
    "exp is beyond all numbers": (lambda: signed({**POOL.claims(), "exp": 10**400}), "token_claims"),
    "iat is below zero": (lambda: signed({**POOL.claims(), "iat": -1}), "token_claims"),
    "claims are a list": (lambda: signed([POOL.claims()]), "token_malformed"),
    "exp is a text": (lambda: POOL.token(exp=str(in_s(60))), "token_claims"),
    "session is a list": (lambda: POOL.token(origin_jti=["a"]), "token_claims"),
    "scope is a list": (lambda: POOL.token(scope=["aws.cognito.signin.user.admin"]), "token_claims"),
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


@pytest.mark.parametrize("name", BAD)
def test_nothing_of_a_bad_token_reaches_the_logic(name: str) -> None:
    make, code = BAD[name]
    reached: list[Request] = []
    operation = Operation(reached.append, scopes=("aws.cognito.signin.user.admin",))
    client = Client({"GET /v1/secret": operation})
    client.app = App(client.operations, client.app.log, verifier())
    token = make()
    found = client.call("GET", "/v1/secret", token=token)
    assert (found.status, found.code, reached) == (401, code, [])
    assert found.headers["WWW-Authenticate"] == f'Bearer error="invalid_token", error_description="{code}"'
    assert token not in client.log.getvalue()


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
    now = in_s(0)
    clock = [float(now)]
    checked = verifier(clock=lambda: clock[0])
    header = "Bearer " + POOL.token(exp=now + 60, iat=now)
    assert checked.caller(header) is checked.caller(header)
    clock[0] = now + 66
    with pytest.raises(ApiError, match="token_expired"):
        checked.caller(header)


def test_only_so_many_tokens_are_remembered() -> None:
    checked = verifier(remembered=3)
    first = checked.caller("Bearer " + POOL.token(jti="0"))
    for number in range(1, 4):
        checked.caller("Bearer " + POOL.token(jti=str(number)))
    assert len(checked._callers) == 3
    assert all(caller is not first for caller in checked._callers.values())


class Moving:
    """A pool whose keys change, read by a verifier with a clock of its own."""

    def __init__(self, *answers: bytes | Exception, known: bytes = b"") -> None:
        self.answers, self.now, self.fetches = list(answers), 0.0, 0
        document = json.loads(known) if known else None
        self.keys = Keys(self.fetch, known=document, clock=lambda: self.now, cool_down_s=10)
        self.verifier = Verifier([Issuer(POOL.issuer, frozenset({POOL.client_id}), self.keys)])

    def fetch(self) -> bytes:
        self.fetches += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def code(self, token: str) -> str:
        try:
            self.verifier.caller(f"Bearer {token}")
        except ApiError as error:
            return error.code
        return ""


NEXT_KEY = Pool(key_id="key-2")


def both() -> bytes:
    rows = json.loads(POOL.document())["keys"] + json.loads(NEXT_KEY.document())["keys"]
    return json.dumps({"keys": rows}).encode()


def test_keys_are_fetched_once_and_again_for_an_unknown_id_after_the_cool_down() -> None:
    pool = Moving(POOL.document(), both())
    assert [pool.code(POOL.token()), pool.code(POOL.token(jti="2"))] == ["", ""]
    assert [pool.code(NEXT_KEY.token()) for _ in range(3)] == ["token_unknown_key"] * 3
    assert pool.fetches == 1
    pool.now = 11.0
    assert pool.code(NEXT_KEY.token()) == ""
    assert pool.code(POOL.token()) == ""
    assert pool.fetches == 2


def test_keys_known_from_the_deployment_ask_nobody() -> None:
    pool = Moving(known=POOL.document())
    assert pool.code(POOL.token()) == ""
    assert pool.fetches == 0


def test_an_unknown_id_is_looked_up_at_once_when_only_the_deployments_keys_are_known() -> None:
    pool = Moving(both(), known=POOL.document())
    assert pool.code(NEXT_KEY.token()) == ""


def test_keys_of_the_deployment_count_while_the_pool_cannot_be_reached() -> None:
    pool = Moving(OSError("no route"), known=POOL.document())
    assert pool.code(NEXT_KEY.token()) == "token_unknown_key"
    assert pool.code(POOL.token()) == ""


@pytest.mark.parametrize(
    "answer", [OSError("no route"), b"<html>", b"{}", b'{"keys": [{"kty": "EC"}]}', b'{"keys": 7}']
)
def test_stale_keys_count_while_the_pool_gives_none(answer: bytes | Exception) -> None:
    pool = Moving(POOL.document(), answer)
    assert pool.code(POOL.token()) == ""
    pool.now = 11.0
    assert pool.code(NEXT_KEY.token()) == "token_unknown_key"
    assert pool.code(POOL.token(jti="later")) == ""
    assert pool.answers == []


def test_without_any_keys_the_caller_is_told_to_come_back_and_the_next_call_tries_again() -> None:
    pool = Moving(ConnectionError(), ConnectionError(), POOL.document())
    assert [pool.code(POOL.token()) for _ in range(3)] == ["keys_unavailable", "keys_unavailable", ""]


def test_remembered_tokens_are_forgotten_when_a_key_goes() -> None:
    pool = Moving(POOL.document(), NEXT_KEY.document())
    assert pool.code(POOL.token(jti="one")) == ""
    pool.now = 11.0
    assert pool.code(NEXT_KEY.token()) == ""
    pool.answers.append(NEXT_KEY.document())
    assert pool.code(POOL.token(jti="one")) == "token_unknown_key"


def test_a_key_that_comes_lets_remembered_tokens_be() -> None:
    pool = Moving(POOL.document(), both())
    token = POOL.token()
    caller = pool.verifier.caller(f"Bearer {token}")
    pool.now = 11.0
    assert pool.code(NEXT_KEY.token()) == ""
    assert pool.verifier.caller(f"Bearer {token}") is caller


def test_tokens_of_several_pools_count_each_for_its_own_clients() -> None:
    other = Pool("us-west-2_Example02", "key-west")
    other.client_id = "west"
    both_regions = Verifier([POOL.trusted(), other.trusted()])
    assert both_regions.caller(f"Bearer {POOL.token()}").client_id == POOL.client_id
    assert both_regions.caller(f"Bearer {other.token()}").client_id == "west"
    for wrong in (POOL.token(client_id="west"), other.token(client_id=POOL.client_id)):
        with pytest.raises(ApiError, match="token_client"):
            both_regions.caller(f"Bearer {wrong}")
    for crossed in (POOL.token(iss=other.issuer), other.token(iss=POOL.issuer)):
        with pytest.raises(ApiError, match="token_issuer"):
            both_regions.caller(f"Bearer {crossed}")


@given(st.text(max_size=300))
def test_no_text_breaks_the_check(text: str) -> None:
    with pytest.raises(ApiError):
        SHARED.caller(f"Bearer {text}")


@given(st.tuples(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=80)))
def test_no_three_segments_break_the_check(parts: tuple[bytes, ...]) -> None:
    token = ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    with pytest.raises(ApiError):
        SHARED.caller(f"Bearer {token}")


@given(st.data())
def test_a_token_with_one_character_changed_is_nobodys(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(GOOD) - 1))
    other = data.draw(st.sampled_from("ABCZaz09-_.=+/ é\x00").filter(lambda character: character != GOOD[place]))
    changed = GOOD[:place] + other + GOOD[place + 1 :]
    if decoded_alike(changed):
        return
    with pytest.raises(ApiError):
        SHARED.caller(f"Bearer {changed}")


def decoded_alike(token: str) -> bool:
    """The last character of a segment carries bits that no decoder reads, so another one may mean the same."""
    parts = [token.split("."), GOOD.split(".")]
    if len(parts[0]) != 3 or parts[0][:2] != parts[1][:2]:
        return False
    signatures = [part[2] for part in parts]
    return signatures[0][:-1] == signatures[1][:-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = ("iss", "sub", "client_id", "token_use", "exp", "iat", "nbf", "scope", "cognito:groups", "origin_jti")


@given(st.dictionaries(st.sampled_from(CLAIMS), JSON, min_size=1, max_size=4))
def test_signed_claims_of_any_shape_make_a_caller_or_an_error(changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in (POOL.claims() | changes).items() if value is not None}
    try:
        caller = SHARED.caller(f"Bearer {signed(claims)}")
    except ApiError as error:
        refused = error.row.status
    else:
        assert caller.user_id == claims["sub"]
        assert claims["iss"] == POOL.issuer
        assert claims["client_id"] in {POOL.client_id, "machine"}
        assert time.time() < caller.expires_at < float("inf")
        refused = 401
    assert refused == 401


SHARED = verifier()
GOOD = POOL.token()
