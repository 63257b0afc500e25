"""The step after the evaluation: `{"version", "evaluation", "model_data"}` → `{"outcome", "why", "metrics"}`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from functions.compare.logic import METRICS, compare
from functions.compare.settings import Settings
from functions.compare.store import evaluation
from functions.measures import MEASURES
from functions.shared.logs import Log
from functions.shared.models import ModelsTable
from functions.shared.settings import SettingsError, load
from functions.shared.tasks import Run, task


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    if settings.metric not in METRICS:
        raise SettingsError(f"METRIC: {settings.metric!r} is not allowed; give one of {', '.join(METRICS)}")
    models = ModelsTable(settings.models_table)

    def run(event: Mapping[str, Any]) -> dict[str, Any]:
        return compare(
            models,
            evaluation(str(event["evaluation"])),
            str(event["version"]),
            str(event["model_data"]),
            metric=settings.metric,
            threshold=settings.threshold,
        )

    return run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=MEASURES["compare"])


handler = task(build)
