"""An account from its registration to the end of its session."""

from __future__ import annotations

import secrets

import pytest

from tests.journeys.support.caller import PASSWORD, Caller, signed_up
from tests.journeys.support.deployed import Deployed

pytestmark = pytest.mark.journey


@pytest.fixture
def anybody(main: Deployed) -> Caller:
    return Caller(main)


@pytest.fixture
def account() -> dict[str, str]:
    email = f"ada-{secrets.token_hex(6)}@example.org"
    return {"email": email, "password": PASSWORD, "name": "Ada Example", "language": "en"}


def test_register_confirm_login_refresh_logout(main: Deployed, anybody: Caller, account: dict[str, str]) -> None:
    email = account["email"]
    credentials = {"email": email, "password": PASSWORD}
    made = anybody.call("POST", "/auth/register", account)
    assert made.status == 201
    assert set(made.content) == {"userId", "email", "name", "message"}
    assert (made.content["email"], made.content["name"]) == (email, "Ada Example")
    anybody.call("POST", "/auth/login", credentials).refused(403, "not_confirmed")
    code = main.code(email)
    wrong = {"email": email, "code": "000000" if code != "000000" else "111111"}
    anybody.call("POST", "/auth/confirm", wrong).refused(400, "invalid_code")
    confirmed = anybody.call("POST", "/auth/confirm", {"email": email, "code": code})
    assert confirmed.status == 200
    assert set(confirmed.content) == {"message"}

    signed_in = anybody.call("POST", "/auth/login", {"email": email.upper(), "password": PASSWORD})
    assert signed_in.status == 200
    assert set(signed_in.content) == {"accessToken", "refreshToken", "expiresIn", "tokenType"}
    assert (signed_in.content["expiresIn"], signed_in.content["tokenType"]) == (3600, "Bearer")
    caller = Caller(main, signed_in.content["accessToken"])
    assert caller.call("GET", "/models").status == 200

    session = {"refreshToken": signed_in.content["refreshToken"]}
    renewed = anybody.call("POST", "/auth/refresh", session)
    assert renewed.status == 200
    assert renewed.content["refreshToken"] == session["refreshToken"]
    assert renewed.content["accessToken"] != caller.token
    assert Caller(main, renewed.content["accessToken"]).call("GET", "/models").status == 200

    other = anybody.call("POST", "/auth/login", credentials).content["refreshToken"]
    ended = caller.call("POST", "/auth/logout", session)
    assert (ended.status, ended.text) == (204, "")
    anybody.call("POST", "/auth/refresh", session).refused(401, "wrong_refresh_token")
    assert anybody.call("POST", "/auth/refresh", {"refreshToken": other}).status == 200


def test_logout_without_a_refresh_token_ends_every_session(anybody: Caller, main: Deployed) -> None:
    caller = signed_up(main)
    again = anybody.call("POST", "/auth/login", {"email": caller.email, "password": PASSWORD}).content
    assert caller.call("POST", "/auth/logout", {}).status == 204
    for token in (caller.refresh_token, again["refreshToken"]):
        anybody.call("POST", "/auth/refresh", {"refreshToken": token}).refused(401, "wrong_refresh_token")


def test_logout_needs_a_token_and_a_refresh_token_of_the_pool(anybody: Caller, stranger: Caller) -> None:
    anybody.call("POST", "/auth/logout", {}).refused(401, "unauthorized")
    stranger.call("POST", "/auth/logout", {"refreshToken": "nobody's"}).refused(401, "wrong_refresh_token")


def test_address_is_taken_once(anybody: Caller, stranger: Caller, account: dict[str, str]) -> None:
    taken = account | {"email": stranger.email}
    anybody.call("POST", "/auth/register", taken).refused(409, "account_exists")
    anybody.call("POST", "/auth/register", taken | {"email": stranger.email.upper()}).refused(409, "account_exists")


@pytest.mark.parametrize("password", ["lower-case-7", "UPPER-CASE-7", "No-Digit-Here", "NoSymbol77"])
def test_weak_password_is_refused(anybody: Caller, account: dict[str, str], password: str) -> None:
    anybody.call("POST", "/auth/register", account | {"password": password}).refused(400, "weak_password")
    login = {"email": account["email"], "password": password}
    anybody.call("POST", "/auth/login", login).refused(401, "wrong_credentials")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("password", "Short-7"),
        ("language", "English"),
        ("name", ""),
        ("name", 7),
        ("role", "admin"),
    ],
)
def test_field_that_does_not_fit_is_refused(
    anybody: Caller, account: dict[str, str], field: str, value: object
) -> None:
    details = anybody.call("POST", "/auth/register", account | {field: value}).refused(400, "invalid_request")
    # The gateway looks at what it may quote; a password's length is the function's to judge.
    assert [detail["field"] for detail in details] == (["password"] if field == "password" else ["body"])
    assert PASSWORD not in str(details)


def test_unknown_address_looks_like_a_wrong_password(anybody: Caller, stranger: Caller) -> None:
    wrong = {"email": stranger.email, "password": "Correct-Horse-8"}
    unknown = {"email": "nobody@example.org", "password": PASSWORD}
    answers = [anybody.call("POST", "/auth/login", body) for body in (wrong, unknown)]
    assert [answer.refused(401, "wrong_credentials") for answer in answers] == [[], []]
    assert answers[0].content["error"]["message"] == answers[1].content["error"]["message"]


def test_refresh_token_of_nobody_is_refused(anybody: Caller) -> None:
    anybody.call("POST", "/auth/refresh", {"refreshToken": "eyJ.x.y"}).refused(401, "wrong_refresh_token")
