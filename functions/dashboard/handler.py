"""`GET /v1/dashboard/stats`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone

from functions.dashboard.logic import Figures
from functions.dashboard.schemas import Stats
from functions.dashboard.settings import Settings
from functions.dashboard.store import FigureTables
from functions.shared.api import App, Operation, Request, serve
from functions.shared.cache.opening import cache
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.settings import load

SIGNED_IN = ("aws.cognito.signin.user.admin",)


def operations(figures: Figures) -> dict[str, Operation]:
    """What stands behind the route."""

    def stats(request: Request) -> Stats:
        made, reasons = figures.stats(request.caller.user_id)
        if reasons:
            request.notes["missing"] = reasons
        return made

    return {"GET /v1/dashboard/stats": Operation(stats, scopes=SIGNED_IN)}


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs; no connection is opened before it is used."""
    settings = load(Settings, environ)
    memory = cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ)
    tables = FigureTables(
        settings.models_table, settings.model_package_group, settings.predictions_table, settings.counters_table
    )
    figures = Figures(
        tables,
        memory,
        lambda: datetime.now(timezone.utc),
        daily_tokens=settings.daily_tokens,
        keep_s=settings.keep_s,
    )
    return guarded(operations(figures), Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ, memory)


handler = serve(build)
