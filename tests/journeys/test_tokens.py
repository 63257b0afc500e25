"""Tokens that are not as Cognito issues them, each on a route that needs one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from tests.journeys.support.caller import PASSWORD, Caller
from tests.journeys.support.deployed import Deployed, row_of

pytestmark = pytest.mark.journey


@pytest.fixture(scope="session")
def pool_key(main: Deployed) -> Any:
    """The key that the pool signs with, so that only what a test changes is wrong."""
    return main.pool_key()[1]


@pytest.fixture(scope="session")
def key_id(main: Deployed) -> dict[str, str]:
    return {"kid": main.pool_key()[0]}


@pytest.fixture
def claims(user: Caller) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(user.token, options={"verify_signature": False})
    return found


def refused(main: Deployed, token: str, status: int = 401, code: str = "unauthorized") -> None:
    """The token opens no route."""
    caller = Caller(main, token)
    answers = [
        caller.call("GET", "/models"),
        caller.predict(row_of()),
        caller.call("GET", "/ml/model-info"),
    ]
    for answer in answers:
        assert answer.refused(status, code) == []
        assert token not in answer.text


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_token_made_here_is_accepted_unchanged(
    main: Deployed, claims: dict[str, Any], pool_key: Any, key_id: dict[str, str]
) -> None:
    token = jwt.encode(claims | {"jti": "another"}, pool_key, "RS256", key_id)
    assert Caller(main, token).call("GET", "/models").status == 200


def test_missing_token(main: Deployed) -> None:
    anybody = Caller(main)
    anybody.call("GET", "/models").refused(401, "unauthorized")
    for header in ("", "Bearer", "Bearer ", "Basic dTpw", "Bearer x y"):
        answer = anybody.call("GET", "/models", headers={"Authorization": header})
        answer.refused(401, "unauthorized")


def ago(seconds: float) -> Callable[[], float]:
    """A moment before the one in which it is asked for: the test runs minutes after it was collected."""
    return lambda: time.time() - seconds


@pytest.mark.parametrize(
    "change",
    [
        {"exp": ago(60), "iat": ago(3660)},
        {"nbf": ago(-600)},
        {"iat": ago(-600)},
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"},
        {"iss": "https://evil.example"},
        {"token_use": "id"},
        {"client_id": "another"},
        {"exp": "tomorrow"},
        {"sub": None},
        {"exp": None},
    ],
    ids=lambda change: "-".join(f"{name}" for name in change) + ("-null" if None in change.values() else ""),
)
def test_one_wrong_claim(
    main: Deployed, claims: dict[str, Any], pool_key: Any, key_id: dict[str, str], change: dict[str, Any]
) -> None:
    told = {name: value() if callable(value) else value for name, value in (claims | change).items()}
    wrong = {name: value for name, value in told.items() if value is not None}
    code = "token_client" if "client_id" in change else "unauthorized"
    refused(main, jwt.encode(wrong, pool_key, "RS256", key_id), code=code)


def test_token_without_the_scope(main: Deployed, claims: dict[str, Any], pool_key: Any, key_id: dict[str, str]) -> None:
    for scope in ("", "platform/other"):
        token = jwt.encode(claims | {"scope": scope}, pool_key, "RS256", key_id)
        refused(main, token, 403, "missing_scope")


def test_token_of_another_pool(main: Deployed) -> None:
    cognito = main.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="other", ExplicitAuthFlows=flows)
    cognito.admin_create_user(UserPoolId=pool, Username="other", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="other", Password=PASSWORD, Permanent=True)
    signed_in = cognito.initiate_auth(
        ClientId=client["UserPoolClient"]["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "other", "PASSWORD": PASSWORD},
    )
    refused(main, signed_in["AuthenticationResult"]["AccessToken"])


def test_writing_route_wants_a_token_too(main: Deployed, user: Caller) -> None:
    wrong = Caller(main, user.token[:-2])
    wrong.call("PUT", "/models/x/approve", {"force": True}).refused(401, "unauthorized")
    wrong.call("POST", "/training/start", {}).refused(401, "unauthorized")


def test_id_token(main: Deployed) -> None:
    refused(main, main.state.id_token)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
def test_algorithm_none(
    main: Deployed, claims: dict[str, Any], user: Caller, key_id: dict[str, str], algorithm: str
) -> None:
    head = part({"alg": algorithm, **key_id, "typ": "JWT"})
    refused(main, f"{head}.{part(claims)}.")
    refused(main, f"{head}.{part(claims)}.{user.token.rpartition('.')[2]}")


def test_unsigned(main: Deployed, user: Caller) -> None:
    refused(main, user.token.rpartition(".")[0])
    refused(main, user.token.rpartition(".")[0] + ".")


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
def test_hs256_with_the_public_key(
    main: Deployed, claims: dict[str, Any], pool_key: Any, key_id: dict[str, str], form: PublicFormat
) -> None:
    import hashlib
    import hmac

    public = pool_key.public_key().public_bytes(Encoding.PEM, form)
    signed = f"{part({'alg': 'HS256', 'kid': 'dummy', 'typ': 'JWT'})}.{part(claims)}"
    digest = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    refused(main, f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}")


def test_other_rsa_algorithm_and_other_key(
    main: Deployed, claims: dict[str, Any], pool_key: Any, key_id: dict[str, str]
) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    refused(main, jwt.encode(claims, other, "RS256", key_id))
    refused(main, jwt.encode(claims, other, "RS256", {"kid": "unknown"}))
    refused(main, jwt.encode(claims, pool_key, "RS512", key_id))


@pytest.mark.parametrize("header", ["jwk", "jku", "x5u", "x5c"])
def test_key_that_the_token_brings_along(
    main: Deployed, claims: dict[str, Any], key_id: dict[str, str], header: str
) -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    row = RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    brought = {
        "jwk": {**row, **key_id, "alg": "RS256"},
        "jku": "http://127.0.0.1:1/jwks.json",
        "x5u": "http://127.0.0.1:1/certificate.pem",
        "x5c": [
            base64.b64encode(own.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        ],
    }[header]
    refused(main, jwt.encode(claims, own, "RS256", {**key_id, header: brought}))


@pytest.mark.parametrize(
    "kid", ["../../../../dev/null", "' OR '1'='1", "", "x" * 2000, None, 7, ["a"], "\u0000", "http://127.0.0.1:1/key"]
)
def test_key_id_that_is_none(main: Deployed, claims: dict[str, Any], pool_key: Any, kid: object) -> None:
    head = part({"alg": "RS256", "kid": kid} if kid is not None else {"alg": "RS256"})
    signed = f"{head}.{part(claims)}"
    signature = base64.urlsafe_b64encode(RSAAlgorithm(RSAAlgorithm.SHA256).sign(signed.encode(), pool_key))
    refused(main, f"{signed}.{signature.rstrip(b'=').decode()}")


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "PS256", "EdDSA"])
@pytest.mark.parametrize(
    "signature", [b"\0" * 64, b"\0" * 256, b"\0"], ids=["zeros of ECDSA", "zeros of RSA", "a zero"]
)
def test_null_signature(
    main: Deployed, claims: dict[str, Any], key_id: dict[str, str], algorithm: str, signature: bytes
) -> None:
    signed = f"{part({'alg': algorithm, **key_id})}.{part(claims)}"
    null = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    refused(main, f"{signed}.{null}")
    refused(main, f"{part({'alg': 'RS256', **key_id})}.{part(claims)}.{null}")


def test_tampered(main: Deployed, claims: dict[str, Any], user: Caller) -> None:
    head, _, signature = user.token.split(".")
    refused(main, f"{head}.{part(claims | {'cognito:groups': ['approvers'], 'sub': 'x'})}.{signature}")
    flipped = ("A" if signature[9] != "A" else "B").join((signature[:9], signature[10:]))
    refused(main, f"{user.token.rpartition('.')[0]}.{flipped}")
    assert user.call("GET", "/models").status == 200


def test_oversized(main: Deployed, claims: dict[str, Any], pool_key: Any, key_id: dict[str, str]) -> None:
    refused(main, "x" * 9000)
    refused(main, jwt.encode(claims | {"filler": "x" * 6500}, pool_key, "RS256", key_id))
    # Beyond what API Gateway takes of headers altogether.
    refused(main, "x" * 12_000, 431, "invalid_request")
