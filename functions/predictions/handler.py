"""`POST /v1/ml/predict` and `GET /v1/ml/model-info`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from uuid import uuid4

from functions.predictions.cards import ModelCards
from functions.predictions.logic import Predictor
from functions.predictions.operations import METRICS, operations
from functions.predictions.settings import Settings
from functions.predictions.store import EndpointModel, ModelsTable, PredictionsTable
from functions.shared.api import App, serve
from functions.shared.aws.calls import Service
from functions.shared.cache.breaker import Limits
from functions.shared.cache.opening import cache
from functions.shared.door.guarded import Shared, guarded
from functions.shared.logs import Log
from functions.shared.settings import load


def build(environ: Mapping[str, str] = os.environ, memory: Shared | None = None) -> App:
    """Everything that the function needs; no connection is opened before it is used."""
    settings = load(Settings, environ)
    log = Log(environ["AWS_LAMBDA_FUNCTION_NAME"], metrics=METRICS)
    limits = Limits(
        call_s=settings.cache_connect_timeout_ms / 1000,
        answer_s=settings.cache_timeout_ms / 1000,
        slow_s=settings.cache_slow_ms / 1000,
    )
    database = Service("dynamodb", environ, timeout_s=settings.record_timeout_ms / 1000)
    runtime = Service("sagemaker-runtime", environ, timeout_s=settings.model_timeout_ms / 1000)
    if memory is None:
        memory = cache(settings.cache_host, settings.cache_port, settings.cache_secret_arn, environ, limits)
    predictor = Predictor(
        EndpointModel(runtime, settings.endpoint_name),
        memory,
        PredictionsTable(database, settings.predictions_table, log),
        endpoint=settings.endpoint_name,
        new_id=lambda: str(uuid4()),
        remembered=settings.recent_predictions,
        ttl_s=settings.cache_ttl_s,
        live_ttl_s=settings.live_ttl_s,
        live_memory_s=settings.live_memory_ms / 1000,
    )
    models = ModelsTable(database, settings.models_table)
    cards = ModelCards(models, memory, predictor.live_version, settings.endpoint_name)
    return guarded(operations(predictor, cards), log, settings, environ, memory)


handler = serve(build)
