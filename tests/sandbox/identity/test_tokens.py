"""Tokens of a local pool: its own keys, the lifetimes and scopes that its client declares, sessions that end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError

from sandbox.identity.keys import KeyRings
from tests.sandbox.identity.support import Place, Pool, claims


def published(place: Place, pool: Pool) -> dict[str, Any]:
    status, document = place.get(f"/{pool.id}/.well-known/jwks.json")
    assert status == 200
    return {row["kid"]: jwt.PyJWK(row, "RS256").key for row in document["keys"]}


def verified(place: Place, pool: Pool, token: str) -> dict[str, Any]:
    key = published(place, pool)[jwt.get_unverified_header(token)["kid"]]
    found: dict[str, Any] = jwt.decode(token, key, ["RS256"], options={"verify_aud": False})
    return found


def test_tokens_say_what_cognitos_say(place: Place, pool: Pool) -> None:
    user_id = pool.member()
    place.cognito.create_group(UserPoolId=pool.id, GroupName="users", Precedence=2)
    place.cognito.create_group(UserPoolId=pool.id, GroupName="approvers", Precedence=1)
    for group in ("users", "approvers"):
        place.cognito.admin_add_user_to_group(UserPoolId=pool.id, Username="ada@example.org", GroupName=group)
    tokens = pool.tokens()
    access, identity = verified(place, pool, tokens["AccessToken"]), verified(place, pool, tokens["IdToken"])
    assert set(jwt.get_unverified_header(tokens["AccessToken"])) == {"alg", "kid"}
    for found in (access, identity):
        assert found["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool.id}"
        assert found["sub"] == user_id
        assert found["cognito:groups"] == ["approvers", "users"]
        assert found["exp"] - found["iat"] == 3600
        assert found["origin_jti"] == access["origin_jti"]
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert (access["token_use"], access["client_id"]) == ("access", pool.client_id)
    assert (identity["token_use"], identity["aud"]) == ("id", pool.client_id)
    assert (identity["email"], identity["email_verified"], identity["name"]) == ("ada@example.org", True, "Ada")
    assert "email" not in access


def test_each_pool_has_a_key_of_its_own(place: Place, pool: Pool) -> None:
    other = Pool(place)
    pool.member()
    assert not set(published(place, pool)) & set(published(place, other))
    with pytest.raises(KeyError):
        verified(place, other, pool.tokens()["AccessToken"])


def test_the_keys_of_a_pool_that_does_not_exist_are_not_found(place: Place) -> None:
    assert place.get("/us-east-1_Nothing00/.well-known/jwks.json")[0] == 404


def test_private_keys_are_for_their_owner_alone(place: Place, pool: Pool, tmp_path: Path) -> None:
    published(place, pool)
    (path,) = (tmp_path / pool.id).glob("*.pem")
    assert path.stat().st_mode & 0o077 == 0
    assert path.stem in published(place, pool)


def test_a_rotated_key_stays_published_for_a_while(place: Place, pool: Pool) -> None:
    pool.member()
    old = pool.tokens()["AccessToken"]
    status, made = place.get(f"/_sandbox/pools/{pool.id}/rotate?keep=60", {})
    new = pool.tokens()["AccessToken"]
    assert status == 200
    assert jwt.get_unverified_header(new)["kid"] == made["kid"] != jwt.get_unverified_header(old)["kid"]
    assert verified(place, pool, old)
    assert verified(place, pool, new)
    place.clock.now += 61
    assert set(published(place, pool)) == {made["kid"]}


def test_a_rotation_that_cannot_be_is_told(place: Place, pool: Pool) -> None:
    assert place.get("/_sandbox/pools/nowhere/rotate", {})[0] == 404
    status, answer = place.get(f"/_sandbox/pools/{pool.id}/rotate?keep=soon", {})
    assert (status, "keep is 'soon'" in answer["message"]) == (400, True)


def test_keys_of_two_sandboxes_differ(tmp_path: Path) -> None:
    rings = [KeyRings(tmp_path / name) for name in ("one", "two")]
    first, second = (json.loads(ring.document("us-east-1_Same"))["keys"][0]["n"] for ring in rings)
    assert first != second


@pytest.mark.parametrize(
    ("declared", "seconds"),
    [
        ({"AccessTokenValidity": 5, "TokenValidityUnits": {"AccessToken": "minutes"}}, 300),
        ({"AccessTokenValidity": 2}, 7200),
        ({}, 3600),
    ],
)
def test_access_tokens_live_as_long_as_the_client_says(place: Place, declared: dict[str, Any], seconds: int) -> None:
    pool = Pool(place, client_options=declared)
    pool.member()
    tokens = pool.tokens()
    found = claims(tokens["AccessToken"])
    assert found["exp"] - found["iat"] == tokens["ExpiresIn"] == seconds


def test_a_refresh_keeps_the_session_and_its_beginning(place: Place, pool: Pool) -> None:
    pool.member()
    first = pool.tokens()
    place.clock.now += 100
    again = claims(pool.refresh(first["RefreshToken"])["AccessToken"])
    before = claims(first["AccessToken"])
    assert (again["origin_jti"], again["auth_time"]) == (before["origin_jti"], before["auth_time"])
    assert again["iat"] == before["iat"] + 100


def test_a_refresh_token_ends_when_the_client_says(place: Place) -> None:
    options = {"RefreshTokenValidity": 1, "TokenValidityUnits": {"RefreshToken": "hours"}}
    pool = Pool(place, client_options=options)
    pool.member()
    token = pool.tokens()["RefreshToken"]
    place.clock.now += 3599
    assert pool.refresh(token)
    place.clock.now += 1
    with pytest.raises(ClientError, match=r"NotAuthorizedException.*has expired"):
        pool.refresh(token)


def test_revoking_ends_one_session(place: Place, pool: Pool) -> None:
    pool.member()
    one, other = pool.tokens(), pool.tokens()
    for _ in range(2):
        place.cognito.revoke_token(ClientId=pool.client_id, Token=one["RefreshToken"])
    with pytest.raises(ClientError, match=r"NotAuthorizedException.*revoked"):
        pool.refresh(one["RefreshToken"])
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        place.cognito.get_user(AccessToken=one["AccessToken"])
    assert pool.refresh(other["RefreshToken"])
    with pytest.raises(ClientError, match="InvalidParameterException"):
        place.cognito.revoke_token(ClientId=pool.client_id, Token="nobody's")


@pytest.mark.parametrize("by_administrator", [False, True])
def test_a_global_sign_out_ends_every_session(place: Place, pool: Pool, by_administrator: bool) -> None:
    pool.member()
    sessions = [pool.tokens(), pool.tokens("ADA@example.org")]
    if by_administrator:
        place.cognito.admin_user_global_sign_out(UserPoolId=pool.id, Username="ada@example.org")
    else:
        place.cognito.global_sign_out(AccessToken=sessions[1]["AccessToken"])
    for tokens in sessions:
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            pool.refresh(tokens["RefreshToken"])


def test_a_refresh_token_is_of_one_client(place: Place, pool: Pool) -> None:
    pool.member()
    token = pool.tokens()["RefreshToken"]
    made = place.cognito.create_user_pool_client(UserPoolId=pool.id, ClientName="other")["UserPoolClient"]
    pool.client_id = made["ClientId"]
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        pool.refresh(token)
    with pytest.raises(ClientError, match="UnauthorizedException"):
        place.cognito.revoke_token(ClientId=pool.client_id, Token=token)


def test_moto_has_its_own_operations_back_in_the_end(place: Place, pool: Pool) -> None:
    from moto.cognitoidp.responses import CognitoIdpResponse

    pool.member()
    place.identities.close()
    assert not hasattr(CognitoIdpResponse, "resend_confirmation_code")
    assert claims(pool.tokens()["AccessToken"])
