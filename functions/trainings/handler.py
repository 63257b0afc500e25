"""`POST /v1/training/start`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.shared.api import App, Operation, Request, serve
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.settings import load
from functions.trainings import logic
from functions.trainings.logic import Starter
from functions.trainings.schemas import StartTraining, Training
from functions.trainings.settings import Settings
from functions.trainings.store import Executions

SCOPES = ("aws.cognito.signin.user.admin", "platform/train")


def operations(starter: Starter) -> dict[str, Operation]:
    """What stands behind the route."""

    def start(request: Request) -> Training:
        return logic.start(starter, request.body, user_id=request.caller.user_id, new_id=request.new_id())

    return {
        "POST /v1/training/start": Operation(
            start, status=202, scopes=SCOPES, groups=("scientists",), request=StartTraining, once=True
        )
    }


def build(environ: Mapping[str, str] = os.environ, starter: Starter | None = None) -> App:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    starts = operations(Executions(settings.state_machine_arn) if starter is None else starter)
    return guarded(starts, Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
