"""Steps of Secrets Manager: `{"Step", "SecretId", "ClientRequestToken"}`; each also tells how old the secret is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from functions.rotation.cache import CacheToken, ReplicationGroup
from functions.rotation.logic import Kind, Rotation
from functions.rotation.settings import Settings
from functions.rotation.signing import SigningKeys
from functions.rotation.store import Secret
from functions.shared.logs import Log
from functions.shared.settings import SettingsError, load
from functions.shared.tasks import Run, task

METRICS: Mapping[str, str] = {"SecretAgeDays": "Count"}
"""How old the value in force is; CloudWatch has no unit for days."""


def _cache(settings: Settings) -> Kind:
    missing = [name for name in ("cache_group", "cache_host") if not getattr(settings, name)]
    if missing:
        names = ", ".join(name.upper() for name in missing)
        raise SettingsError(f"{names}: missing for the kind cache; set it in the function's environment")
    return CacheToken(ReplicationGroup(settings.cache_group, settings.cache_host, settings.cache_port))


def _database(settings: Settings) -> Kind:
    # The driver is in a layer of its own, which the functions of other kinds do not have.
    from functions.rotation.database import DatabasePassword, through

    missing = [name for name in ("database_host", "database_name", "database_user") if not getattr(settings, name)]
    if missing:
        names = ", ".join(name.upper() for name in missing)
        raise SettingsError(f"{names}: missing for the kind database; set it in the function's environment")
    sign_in = through(settings.database_host, settings.database_port, settings.database_name, os.environ)
    return DatabasePassword(sign_in, settings.database_user)


KINDS: Mapping[str, Callable[[Settings], Kind]] = {
    "cache": _cache,
    "database": _database,
    "signing": lambda settings: SigningKeys(settings.overlap_days),
}
"""Per kind of secret: how it is rotated."""


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
