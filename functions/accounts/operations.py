"""The operations of the account routes."""

from __future__ import annotations

from functions.accounts import factors, logic
from functions.accounts.factors import Factors
from functions.accounts.logic import Directory, Sessions
from functions.accounts.schemas import (
    Address,
    Challenge,
    Confirm,
    FactorProof,
    FactorSetup,
    Login,
    Logout,
    Refresh,
    Register,
    Reset,
)
from functions.shared.api import Operation, Request

SIGNED_IN = ("aws.cognito.signin.user.admin",)


def operations(directory: Directory, sessions: Sessions, apps: Factors) -> dict[str, Operation]:
    """What stands behind the routes."""

    def logout(request: Request) -> None:
        logic.logout(directory, sessions, request.body, request.caller, bearer(request))

    return {
        f"POST /v1/auth/{name}": operation
        for name, operation in {
            "register": Operation(lambda given: logic.register(directory, given.body), status=201, request=Register),
            "confirm": Operation(lambda given: logic.confirm(directory, given.body), request=Confirm),
            "resend-code": Operation(lambda given: logic.resend(directory, given.body), status=202, request=Address),
            "login": Operation(lambda given: logic.login(directory, sessions, given.body), request=Login),
            "challenge": Operation(lambda given: logic.challenge(directory, sessions, given.body), request=Challenge),
            "refresh": Operation(lambda given: logic.refresh(directory, sessions, given.body), request=Refresh),
            "logout": Operation(logout, status=204, scopes=SIGNED_IN, request=Logout),
            "forgot-password": Operation(
                lambda given: logic.forgot(directory, given.body), status=202, request=Address
            ),
            "reset-password": Operation(lambda given: logic.reset(directory, given.body), request=Reset),
            "mfa-setup": Operation(lambda given: factors.begin(apps, given.body, bearer(given)), request=FactorSetup),
            "mfa-verify": Operation(lambda given: factors.prove(apps, given.body, bearer(given)), request=FactorProof),
        }.items()
    }


def bearer(request: Request) -> str:
    """The token of a request, checked or not; Cognito checks the one that it is given."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else ""
