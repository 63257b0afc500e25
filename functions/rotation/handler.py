"""Steps of Secrets Manager: `{"Step", "SecretId", "ClientRequestToken"}`; each also tells how old the secret is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from functions.measures import MEASURES
from functions.rotation.kinds import KINDS
from functions.rotation.logic import Rotation
from functions.rotation.settings import Settings
from functions.rotation.store import Secret
from functions.shared.logs import Log
from functions.shared.settings import SettingsError, load
from functions.shared.tasks import Run, task

METRICS = MEASURES["rotation"]
"""How old the value in force is."""


def build(environ: Mapping[str, str] = os.environ) -> tuple[Run, Log]:
    """Everything that the function needs."""
    settings = load(Settings, environ)
    if settings.kind not in KINDS:
        raise SettingsError(f"KIND: {settings.kind!r} is not allowed; give one of {', '.join(sorted(KINDS))}")
    log = Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=METRICS)
    vault = Secret(settings.secret_arn)
    rotation = Rotation(vault, KINDS[settings.kind](settings))

    def run(event: Mapping[str, Any]) -> dict[str, Any]:
        result = rotation.run(event)
        log.line("INFO", "age", metrics={"SecretAgeDays": vault.age_days()})
        return result

    return run, log


handler = task(build)
