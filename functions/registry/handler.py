"""`GET /v1/models` and `PUT /v1/models/{version}/approve`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.registry import logic
from functions.registry.schemas import Approval, Approve, ModelPage
from functions.registry.settings import Settings
from functions.registry.store import ModelRegistry
from functions.shared.api import App, Operation, Request, serve
from functions.shared.aws.sdk import told
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.models import ModelsTable
from functions.shared.resources.lists import ListQuery
from functions.shared.settings import load

SIGNED_IN = "aws.cognito.signin.user.admin"


def operations(models: logic.Models, packages: logic.Packages, group: str) -> dict[str, Operation]:
    """What stands behind the routes."""

    def list_models(request: Request) -> ModelPage:
        with told():
            return logic.page_of(models, group, request.query)

    def approve(request: Request) -> Approval:
        version, user_id = request.path("version"), request.caller.user_id
        with told():
            return logic.approve(models, packages, version, force=request.body.force, user_id=user_id)

    return {
        "GET /v1/models": Operation(list_models, scopes=(SIGNED_IN, "platform/models"), query=ListQuery, tagged=True),
        "PUT /v1/models/{version}/approve": Operation(
            approve, scopes=(SIGNED_IN, "platform/approve"), groups=("approvers",), request=Approve
        ),
    }


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    answers = operations(ModelsTable(settings.models_table), ModelRegistry(), settings.model_package_group)
    return guarded(answers, Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
