"""`POST /v1/insights`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from uuid import uuid4

from functions.insights.engines import engine
from functions.insights.logic import Prices, Reader
from functions.insights.operations import METRICS, operations
from functions.insights.settings import Settings
from functions.insights.store import DailyTokens
from functions.shared.api import App, serve
from functions.shared.aws.calls import Service
from functions.shared.door.guarded import guarded
from functions.shared.logs import Log
from functions.shared.settings import load


def build(environ: Mapping[str, str] = os.environ) -> App:
    """Everything that the function needs; no connection is opened before it is used."""
    settings = load(Settings, environ)
    budget = DailyTokens(Service("dynamodb", environ, timeout_s=0.5), settings.counters_table, settings.daily_tokens)
    reader = Reader(
        engine(settings, environ),
        budget,
        Prices(settings.input_price_usd, settings.output_price_usd),
        new_id=lambda: str(uuid4()),
        deadline_s=settings.deadline_ms / 1000,
    )
    return guarded(operations(reader), Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=METRICS), settings, environ)


handler = serve(build)
