"""What an account goes through beside signing in: recovery, second factors, sign-outs that count at once, new keys."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import boto3
import jwt
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.identity.factors import totp
from tests.journeys.support.caller import PASSWORD, Answer, Caller, signed_up
from tests.journeys.support.deployed import Deployed, eventually, row_of
from tests.journeys.support.rights import EXPECTED

pytestmark = pytest.mark.journey
REMEMBERED_S = 3.0
"""A process believes for a second that a session is live; the rest is for a slow machine."""
FOLDER_ACTIONS = ("GetObject", "PutObject", "DeleteObject", "ListBucket")


@pytest.fixture
def anybody(main: Deployed) -> Caller:
    return Caller(main)


def item(main: Deployed, table: str, key: str, value: str) -> dict[str, Any]:
    found = main.client("dynamodb").get_item(TableName=main.table(table), Key={key: {"S": value}}, ConsistentRead=True)
    return {name: next(iter(member.values())) for name, member in found.get("Item", {}).items()}


def claims(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_user_and_session_are_recorded(main: Deployed) -> None:
    caller = signed_up(main)
    about = claims(caller.token)
    user = item(main, "users", "userId", about["sub"])
    assert (user["email"], user["name"], user["language"]) == (caller.email, "Ada Example", "en")
    session = item(main, "sessions", "sessionId", about["origin_jti"])
    assert session["userId"] == about["sub"]
    assert about["iat"] < int(session["ttl"]) <= about["iat"] + 30 * 86_400 + 60
    assert about["cognito:groups"] == ["users"]


def test_sign_out_counts_at_once_on_every_route(main: Deployed, anybody: Caller) -> None:
    caller = signed_up(main)
    other = anybody.call("POST", "/auth/login", {"email": caller.email, "password": PASSWORD}).content
    assert caller.predict(row_of()).status == 200
    assert caller.call("GET", "/models").status == 200
    assert caller.call("POST", "/auth/logout", {"refreshToken": caller.refresh_token}).status == 204
    refused_soon(lambda: caller.predict(row_of()))
    refused_soon(lambda: caller.call("GET", "/models"))
    assert Caller(main, other["accessToken"]).predict(row_of()).status == 200
    assert item(main, "sessions", "sessionId", claims(caller.token)["origin_jti"])["endedAt"]


def refused_soon(ask: Callable[[], Answer]) -> None:
    """An ended session is refused as soon as what a process believes of it has aged."""
    found = eventually(
        lambda: [answer for answer in [ask()] if answer.status == 401], REMEMBERED_S, "the ended session is refused"
    )
    found[0].refused(401, "token_revoked")


def test_sign_out_everywhere_counts_for_the_other_sessions(main: Deployed, anybody: Caller) -> None:
    caller = signed_up(main)
    other = Caller(
        main, anybody.call("POST", "/auth/login", {"email": caller.email, "password": PASSWORD}).content["accessToken"]
    )
    assert other.call("GET", "/models").status == 200
    assert caller.call("POST", "/auth/logout", {}).status == 204
    refused_soon(lambda: other.call("GET", "/models"))


def test_session_of_somebody_else_stays(stranger: Caller, main: Deployed, anybody: Caller) -> None:
    victim = signed_up(main)
    stranger.call("POST", "/auth/logout", {"refreshToken": victim.refresh_token}).refused(401, "wrong_refresh_token")
    assert anybody.call("POST", "/auth/refresh", {"refreshToken": victim.refresh_token}).status == 200


def test_forgotten_password(main: Deployed, anybody: Caller) -> None:
    caller = signed_up(main)
    answers = [
        anybody.call("POST", "/auth/forgot-password", {"email": email}) for email in (caller.email, "no@example.org")
    ]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].content == answers[1].content
    change = {"email": caller.email, "code": main.code(caller.email), "password": "Another-Horse-8"}
    wrong = {**change, "code": "000000" if change["code"] != "000000" else "111111"}
    anybody.call("POST", "/auth/reset-password", wrong).refused(400, "invalid_code")
    assert anybody.call("POST", "/auth/reset-password", change).status == 200
    login = {"email": caller.email, "password": PASSWORD}
    anybody.call("POST", "/auth/login", login).refused(401, "wrong_credentials")
    assert anybody.call("POST", "/auth/login", login | {"password": "Another-Horse-8"}).status == 200


def test_another_code_for_an_address_that_is_not_proven(main: Deployed, anybody: Caller) -> None:
    email = f"late-{secrets.token_hex(6)}@example.org"
    account = {"email": email, "password": PASSWORD, "name": "Ada Example", "language": "en"}
    assert anybody.call("POST", "/auth/register", account).status == 201
    assert anybody.call("POST", "/auth/resend-code", {"email": email}).status == 202
    confirmed = anybody.call("POST", "/auth/confirm", {"email": email, "code": main.code(email)})
    assert confirmed.status == 200


def test_authenticator_app(main: Deployed, anybody: Caller) -> None:
    caller = signed_up(main)
    secret = caller.call("POST", "/auth/mfa-setup", {}).content["secret"]

    def shown() -> str:
        made: bytes = totp(secret).generate(int(time.time()))
        return made.decode()

    caller.call("POST", "/auth/mfa-verify", {"code": "000000"}).refused(400, "invalid_code")
    assert caller.call("POST", "/auth/mfa-verify", {"code": shown()}).status == 200
    asked = anybody.call("POST", "/auth/login", {"email": caller.email, "password": PASSWORD})
    details = {row["field"]: row["message"] for row in asked.refused(403, "challenge_required")}
    assert details["challenge"] == "SOFTWARE_TOKEN_MFA"
    step = {"email": caller.email, "challenge": details["challenge"], "session": details["session"]}
    anybody.call("POST", "/auth/challenge", step | {"answer": "000000"}).refused(400, "invalid_code")
    tokens = anybody.call("POST", "/auth/challenge", step | {"answer": shown()})
    assert tokens.status == 200
    assert Caller(main, tokens.content["accessToken"]).call("GET", "/models").status == 200
    anybody.call("POST", "/auth/mfa-setup", {}).refused(401, "token_missing")


def test_new_key_of_the_pool(main: Deployed, user: Caller) -> None:
    pool = main.state.outputs["user_pool_id"]
    assert user.call("GET", "/models").status == 200
    status, made = main.ask(f"/_sandbox/pools/{pool}/rotate", {})
    assert status == 200
    fresh = signed_up(main)
    assert jwt.get_unverified_header(fresh.token)["kid"] == made["kid"]
    # The gateway and each function look for an unknown key no oftener than every ten seconds.
    eventually(lambda: fresh.call("GET", "/models").status == 200, 30, "a token of the new key is accepted")
    eventually(lambda: fresh.predict(row_of()).status == 200, 30, "predictions accept it too")
    assert user.call("GET", "/models").status == 200


def test_program_that_the_platform_does_not_know(main: Deployed) -> None:
    cognito, pool = main.client("cognito-idp"), main.state.outputs["user_pool_id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="robot",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["platform/models"],
    )["UserPoolClient"]
    form = {
        "grant_type": "client_credentials",
        "client_id": client["ClientId"],
        "client_secret": client["ClientSecret"],
    }
    assert main.ask("/oauth2/token", form) == (400, {"error": "invalid_client"})
    cognito.create_user_pool_domain(UserPoolId=pool, Domain="robots")
    try:
        status, answer = main.ask("/oauth2/token", form)
        assert status == 200
        robot = Caller(main, answer["access_token"])
        # Its scope opens the gateway; the function knows that nobody declared it.
        robot.call("GET", "/models").refused(401, "token_client")
        robot.predict(row_of()).refused(403, "missing_scope")
    finally:
        cognito.delete_user_pool_domain(UserPoolId=pool, Domain="robots")


def folder_of(main: Deployed, caller: Caller) -> Any:
    """S3 as somebody sees it who trades an id token for credentials, as an app does."""
    outputs, region = main.state.outputs, main.state.region
    given = main.client("cognito-idp").initiate_auth(
        ClientId=outputs["user_pool_client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": caller.email, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    logins = {f"cognito-idp.{region}.amazonaws.com/{outputs['user_pool_id']}": given["IdToken"]}
    identities = main.client("cognito-identity")
    identity = identities.get_id(IdentityPoolId=outputs["identity_pool_id"], Logins=logins)["IdentityId"]
    keys = identities.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
    return boto3.session.Session(keys["AccessKeyId"], keys["SecretKey"], keys["SessionToken"], region).client(
        "s3", endpoint_url=main.state.aws_endpoint, config=Config(retries={"total_max_attempts": 1}, proxies={})
    )


def test_a_user_reaches_a_folder_and_nothing_else(main: Deployed) -> None:
    ada, bob = signed_up(main), signed_up(main)
    bucket, mine = main.state.outputs["processed_bucket"], f"users/{ada.user_id}/"
    hers, his = folder_of(main, ada), folder_of(main, bob)
    hers.put_object(Bucket=bucket, Key=f"{mine}notes.txt", Body=b"mine")
    assert hers.get_object(Bucket=bucket, Key=f"{mine}notes.txt")["Body"].read() == b"mine"
    assert hers.list_objects_v2(Bucket=bucket, Prefix=mine)["KeyCount"] == 1
    refused: list[Callable[[], Any]] = [
        lambda: his.get_object(Bucket=bucket, Key=f"{mine}notes.txt"),
        lambda: his.put_object(Bucket=bucket, Key=f"{mine}notes.txt", Body=b"his"),
        lambda: his.delete_object(Bucket=bucket, Key=f"{mine}notes.txt"),
        lambda: his.list_objects_v2(Bucket=bucket, Prefix=mine),
        lambda: hers.list_objects_v2(Bucket=bucket),
        lambda: hers.put_object(Bucket=bucket, Key="train/notes.txt", Body=b"x"),
        lambda: hers.put_object(Bucket=bucket, Key="public/notes.txt", Body=b"x"),
        lambda: hers.put_object(Bucket=main.state.outputs["raw_bucket"], Key=f"{mine}notes.txt", Body=b"x"),
    ]
    EXPECTED.update(("api-folders-authenticated", f"s3:{name}") for name in FOLDER_ACTIONS)
    for ask in refused:
        with pytest.raises(ClientError) as caught:
            ask()
        assert caught.value.response["Error"]["Code"] == "AccessDenied"
    hers.delete_object(Bucket=bucket, Key=f"{mine}notes.txt")


def test_nobody_gets_credentials_without_a_token(main: Deployed) -> None:
    with pytest.raises(ClientError, match="Unauthenticated access is not supported"):
        main.client("cognito-identity").get_id(IdentityPoolId=main.state.outputs["identity_pool_id"])
