"""`POST /v1/auth/…`: register, confirm, login, refresh, logout."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.accounts import logic
from functions.accounts.logic import Directory
from functions.accounts.schemas import Confirm, Login, Logout, Refresh, Register
from functions.accounts.settings import Settings
from functions.accounts.store import UserPool
from functions.shared.api import App, Operation, Request, serve
from functions.shared.identity.pool import verifier
from functions.shared.logs import Log
from functions.shared.settings import load

SIGNED_IN = ("aws.cognito.signin.user.admin",)


def operations(directory: Directory) -> dict[str, Operation]:
    """What stands behind the routes."""

    def logout(request: Request) -> None:
        token = request.headers["authorization"].partition(" ")[2]
        logic.logout(directory, request.body, token)

    return {
        "POST /v1/auth/register": Operation(
            lambda request: logic.register(directory, request.body), status=201, request=Register
        ),
        "POST /v1/auth/confirm": Operation(lambda request: logic.confirm(directory, request.body), request=Confirm),
        "POST /v1/auth/login": Operation(lambda request: logic.login(directory, request.body), request=Login),
        "POST /v1/auth/refresh": Operation(lambda request: logic.refresh(directory, request.body), request=Refresh),
        "POST /v1/auth/logout": Operation(logout, status=204, scopes=SIGNED_IN, request=Logout),
    }


def build(environ: Mapping[str, str] = os.environ, directory: Directory | None = None) -> App:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    return App(
        operations(UserPool(settings.client_id) if directory is None else directory),
        Log(environ["AWS_LAMBDA_FUNCTION_NAME"]),
        verifier(settings, environ),
        settings.cors_origin,
    )


handler = serve(build)
