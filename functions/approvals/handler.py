"""Events of the model registry: `SageMaker Model Package State Change`."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.approvals.logic import Approvals
from functions.approvals.settings import Settings
from functions.approvals.store import StateMachine
from functions.shared.logs import Log
from functions.shared.models import ModelsTable
from functions.shared.settings import load
from functions.shared.tasks import Run, task


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    approvals = Approvals(
        ModelsTable(settings.models_table), StateMachine(settings.state_machine_arn), settings.model_package_group
    )
    return approvals.run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
