"""Accounts in a user pool, from sign-up to sign-out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.accounts.schemas import Registered, Tokens
from functions.accounts.store import UserPool, payload
from functions.shared.aws.sdk import client, told
from functions.shared.errors import ApiError
from functions.users.store import UsersTable
from tests.functions.support.accounts import ADA, CREDENTIALS, EMAIL, Accounts, item


@pytest.fixture
def accounts(aws: None, tmp_path: Path) -> Iterator[Accounts]:
    del aws
    made = Accounts(tmp_path)
    yield made
    made.close()


def session_of(token: str) -> str:
    return str(payload(token)["origin_jti"])


def test_a_new_account_is_answered_as_promised(accounts: Accounts) -> None:
    found = accounts.post("register", ADA)
    assert found.status == 201
    assert list(found.body) == ["userId", "email", "name", "message"]
    made = Registered.model_validate(found.body)
    assert (made.email, made.name) == (EMAIL, "Ada Example")
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


def test_a_confirmed_user_is_recorded_and_a_member(accounts: Accounts) -> None:
    user_id = accounts.registered()
    found = item("users", "userId", user_id)
    assert (found["email"], found["name"], found["language"]) == (EMAIL, "Ada Example", "en")
    groups = client("cognito-idp").admin_list_groups_for_user(UserPoolId=accounts.pool_id, Username=EMAIL)["Groups"]
    assert [group["GroupName"] for group in groups] == ["users"]


def test_an_address_of_a_domain_that_may_not_sign_up_is_refused(aws: None, tmp_path: Path) -> None:
    del aws
    accounts = Accounts(tmp_path, EMAIL_DOMAINS="example.com, example.net")
    try:
        found = accounts.post("register", ADA)
        assert (found.status, found.code) == (400, "email_not_allowed")
        assert accounts.post("register", {**ADA, "email": "ada@EXAMPLE.net"}).status == 201
    finally:
        accounts.close()


def test_an_account_counts_although_its_record_could_not_be_made(accounts: Accounts) -> None:
    decide = accounts.function.run

    def fail(event: Any) -> dict[str, Any]:
        if event["triggerSource"].startswith("PostConfirmation"):
            raise RuntimeError("no table")
        return decide(event)

    accounts.function.run = fail
    user_id = accounts.registered()
    assert item("users", "userId", user_id) == {}
    assert accounts.post("login", CREDENTIALS).status == 200
    found = item("users", "userId", user_id)
    assert (found["email"], found["name"], found["language"]) == (EMAIL, "Ada Example", "en")
    assert found["lastSignInAt"] == found["createdAt"]


def test_an_unconfirmed_account_cannot_sign_in(accounts: Accounts) -> None:
    accounts.post("register", ADA)
    found = accounts.post("login", CREDENTIALS)
    assert (found.status, found.code) == (403, "not_confirmed")


def test_a_session_is_answered_as_promised_and_recorded(accounts: Accounts) -> None:
    user_id = accounts.registered()
    found = accounts.post("login", CREDENTIALS)
    assert found.status == 200
    assert list(found.body) == ["accessToken", "refreshToken", "expiresIn", "tokenType"]
    made = Tokens.model_validate(found.body)
    assert (made.expires_in, made.token_type) == (3600, "Bearer")
    recorded = item("sessions", "sessionId", session_of(made.access_token))
    assert set(recorded) == {"sessionId", "userId", "createdAt", "ttl"}
    assert recorded["userId"] == user_id
    assert 29 * 86_400 < int(recorded["ttl"]) - payload(made.access_token)["iat"] <= 30 * 86_400 + 60


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
    assert session_of(found.body["accessToken"]) == session_of(first["accessToken"])


def test_a_wrong_refresh_token_means_signing_in_again(accounts: Accounts) -> None:
    found = accounts.post("refresh", {"refreshToken": "wrong"})
    assert (found.status, found.code) == (401, "wrong_refresh_token")


def test_a_wrong_code_and_an_unknown_address_look_the_same(accounts: Accounts) -> None:
    accounts.post("register", ADA)
    wrong = accounts.post("confirm", {"email": EMAIL, "code": "000000" if accounts.code() != "000000" else "1" * 6})
    unknown = accounts.post("confirm", {"email": "nobody@example.org", "code": "123456"})
    assert (unknown.status, unknown.code) == (wrong.status, wrong.code) == (400, "invalid_code")
    assert unknown.body["error"]["message"] == wrong.body["error"]["message"]


def test_another_code_takes_the_place_of_the_first(accounts: Accounts) -> None:
    accounts.post("register", ADA)
    first = accounts.code()
    found = accounts.post("resend-code", {"email": ADA["email"]})
    assert (found.status, accounts.sent()) == (202, 2)
    second = accounts.code()
    if first != second:
        assert accounts.post("confirm", {"email": EMAIL, "code": first}).code == "invalid_code"
    assert accounts.post("confirm", {"email": EMAIL, "code": second}).status == 200


@pytest.mark.parametrize("operation", ["resend-code", "forgot-password"])
def test_nobody_learns_who_has_an_account(accounts: Accounts, operation: str) -> None:
    accounts.registered()
    before = accounts.sent()
    answers = [accounts.post(operation, {"email": email}) for email in (EMAIL, "nobody@example.org")]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].body == answers[1].body
    assert accounts.sent("nobody@example.org") == 0
    assert accounts.sent() == before + (operation == "forgot-password")


def test_a_forgotten_password_is_changed_by_a_code(accounts: Accounts) -> None:
    accounts.registered()
    accounts.post("forgot-password", {"email": ADA["email"]})
    change = {"email": ADA["email"], "code": accounts.code(), "password": "Another-Horse-8"}
    weak = accounts.post("reset-password", {**change, "password": "lowercase-only"})
    assert (weak.status, weak.code) == (400, "weak_password")
    unknown = accounts.post("reset-password", {**change, "email": "nobody@example.org"})
    assert (unknown.status, unknown.code) == (400, "invalid_code")
    assert accounts.post("reset-password", change).status == 200
    assert accounts.post("reset-password", change).code == "invalid_code"
    assert accounts.post("login", CREDENTIALS).code == "wrong_credentials"
    assert accounts.post("login", {**CREDENTIALS, "password": "Another-Horse-8"}).status == 200


def test_nothing_personal_is_logged(accounts: Accounts) -> None:
    accounts.member()
    accounts.post("forgot-password", {"email": EMAIL})
    accounts.post("login", {**CREDENTIALS, "password": "Wrong-Horse-7"})
    log = accounts.client.log.getvalue().lower()
    assert not [word for word in ("example.org", "ada example", "horse", accounts.code()) if word in log]
    assert accounts.client.lines[-1]["metadata"]["why"] == "NotAuthorizedException"


def test_signing_out_ends_one_session_at_once(accounts: Accounts) -> None:
    one, other = accounts.member().body, accounts.post("login", CREDENTIALS).body
    renewed = accounts.post("refresh", {"refreshToken": one["refreshToken"]}).body["accessToken"]
    ended = {"refreshToken": one["refreshToken"]}
    found = accounts.post("logout", ended, other["accessToken"])
    assert (found.status, found.body) == (204, None)
    for token in (one["accessToken"], renewed):
        refused = accounts.post("logout", {}, token)
        assert (refused.status, refused.code) == (401, "token_revoked")
    assert accounts.memory.values == {f"session:{session_of(renewed)}": b"ended"}
    assert accounts.post("refresh", ended).code == "wrong_refresh_token"
    assert accounts.post("refresh", {"refreshToken": other["refreshToken"]}).status == 200


def test_signing_out_everywhere_ends_every_session(accounts: Accounts) -> None:
    sessions = [accounts.member().body, *(accounts.post("login", CREDENTIALS).body for _ in range(2))]
    assert accounts.post("logout", {}, sessions[0]["accessToken"]).status == 204
    for session in sessions:
        assert accounts.post("logout", {}, session["accessToken"]).code == "token_revoked"
        assert accounts.post("refresh", {"refreshToken": session["refreshToken"]}).code == "wrong_refresh_token"
    assert len(accounts.memory.values) == 3


def test_a_session_of_somebody_else_cannot_be_ended(accounts: Accounts) -> None:
    ada = accounts.member().body
    bob = {**ADA, "email": "bob@example.org"}
    accounts.post("register", bob)
    accounts.post("confirm", {"email": bob["email"], "code": accounts.code(bob["email"])})
    token = accounts.post("login", {**CREDENTIALS, "email": bob["email"]}).body["accessToken"]
    found = accounts.post("logout", {"refreshToken": ada["refreshToken"]}, token)
    assert (found.status, found.code) == (401, "wrong_refresh_token")
    assert accounts.post("refresh", {"refreshToken": ada["refreshToken"]}).status == 200


def test_a_session_whose_record_is_ended_is_not_continued(accounts: Accounts) -> None:
    session = accounts.member().body
    client("dynamodb").update_item(
        TableName="sessions",
        Key={"sessionId": {"S": session_of(session["accessToken"])}},
        UpdateExpression="SET endedAt = :at",
        ExpressionAttributeValues={":at": {"S": "2026-01-31T12:00:00.000Z"}},
    )
    found = accounts.post("refresh", {"refreshToken": session["refreshToken"]})
    assert (found.status, found.code) == (401, "wrong_refresh_token")


def test_whoever_was_closed_in_another_region_does_not_sign_in_before_the_pool_hears_of_it(accounts: Accounts) -> None:
    user_id = accounts.registered()
    assert UsersTable("users").forget(user_id, 0)
    refused = accounts.post("login", CREDENTIALS)
    assert (refused.status, refused.code) == (401, "wrong_credentials")
    left = item("users", "userId", user_id)
    assert not set(left) & {"email", "name", "kind", "lastSignInAt"}
    assert client("dynamodb").scan(TableName="sessions")["Items"] == []


def test_signing_out_needs_a_token(accounts: Accounts) -> None:
    found = accounts.post("logout", {})
    assert (found.status, found.code) == (401, "token_missing")


def test_a_global_sign_out_works_and_a_second_one_is_as_good(accounts: Accounts) -> None:
    token = accounts.member().body["accessToken"]
    pool = UserPool("client")
    pool.revoke_all(token)
    pool.revoke_all(token)


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
