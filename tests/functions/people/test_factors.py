"""Second factors: an authenticator app set up by choice, or because the pool demands one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.accounts.schemas import FactorProven, FactorSecret, Tokens
from functions.shared.aws.sdk import client
from tests.functions.support.accounts import CREDENTIALS, EMAIL, Accounts, item, shown


@pytest.fixture
def accounts(aws: None, tmp_path: Path) -> Iterator[Accounts]:
    del aws
    made = Accounts(tmp_path)
    yield made
    made.close()


def with_app(accounts: Accounts) -> str:
    """Ada's app; its secret."""
    token = accounts.member().body["accessToken"]
    begun = accounts.post("mfa-setup", {}, token)
    assert begun.status == 200
    made = FactorSecret.model_validate(begun.body)
    assert made.secret in made.uri
    wrong = accounts.post("mfa-verify", {"code": "000000"}, token)
    assert (wrong.status, wrong.code) == (400, "invalid_code")
    proven = accounts.post("mfa-verify", {"code": shown(made.secret)}, token)
    assert (proven.status, FactorProven.model_validate(proven.body).session) == (200, "")
    return made.secret


def step(accounts: Accounts, name: str) -> dict[str, Any]:
    """A sign-in that asks for something, as a body for the next step."""
    found = accounts.post("login", CREDENTIALS)
    assert (found.status, found.code) == (403, "challenge_required")
    assert found.fields["challenge"] == name
    assert set(found.fields) == {"challenge", "session"}
    return {"email": CREDENTIALS["email"], "challenge": name, "session": found.fields["session"]}


def test_a_sign_in_asks_for_the_apps_code(accounts: Accounts) -> None:
    secret = with_app(accounts)
    next_step = step(accounts, "SOFTWARE_TOKEN_MFA")
    wrong = accounts.post("challenge", {**next_step, "answer": "000000"})
    assert (wrong.status, wrong.code) == (400, "invalid_code")
    found = accounts.post("challenge", {**next_step, "answer": shown(secret)})
    assert found.status == 200
    assert Tokens.model_validate(found.body).refresh_token
    over = accounts.post("challenge", {**next_step, "answer": shown(secret)})
    assert (over.status, over.code) == (401, "wrong_session")


def test_the_session_in_an_error_is_not_logged(accounts: Accounts) -> None:
    with_app(accounts)
    session = step(accounts, "SOFTWARE_TOKEN_MFA")["session"]
    assert session not in accounts.client.log.getvalue()


def test_a_pool_that_demands_a_factor_has_it_set_up_first(aws: None, tmp_path: Path) -> None:
    del aws
    accounts = Accounts(tmp_path, mfa="ON")
    try:
        user_id = accounts.registered()
        next_step = step(accounts, "MFA_SETUP")
        assert accounts.post("challenge", next_step).code == "wrong_session"
        begun = accounts.post("mfa-setup", {"session": next_step["session"]}).body
        proof = {"session": begun["session"], "code": shown(begun["secret"])}
        proven = accounts.post("mfa-verify", proof).body
        assert proven["session"]
        found = accounts.post("challenge", {**next_step, "session": proven["session"]})
        assert found.status == 200
        assert item("users", "userId", user_id)["lastSignInAt"]
    finally:
        accounts.close()


def test_a_temporary_password_is_replaced(accounts: Accounts) -> None:
    client("cognito-idp").admin_create_user(
        UserPoolId=accounts.pool_id, Username=EMAIL, TemporaryPassword=CREDENTIALS["password"]
    )
    next_step = step(accounts, "NEW_PASSWORD_REQUIRED")
    assert accounts.post("challenge", {**next_step, "answer": "weak"}).code == "weak_password"
    assert accounts.post("challenge", {**next_step, "answer": "Another-Horse-8"}).status == 200


@pytest.mark.parametrize("operation", ["mfa-setup", "mfa-verify"])
def test_without_a_sign_in_nothing_is_set_up(accounts: Accounts, operation: str) -> None:
    code = {"code": "123456"} if operation == "mfa-verify" else {}
    nobody = accounts.post(operation, code)
    assert (nobody.status, nobody.code) == (401, "token_missing")
    for wrong in (
        accounts.post(operation, code, "no.token.this"),
        accounts.post(operation, {**code, "session": "x" * 30}),
    ):
        assert (wrong.status, wrong.code) == (401, "wrong_session")


def test_a_challenge_that_there_is_not_is_refused(accounts: Accounts) -> None:
    found = accounts.post("challenge", {"email": EMAIL, "challenge": "PASSWORD_VERIFIER", "session": "x" * 30})
    assert (found.status, list(found.fields)) == (400, ["challenge"])
