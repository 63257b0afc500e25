"""The step after the endpoint's update: `{"version", "model_data", …}` → `{"version", "previousVersion"}`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from functions.release.logic import Release
from functions.release.settings import Settings
from functions.release.store import DeployedModel
from functions.shared.aws.calls import Service
from functions.shared.cache.opening import cache
from functions.shared.logs import Log, now
from functions.shared.models import ModelsTable
from functions.shared.settings import load
from functions.shared.tasks import Run, task


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    runtime = Service("sagemaker-runtime", environ, timeout_s=settings.model_timeout_ms / 1000)
    release = Release(
        ModelsTable(settings.models_table),
        DeployedModel(runtime, settings.endpoint_name),
        cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ),
        settings.endpoint_name,
        settings.live_ttl_s,
        time.sleep,
    )

    def run(event: Mapping[str, Any]) -> dict[str, Any]:
        return release.run(str(event["version"]), str(event["model_data"]), now())

    return run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
