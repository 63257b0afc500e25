"""Changes of the live model's pointer, and commands of the runbook: `{"command": "promote"}`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping

from functions.shared.logs import Log
from functions.shared.models import ModelsTable
from functions.shared.settings import load
from functions.shared.tasks import Run, task
from functions.standby.logic import Standby
from functions.standby.settings import Settings
from functions.standby.store import Bucket, PackageGroup, SageMakerEndpoint, TrainingTriggers


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    hosting = json.loads(settings.hosting)
    standby = Standby(
        models=ModelsTable(settings.models_table),
        archives=Bucket(settings.models_bucket),
        endpoint=SageMakerEndpoint(settings.endpoint_name, hosting),
        registry=PackageGroup(settings.model_package_group, hosting),
        triggers=TrainingTriggers(settings.rules.split(","), settings.schedule),
        bucket=settings.models_bucket,
        prefix=settings.name_prefix,
        wait_s=settings.wait_s,
        pause_s=settings.pause_s,
        pause=time.sleep,
    )
    return standby.run, Log(environ["AWS_LAMBDA_FUNCTION_NAME"])


handler = task(build)
