"""Sign-up, sign-in, sessions and second factors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from functions.accounts import schemas as accounts
from functions.routes.route import SIGNED_IN, Route


def account(operation: str, summary: str, response: type[BaseModel] | None, **more: Any) -> Route:
    """A row of the account routes: `POST /v1/auth/<operation>`, slow enough to make guessing pointless."""
    return Route(
        method="POST",
        path=f"/v1/auth/{operation.replace('_', '-')}",
        capability="accounts",
        operation=operation,
        summary=summary,
        tag="accounts",
        response=response,
        throttle_rps=20,
        throttle_burst=40,
        **more,
    )


ROUTES: tuple[Route, ...] = (
    account(
        "register",
        "Make an account",
        accounts.Registered,
        status=201,
        request=accounts.Register,
        errors=("weak_password", "email_not_allowed", "account_exists", "unavailable"),
    ),
    account(
        "confirm",
        "Prove an e-mail address by the code that was sent to it",
        accounts.Done,
        request=accounts.Confirm,
        errors=("invalid_code", "unavailable"),
    ),
    account(
        "resend_code",
        "Send another code to an address that is not proven yet",
        accounts.Done,
        status=202,
        request=accounts.Address,
        errors=("unavailable",),
    ),
    account(
        "login",
        "Sign in",
        accounts.Tokens,
        request=accounts.Login,
        errors=("wrong_credentials", "not_confirmed", "challenge_required", "unavailable"),
    ),
    account(
        "challenge",
        "Go on with a sign-in that asked for something",
        accounts.Tokens,
        request=accounts.Challenge,
        errors=("invalid_code", "weak_password", "wrong_session", "challenge_required", "unavailable"),
    ),
    account(
        "refresh",
        "Get a new access token",
        accounts.Tokens,
        request=accounts.Refresh,
        errors=("wrong_refresh_token", "unavailable"),
    ),
    account(
        "logout",
        "Revoke one session, or all of them",
        None,
        status=204,
        scopes=SIGNED_IN,
        request=accounts.Logout,
        errors=("wrong_refresh_token", "unavailable"),
    ),
    account(
        "forgot_password",
        "Send a code to set a new password with",
        accounts.Done,
        status=202,
        request=accounts.Address,
        errors=("unavailable",),
    ),
    account(
        "reset_password",
        "Set a new password by the code that was sent",
        accounts.Done,
        request=accounts.Reset,
        errors=("invalid_code", "weak_password", "unavailable"),
    ),
    account(
        "mfa_setup",
        "Get a secret for an authenticator app, signed in or in the middle of a sign-in",
        accounts.FactorSecret,
        request=accounts.FactorSetup,
        errors=("token_missing", "wrong_session", "unavailable"),
    ),
    account(
        "mfa_verify",
        "Take an authenticator app into use",
        accounts.FactorProven,
        request=accounts.FactorProof,
        errors=("invalid_code", "token_missing", "wrong_session", "unavailable"),
    ),
)
