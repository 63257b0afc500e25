"""Accounts in a user pool, from sign-up to sign-out."""

from __future__ import annotations

from typing import Any

import pytest

from functions.accounts.handler import operations
from functions.accounts.schemas import Registered, Tokens
from functions.accounts.store import UserPool, session
from functions.shared.aws.sdk import client, told
from functions.shared.errors import ApiError
from tests.functions.support.apps import Client
from tests.functions.support.cloud import user_pool

ADA = {"email": "Ada@Example.org", "password": "Correct-Horse-7", "name": "Ada Example", "language": "en"}
CREDENTIALS = {"email": ADA["email"], "password": ADA["password"]}


class Accounts:
    """The account routes over a pool."""

    def __init__(self) -> None:
        self.pool_id, client_id = user_pool()
        self.client = Client(operations(UserPool(client_id)))

    def post(self, operation: str, body: Any, **more: Any) -> Any:
        return self.client.call("POST", f"/v1/auth/{operation}", body=body, **{"token": None, **more})

    def member(self) -> Any:
        self.post("register", ADA)
        client("cognito-idp").admin_confirm_sign_up(UserPoolId=self.pool_id, Username="ada@example.org")
        return self.post("login", CREDENTIALS)


@pytest.fixture
def accounts(aws: None) -> Accounts:
    del aws
    return Accounts()


def test_a_new_account_is_answered_as_promised(accounts: Accounts) -> None:
    found = accounts.post("register", ADA)
    assert found.status == 201
    assert list(found.body) == ["userId", "email", "name", "message"]
    made = Registered.model_validate(found.body)
    assert (made.email, made.name) == ("ada@example.org", "Ada Example")
    assert len(made.user_id) == 36


def test_the_same_address_cannot_be_registered_twice_whatever_its_case(accounts: Accounts) -> None:
    accounts.post("register", ADA)
    found = accounts.post("register", {**ADA, "email": "ADA@example.org"})
    assert (found.status, found.code) == (409, "account_exists")


def test_a_weak_password_is_refused_with_the_rule(accounts: Accounts) -> None:
    found = accounts.post("register", {**ADA, "password": "lowercase-only"})
    assert (found.status, found.code) == (400, "weak_password")
    assert "upper, lower, digit and symbol" in found.body["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "nobody"), ("password", "Short-1"), ("language", "english"), ("name", ""), ("role", "admin")],
)
def test_a_bad_field_is_named(accounts: Accounts, field: str, value: str) -> None:
    found = accounts.post("register", {**ADA, field: value})
    assert (found.status, list(found.fields)) == (400, [field])


def test_an_unconfirmed_account_cannot_sign_in(accounts: Accounts) -> None:
    accounts.post("register", ADA)
    found = accounts.post("login", CREDENTIALS)
    assert (found.status, found.code) == (403, "not_confirmed")


def test_a_session_is_answered_as_promised(accounts: Accounts) -> None:
    found = accounts.member()
    assert found.status == 200
    assert list(found.body) == ["accessToken", "refreshToken", "expiresIn", "tokenType"]
    made = Tokens.model_validate(found.body)
    assert (made.expires_in, made.token_type) == (3600, "Bearer")


def test_a_wrong_password_and_an_unknown_address_look_the_same(accounts: Accounts) -> None:
    accounts.member()
    wrong = accounts.post("login", {**CREDENTIALS, "password": "Wrong-Horse-7"})
    unknown = accounts.post("login", {**CREDENTIALS, "email": "nobody@example.org"})
    assert wrong.status == unknown.status == 401
    assert wrong.code == unknown.code == "wrong_credentials"
    assert wrong.body["error"]["message"] == unknown.body["error"]["message"]


def test_a_session_is_continued_by_its_refresh_token(accounts: Accounts) -> None:
    first = accounts.member().body
    found = accounts.post("refresh", {"refreshToken": first["refreshToken"]})
    assert found.status == 200
    assert found.body["refreshToken"] == first["refreshToken"]


def test_a_wrong_refresh_token_means_signing_in_again(accounts: Accounts) -> None:
    found = accounts.post("refresh", {"refreshToken": "wrong"})
    assert (found.status, found.code) == (401, "wrong_refresh_token")


def test_a_wrong_code_and_an_unknown_address_look_the_same(accounts: Accounts) -> None:
    unknown = accounts.post("confirm", {"email": "nobody@example.org", "code": "123456"})
    assert (unknown.status, unknown.code) == (400, "invalid_code")


def test_nothing_personal_is_logged(accounts: Accounts) -> None:
    accounts.member()
    accounts.post("login", {**CREDENTIALS, "password": "Wrong-Horse-7"})
    log = accounts.client.log.getvalue().lower()
    assert not [word for word in ("example.org", "ada example", "horse") if word in log]
    assert accounts.client.lines[-1]["metadata"]["why"] == "NotAuthorizedException"


class FakeDirectory(UserPool):
    """Keeps what is ended."""

    def __init__(self) -> None:
        super().__init__("client")
        self.ended: list[tuple[str, str]] = []

    def revoke(self, refresh_token: str) -> None:
        self.ended.append(("session", refresh_token))

    def revoke_all(self, access_token: str) -> None:
        self.ended.append(("all", access_token))


def test_signing_out_ends_one_session_or_all() -> None:
    from tests.functions.support.apps import POOL

    directory = FakeDirectory()
    caller, token = Client(operations(directory)), POOL.token()
    one = caller.call("POST", "/v1/auth/logout", token=token, body={"refreshToken": "r"})
    every = caller.call("POST", "/v1/auth/logout", token=token)
    assert (one.status, every.status) == (204, 204)
    assert directory.ended == [("session", "r"), ("all", token)]


def test_signing_out_needs_a_token() -> None:
    found = Client(operations(FakeDirectory())).call("POST", "/v1/auth/logout", token=None)
    assert (found.status, found.code) == (401, "token_missing")


def test_a_global_sign_out_works_and_a_second_one_is_as_good(accounts: Accounts) -> None:
    token = accounts.member().body["accessToken"]
    pool = UserPool("client")
    pool.revoke_all(token)
    pool.revoke_all(token)


def test_a_challenge_is_named() -> None:
    with pytest.raises(ApiError) as raised:
        session({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s"})
    assert raised.value.code == "challenge_required"
    assert raised.value.details[0].message.startswith("SOFTWARE_TOKEN_MFA")


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [("TooManyRequestsException", 400, "throttled"), ("InternalErrorException", 500, "unavailable")],
)
def test_awss_own_trouble_is_retryable_for_the_caller(code: str, status: int, expected: str) -> None:
    from botocore.exceptions import ClientError

    error = ClientError(
        {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "SignUp",
    )
    with pytest.raises(ApiError) as raised, told():
        raise error
    assert raised.value.code == expected
    assert raised.value.row.retry_after_s
