"""The user pool's functions: who may sign up, and what is made of a confirmed user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.tasks import WorkError
from functions.signup.handler import build
from functions.signup.logic import NotAllowedError, before
from functions.signup.settings import Settings
from functions.signup.store import PoolGroups, UsersTable
from tests.functions.support.accounts import item
from tests.functions.support.calls import ENVIRONMENT
from tests.functions.support.cloud import account_tables, user_pool


class Kept:
    """Users and memberships."""

    def __init__(self) -> None:
        self.users: list[Mapping[str, str]] = []
        self.members: list[tuple[str, str, str]] = []

    def add(self, user: Mapping[str, str]) -> None:
        self.users.append(user)

    def join(self, pool_id: str, username: str, group: str) -> None:
        self.members.append((pool_id, username, group))


def event(source: str, **attributes: str) -> dict[str, Any]:
    given = {"sub": "user-1", "email": "Ada@Example.org", "name": "Ada", "locale": "en"} | attributes
    return {
        "version": "1",
        "triggerSource": source,
        "userPoolId": "us-east-1_Example01",
        "userName": "user-1",
        "request": {"userAttributes": given},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }


def ran(source: str, kept: Kept, **environment: str) -> dict[str, Any]:
    run, _ = build({**ENVIRONMENT, **environment}, kept, kept)
    return run(event(source))


def test_everybody_may_sign_up_and_nobody_is_confirmed_unless_that_is_asked_for() -> None:
    assert ran("PreSignUp_SignUp", Kept()) == event("PreSignUp_SignUp")
    decided = ran("PreSignUp_SignUp", Kept(), AUTO_CONFIRM="true")["response"]
    assert decided == {"autoConfirmUser": True, "autoVerifyEmail": True, "autoVerifyPhone": False}


DOMAINS = Settings(users_table="users", email_domains="example.org, Example.net")


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@EXAMPLE.NET", "a@b@example.org"])
def test_an_address_of_a_domain_on_the_list_may_sign_up(email: str) -> None:
    assert before(event("PreSignUp_SignUp", email=email), DOMAINS)["response"]["autoConfirmUser"] is False


@pytest.mark.parametrize(
    "email",
    ["ada@example.com", "ada@evil-example.org", "ada@sub.example.org", "ada@example.org.evil", "example.org@", ""],
)
def test_any_other_address_may_not(email: str) -> None:
    with pytest.raises(NotAllowedError, match="domain"):
        before(event("PreSignUp_SignUp", email=email), DOMAINS)


@given(st.text(max_size=60).filter(lambda text: text.lower() not in {"example.org", "example.net"}))
def test_no_domain_but_those_on_the_list_passes(domain: str) -> None:
    if "@" not in domain:
        with pytest.raises(NotAllowedError):
            before(event("PreSignUp_SignUp", email=f"ada@{domain}"), DOMAINS)


def test_an_administrator_may_invite_anybody() -> None:
    made = event("PreSignUp_AdminCreateUser", email="ada@elsewhere.example")
    assert before(made, DOMAINS) == made


def test_a_confirmed_user_is_recorded_and_joins_the_group() -> None:
    kept = Kept()
    assert ran("PostConfirmation_ConfirmSignUp", kept) == event("PostConfirmation_ConfirmSignUp")
    assert kept.members == [("us-east-1_Example01", "user-1", "users")]
    (user,) = kept.users
    assert {name: user[name] for name in ("userId", "email", "name", "language")} == {
        "userId": "user-1",
        "email": "ada@example.org",
        "name": "Ada",
        "language": "en",
    }
    assert user["createdAt"] == user["updatedAt"]


def test_a_new_password_makes_no_user() -> None:
    kept = Kept()
    ran("PostConfirmation_ConfirmForgotPassword", kept)
    assert (kept.users, kept.members) == ([], [])


def test_another_trigger_is_refused() -> None:
    with pytest.raises(WorkError, match="TokenGeneration_Authentication"):
        ran("TokenGeneration_Authentication", Kept())


def test_a_user_is_recorded_once(aws: None) -> None:
    del aws
    account_tables()
    table = UsersTable("users")
    table.add({"userId": "user-1", "name": "Ada"})
    table.add({"userId": "user-1", "name": "another"})
    assert item("users", "userId", "user-1")["name"] == "Ada"


def test_joining_twice_is_as_good_as_once(aws: None) -> None:
    del aws
    from functions.shared.aws.sdk import client

    pool, _ = user_pool()
    client("cognito-idp").admin_create_user(UserPoolId=pool, Username="ada@example.org")
    for _ in range(2):
        PoolGroups().join(pool, "ada@example.org", "users")
    found = client("cognito-idp").list_users_in_group(UserPoolId=pool, GroupName="users")["Users"]
    assert len(found) == 1
