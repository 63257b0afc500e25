"""The first step of a training: `{"execution", "input"}` → what the other steps work with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from functions.intake.logic import Intake
from functions.intake.settings import Settings
from functions.intake.store import RawFiles, Workflow
from functions.shared.logs import Log, now
from functions.shared.models import ModelsTable
from functions.shared.settings import load
from functions.shared.tasks import Run, task


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    intake = Intake(settings, RawFiles(), ModelsTable(settings.models_table), Workflow())

    def run(event: Mapping[str, Any]) -> dict[str, Any]:
        return intake.run(str(event["execution"]), event["input"], now())

    return run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
