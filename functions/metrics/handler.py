"""`GET /v1/metrics`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final

from functions.metrics.logic import Figures
from functions.metrics.schemas import series
from functions.metrics.settings import Settings
from functions.metrics.store import Metrics
from functions.shared.api import App, Operation, Page, Request, serve
from functions.shared.door.guarded import guarded
from functions.shared.errors import ApiError
from functions.shared.identity.tokens import ADMINISTRATORS
from functions.shared.logs import Log
from functions.shared.settings import load

SCOPE: Final = "platform/metrics"
"""What a scraper's token carries."""
SCOPES: Final = ("aws.cognito.signin.user.admin", SCOPE)
MEDIA: Final = "text/plain; version=0.0.4; charset=utf-8"


def operations(figures: Figures | None) -> dict[str, Operation]:
    """What stands behind the route; without figures the stack tells none."""

    def metrics(request: Request) -> Page:
        if SCOPE not in request.caller.scopes:
            request.caller.needs((), (ADMINISTRATORS,))
        if figures is None:
            raise ApiError("no_metrics")
        return Page(figures.text(), MEDIA)

    return {"GET /v1/metrics": Operation(metrics, scopes=SCOPES)}


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs; CloudWatch is not asked before somebody scrapes."""
    settings = load(Settings, environ)
    figures = None
    if settings.period_s:
        figures = Figures(Metrics(), tuple(series(settings)), settings.period_s, time.time)
    return guarded(operations(figures), Log(environ["AWS_LAMBDA_FUNCTION_NAME"]), settings, environ)


handler = serve(build)
